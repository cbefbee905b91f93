//! The schema's version: brought up to date by one command, and looked at by every process that starts.
//!
//! A migration runs in a transaction together with its note in `_sqlx_migrations`, so whatever interrupts it, the
//! next run goes on behind the last one that is complete.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, Migration};
use sqlx::{Connection as _, PgConnection};

use crate::{ConnectOptions, Error, Result, roles};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

const TABLE: &str = "_sqlx_migrations";
/// Held by whoever changes the schema.
const LOCK: i64 = 0x0053_4f46_6945;
/// How long another one who changes it is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// The oldest server whose language the statements speak.
const OLDEST_SERVER: i32 = 140_000;

/// Why a process can't work with the schema that there is.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It has not all that this program needs.
    #[error(
        "the database's schema is older than this program ({missing} to be applied): run `sofie migrate` first"
    )]
    Behind {
        /// How many migrations are missing.
        missing: usize,
    },
    /// It has lost what this program needs.
    #[error(
        "the database's schema is newer than this program can use (it has migration {version}): install the newer \
         program, or restore the backup that was made before the update"
    )]
    Newer {
        /// The newest migration.
        version: i64,
    },
    /// It was made by other migrations of the same number.
    #[error(
        "migration {version} of this database is not the one of this program: it belongs to another build"
    )]
    Changed {
        /// The migration.
        version: i64,
    },
    /// The database roles have the rights that another version needs.
    #[error(
        "the rights of the database roles are not the ones of this program: run `sofie migrate` first"
    )]
    OtherRights,
    /// Somebody else changes the schema.
    #[error("another `sofie migrate` has been at work for a minute; try again when it is done")]
    Busy,
    /// The server is older than what the program is made for.
    #[error("the server is PostgreSQL {major}; 14 is the oldest that will do")]
    OldServer {
        /// Its version.
        major: i32,
    },
}

/// A migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub version: i64,
    /// What it does.
    pub description: String,
}

impl Step {
    fn of(migration: &Migration) -> Self {
        Self {
            version: migration.version,
            description: migration.description.to_string(),
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The migrations to apply, the oldest first.
    pub steps: Vec<Step>,
    /// Whether the rights of the database roles are to be set.
    pub rights: bool,
}

impl Due {
    /// Tells whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.rights
    }
}

/// What is told while the schema is brought up to date.
#[derive(Clone, Debug)]
pub enum Progress {
    /// A migration begins.
    Begun(Step),
    /// It is complete.
    Done(Duration),
    /// The group roles were made, as far as they were missing.
    Roles,
    /// The rights of the roles were set.
    Rights,
}

/// Tells what [`migrate`] would do. Fails when the schema is of no use to this program.
pub async fn due(options: &ConnectOptions) -> Result<Due> {
    let mut connection = options.open_for_upkeep().await?;
    let due = find_due(&mut connection).await?;
    connection.close().await?;
    Ok(due)
}

/// Fails unless this program can work with the schema, and with the rights that it has there.
pub async fn check(options: &ConnectOptions) -> Result<()> {
    let mut connection = options.open_for_upkeep().await?;
    let due = find_due(&mut connection).await?;
    if !due.steps.is_empty() {
        let missing = due.steps.len();
        return Err(Unusable::Behind { missing }.into());
    }
    // The owner needs none of the rights.
    if due.rights && !roles::owns(&mut connection).await? {
        return Err(Unusable::OtherRights.into());
    }
    connection.close().await?;
    Ok(())
}

/// Brings the schema up to date, and the rights of the roles if there are any or `make_roles` asks for them;
/// running it twice changes nothing.
pub async fn migrate(
    options: &ConnectOptions,
    make_roles: bool,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<()> {
    let mut connection = options.open_for_upkeep().await?;
    lock(&mut connection).await?;
    let due = find_due(&mut connection).await?;
    if !due.steps.is_empty() {
        connection
            .ensure_migrations_table(TABLE)
            .await
            .map_err(failed)?;
    }
    let wanted = |migration: &&Migration| {
        let mut steps = due.steps.iter();
        steps.any(|step| step.version == migration.version)
    };
    for migration in MIGRATIONS.iter().filter(wanted) {
        tell(Progress::Begun(Step::of(migration)));
        let begun = Instant::now();
        connection.apply(TABLE, migration).await.map_err(failed)?;
        tell(Progress::Done(begun.elapsed()));
    }
    if make_roles && roles::create(&mut connection).await? {
        tell(Progress::Roles);
    }
    if roles::set_rights(&mut connection, make_roles).await? {
        tell(Progress::Rights);
    }
    // With the connection the lock ends.
    connection.close().await?;
    Ok(())
}

fn failed(error: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError as E;
    match error {
        E::Execute(error) => error.into(),
        other => Error::Database(sqlx::Error::Migrate(Box::new(other))),
    }
}

async fn lock(connection: &mut PgConnection) -> Result<()> {
    let begun = Instant::now();
    loop {
        let ours: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *connection)
            .await?;
        if ours {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(Unusable::Busy.into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn find_due(connection: &mut PgConnection) -> Result<Due> {
    let server: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(&mut *connection)
        .await?;
    if server < OLDEST_SERVER {
        let major = server / 10_000;
        return Err(Unusable::OldServer { major }.into());
    }
    let applied = applied(connection).await?;
    let mut steps = Vec::new();
    for migration in MIGRATIONS.iter() {
        match applied.get(&migration.version) {
            None => steps.push(Step::of(migration)),
            Some(checksum) if *checksum != *migration.checksum => {
                let version = migration.version;
                return Err(Unusable::Changed { version }.into());
            }
            Some(_) => {}
        }
    }
    let known = MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0);
    let newest = applied.keys().copied().max().unwrap_or(0);
    if newest > known && oldest_program(connection).await? > known {
        return Err(Unusable::Newer { version: newest }.into());
    }
    // A newer program has set the rights that it needs: not ours to take back.
    let rights = steps.is_empty()
        && newest <= known
        && !applied.is_empty()
        && roles::are_outdated(connection).await?;
    Ok(Due { steps, rights })
}

/// The migrations that the database has, with their digests.
async fn applied(connection: &mut PgConnection) -> Result<HashMap<i64, Vec<u8>>> {
    let begun: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !begun {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select version, checksum from _sqlx_migrations where success")
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

/// The newest migration of the oldest program that the schema still serves.
async fn oldest_program(connection: &mut PgConnection) -> Result<i64> {
    let version = sqlx::query_scalar("select oldest_program from schema_state")
        .fetch_optional(connection)
        .await?;
    Ok(version.unwrap_or(i64::MAX))
}
