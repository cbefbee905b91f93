//! The private cluster against real server programs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::*;

async fn start(dir: &Path) -> PrivateCluster {
    PrivateCluster::start(dir, &ClusterOptions::default())
        .await
        .unwrap()
}

async fn connect(options: &ConnectOptions) -> sqlx::Result<PgConnection> {
    let ConnectOptions::Socket {
        directory,
        port,
        user,
        database,
    } = options
    else {
        panic!("not a socket")
    };
    let options = PgConnectOptions::new_without_pgpass()
        .socket(directory)
        .port(*port)
        .username(user);
    PgConnection::connect_with(&options.database(database)).await
}

async fn write(cluster: &PrivateCluster) {
    let mut connection = connect(&cluster.connect_options()).await.unwrap();
    sqlx::raw_sql("create table if not exists kept (n int); insert into kept values (1)")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn rows(options: &ConnectOptions) -> i64 {
    let mut connection = connect(options).await.unwrap();
    sqlx::query_scalar("select count(*) from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn postmaster_pid(dir: &Path) -> i32 {
    let file = fs::read_to_string(dir.join("postgres/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

fn kill(pid: i32, signal: Signal) {
    rustix::process::kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[tokio::test]
async fn starts_from_nothing_keeps_and_refuses_a_second() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("made/on/the/way");
    let begun = Instant::now();
    let cluster = start(&dir).await;
    let first = begun.elapsed();
    write(&cluster).await;

    let second = PrivateCluster::start(&dir, &ClusterOptions::default()).await;
    let error = second.map(|_| ()).unwrap_err();
    assert!(
        matches!(&error, ClusterError::Locked { holder, .. } if *holder == std::process::id().to_string())
    );

    let guest = ClusterAccess::open(&dir, &ClusterOptions::default())
        .await
        .unwrap();
    assert!(matches!(guest, ClusterAccess::Attached(_)));
    assert_eq!(rows(&guest.connect_options()).await, 1);
    guest.close().await;
    cluster.stop().await;
    assert!(
        !dir.join("postgres/postmaster.pid").exists(),
        "stopped cleanly"
    );

    let begun = Instant::now();
    let owner = ClusterAccess::open(&dir, &ClusterOptions::default())
        .await
        .unwrap();
    eprintln!("first start {first:?}, restart {:?}", begun.elapsed());
    assert!(matches!(owner, ClusterAccess::Owned(_)));
    assert_eq!(rows(&owner.connect_options()).await, 1);
    owner.close().await;
}

#[tokio::test]
async fn a_command_makes_no_cluster() {
    let temp = tempfile::tempdir().unwrap();
    let error = ClusterAccess::open(temp.path(), &ClusterOptions::default())
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, ClusterError::Absent { .. }), "{error}");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_role_of_the_application_is_no_superuser() {
    let temp = tempfile::tempdir().unwrap();
    let cluster = start(temp.path()).await;
    let mut connection = connect(&cluster.connect_options()).await.unwrap();
    let superuser: bool =
        sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert!(!superuser);
    for (setting, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("jit", "off"),
    ] {
        let found: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(found, value, "{setting}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_killed_server_comes_back_with_all_that_was_committed() {
    let temp = tempfile::tempdir().unwrap();
    let cluster = start(temp.path()).await;
    write(&cluster).await;
    let killed = postmaster_pid(temp.path());
    kill(killed, Signal::KILL);
    let begun = Instant::now();
    while connect(&cluster.connect_options()).await.is_err()
        || postmaster_pid(temp.path()) == killed
    {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it does not come back"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rows(&cluster.connect_options()).await, 1);
    cluster.stop().await;
}

#[tokio::test]
async fn the_server_of_a_killed_process_is_replaced() {
    let temp = tempfile::tempdir().unwrap();
    // What `kill -9` of the whole process leaves: a server that runs, and a lock that the kernel took back.
    let cluster = start(temp.path()).await;
    write(&cluster).await;
    cluster.stop().await;
    let options = ClusterOptions::default();
    let launch = Launch {
        binaries: Binaries::find(&options, None).unwrap(),
        account: Account::choose(temp.path(), &options).unwrap(),
        folder: Folder::open(temp.path()).unwrap(),
        start_timeout: options.start_timeout,
    };
    std::mem::forget(launch.start().await.unwrap());
    let orphan = postmaster_pid(temp.path());
    let next = start(temp.path()).await;
    assert_ne!(postmaster_pid(temp.path()), orphan);
    assert_eq!(rows(&next.connect_options()).await, 1);
    next.stop().await;
}

#[tokio::test]
async fn a_lock_file_with_the_number_of_another_process_is_no_obstacle() {
    let temp = tempfile::tempdir().unwrap();
    let cluster = start(temp.path()).await;
    write(&cluster).await;
    cluster.stop().await;
    for name in ["postmaster.pid", ".s.PGSQL.5432.lock"] {
        // We ourselves are alive, and no server.
        let text = format!(
            "{}\n/proc/self/fd/9\n1795369886\n5432\n.\n\n",
            std::process::id()
        );
        fs::write(temp.path().join("postgres").join(name), text).unwrap();
    }
    let cluster = start(temp.path()).await;
    assert_eq!(rows(&cluster.connect_options()).await, 1);
    cluster.stop().await;
}

#[tokio::test]
async fn an_unfinished_initdb_is_done_again() {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir_all(temp.path().join("postgres.new/base")).unwrap();
    fs::write(temp.path().join("postgres.new/PG_VERSION"), "15\n").unwrap();
    let cluster = start(temp.path()).await;
    assert!(!temp.path().join("postgres.new").exists());
    cluster.stop().await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("long-".repeat(30));
    let cluster = start(&dir).await;
    write(&cluster).await;
    assert_eq!(rows(&cluster.connect_options()).await, 1);
    cluster.stop().await;
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let temp = tempfile::tempdir().unwrap();
    start(temp.path()).await.stop().await;
    let control = temp.path().join("postgres/global/pg_control");
    fs::write(&control, "broken").unwrap();
    let error = PrivateCluster::start(temp.path(), &ClusterOptions::default())
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(
        matches!(&error, ClusterError::Start { output } if output.contains("pg_control")),
        "{error}"
    );
}
