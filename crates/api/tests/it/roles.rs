//! What the database roles of the processes may do (ADR 012). That it is enough, all other tests show: their requests,
//! jobs and ticks run under these roles.

use sofie_store::Database;
use sofie_test_support::TestApp;

/// Counts the rights of the groups on tables or columns for which a condition holds.
macro_rules! held {
    ($condition:literal) => {
        concat!(
            "select count(*) from (
                 select c.relname::text as name, acl.grantee::regrole::text as who, acl.privilege_type as what
                   from pg_class c, aclexplode(c.relacl) acl
                  where c.relnamespace = 'public'::regnamespace
                 union all
                 select c.relname::text, acl.grantee::regrole::text, acl.privilege_type
                   from pg_class c join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) acl
                  where c.relnamespace = 'public'::regnamespace) as held
              where who in ('-', 'sofie_web', 'sofie_worker', 'sofie_scheduler') and (",
            $condition,
            ")"
        )
    };
}

#[tokio::test]
async fn no_role_has_a_right_that_it_must_not_have() {
    let app = TestApp::start().await;
    let mut tx = app.app.db().read().await.unwrap();
    for (why, query) in [
        ("everybody", held!("who = '-'")),
        (
            "more than rows",
            held!("what not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')"),
        ),
        (
            "logs grow only",
            held!("name in ('audit', 'accesses') and what not in ('SELECT', 'INSERT')"),
        ),
        ("logs are kept", held!("name = 'downloads' and what = 'DELETE'")),
        (
            "the schema is the owner's",
            held!("name in ('_sqlx_migrations', 'schema_state') and what <> 'SELECT'"),
        ),
        (
            "the schedule knows nothing",
            held!(
                "who = 'sofie_scheduler'
                 and name not in ('jobs', 'leases', 'schedule_ticks', '_sqlx_migrations', 'schema_state')"
            ),
        ),
    ] {
        assert_eq!(tx.number(query).await.unwrap(), 0, "{why}");
    }
    let creators =
        "select count(*) from unnest(array['sofie_web', 'sofie_worker', 'sofie_scheduler']) as who
                     where has_schema_privilege(who, 'public', 'create')";
    assert_eq!(tx.number(creators).await.unwrap(), 0);
    // A table that nobody but the owner can use was forgotten in rights.sql.
    let forgotten = "select count(*) from pg_class c
                      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                        and not has_any_column_privilege('sofie_web', c.oid, 'select')
                        and not has_any_column_privilege('sofie_worker', c.oid, 'select')
                        and not has_any_column_privilege('sofie_scheduler', c.oid, 'select')";
    assert_eq!(tx.number(forgotten).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_not_allowed_is_refused() {
    let app = TestApp::start().await;
    let (web, worker) = (app.web.db(), app.worker.db());
    for process in [web, worker, &app.scheduler] {
        refused(process, "update audit set event = 'nothing'").await;
        refused(process, "delete from audit").await;
        refused(process, "truncate audit").await;
        refused(process, "drop trigger audit_append_only on audit").await;
        refused(process, "alter table users add column more text").await;
        refused(process, "create table mine (n int)").await;
        refused(process, "update schema_state set oldest_program = 0").await;
    }
    for statement in [
        "select wrapped from package_keys",
        "select key_wrapped from files",
        "select secret_sealed from signing_keys",
        "select value from settings",
        "select event from audit",
        "delete from jobs",
        "update jobs set payload = '{}'",
    ] {
        refused(&app.scheduler, statement).await;
    }
    for statement in [
        "select password from users",
        "select password from administrators",
        "select hash from sessions",
        "select hash from api_tokens",
        "update users set password = ''",
        "insert into administrators select * from administrators",
    ] {
        refused(worker, statement).await;
    }
}

async fn refused(db: &Database, statement: &'static str) {
    let mut tx = db.begin().await.unwrap();
    let error = tx.run(statement).await.expect_err(statement);
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let words = cause.unwrap_or_default();
    assert!(
        words.contains("permission denied") || words.contains("must be owner"),
        "{statement}: {words}"
    );
}
