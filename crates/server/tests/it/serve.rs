use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::process::{Server, run, sofie};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn serves_from_an_empty_directory_and_drains_on_term() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let mut server = Server::start(&dir);
    assert_eq!(server.get("/healthz"), 200);
    assert_eq!(server.get("/readyz"), 200);
    assert_eq!(server.get("/"), 200);
    assert_eq!(server.get("/api/v1/nothing"), 404);
    assert!(
        temp.path().join("data.kek").exists(),
        "a directory of its own has a key of its own, beside it"
    );

    let second = sofie(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&dir)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains("is in use by process"), "{error}");

    let doctor = sofie(&["doctor", "--data-dir"]).arg(&dir).output().unwrap();
    let findings = String::from_utf8(doctor.stdout).unwrap();
    assert!(
        doctor.status.success() && !findings.contains("FAIL"),
        "beside the server: {findings}"
    );

    // An idle connection must not hold the end up.
    let _idle = server.connect();
    server.signal(Signal::TERM);
    let (_, status) = server.end(SOON);
    assert_eq!(status.code(), Some(0));
    assert!(
        !dir.join("postgres/postmaster.pid").exists(),
        "PostgreSQL is stopped"
    );
}

#[test]
fn a_killed_server_comes_back() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let mut server = Server::start(&dir);
    server.signal(Signal::KILL);
    server.end(SOON);
    assert!(
        dir.join("postgres/postmaster.pid").exists(),
        "its PostgreSQL is left behind"
    );
    let server = Server::start(&dir);
    assert_eq!(server.get("/readyz"), 200);
}

#[test]
fn two_signals_stop_at_once() {
    let temp = tempfile::tempdir().unwrap();
    let mut server = Server::start(&temp.path().join("data"));
    server.signal(Signal::TERM);
    server.signal(Signal::INT);
    let (_, status) = server.end(SOON);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn without_its_key_nothing_starts_and_nothing_changes() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, kek) = (temp.path().join("data"), temp.path().join("data.kek"));
    drop(Server::start(&dir));
    let away = temp.path().join("away");
    fs::rename(&kek, &away).unwrap();
    let start = || {
        sofie(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&dir)
            .output()
            .unwrap()
    };
    let refused = start();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && error.contains("is missing"),
        "{error}"
    );
    assert!(!kek.exists(), "no new key is made over existing data");

    // The key of another installation is no better than none.
    let other = temp.path().join("other");
    drop(Server::start(&other));
    fs::copy(temp.path().join("other.kek"), &kek).unwrap();
    let refused = start();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && error.contains("none of the keys found"),
        "{error}"
    );

    fs::rename(&away, &kek).unwrap();
    assert_eq!(Server::start(&dir).get("/readyz"), 200);
}

#[test]
fn an_address_in_use_is_told_before_anything_is_made() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(&[
        "serve",
        "--listen",
        &address,
        "--data-dir",
        dir.to_str().unwrap(),
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!dir.exists());
}

/// The folder of files bears the name of its installation (T34): another one's, or an empty one where files
/// should be, such as a volume that is not mounted, is not taken.
#[test]
fn a_store_that_is_not_ours_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let text = dir.to_str().unwrap();
    let server = Server::start(&dir);
    hand_in_a_file(&server, temp.path(), text);
    drop(server);
    let (blobs, away) = (dir.join("blobs"), temp.path().join("away"));
    let refused = |why: &str| {
        let refused = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text]);
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && error.contains(why), "{error}");
    };

    fs::rename(&blobs, &away).unwrap();
    fs::create_dir(&blobs).unwrap();
    refused("is it mounted");
    assert_eq!(fs::read_dir(&blobs).unwrap().count(), 0, "nothing is made");

    let other = temp.path().join("other");
    drop(Server::start(&other));
    fs::remove_dir(&blobs).unwrap();
    fs::rename(other.join("blobs"), &blobs).unwrap();
    refused("names another instance");

    fs::remove_dir_all(&blobs).unwrap();
    fs::rename(&away, &blobs).unwrap();
    let server = Server::start(&dir);
    assert_eq!(server.get("/readyz"), 200);
    let marker = fs::read(blobs.join("sofie-vault")).unwrap();
    fs::remove_file(blobs.join("sofie-vault")).unwrap();
    assert_eq!(server.get("/readyz"), 503, "it was unmounted meanwhile");
    fs::write(blobs.join("sofie-vault"), marker).unwrap();
    assert_eq!(server.get("/readyz"), 200);
}

/// Makes a user who sends a file.
fn hand_in_a_file(server: &Server, temp: &std::path::Path, dir: &str) {
    let (password, file) = (temp.join("password"), temp.join("hello.txt"));
    fs::write(&password, "a long and unusual pass phrase\n").unwrap();
    fs::write(&file, "hello").unwrap();
    let (password, file) = (password.to_str().unwrap(), file.to_str().unwrap());
    let email = "eva@example.org";
    let add = ["user", "add", "--email", email, "--password-file", password];
    assert!(
        run(&[&add[..], &["--data-dir", dir]].concat())
            .status
            .success()
    );
    let token = run(&["token", "create", "--user", email, "--data-dir", dir]);
    let token = String::from_utf8(token.stdout).unwrap();
    let url = server.url();
    let send = [
        "send",
        file,
        "--server",
        &url,
        "--token",
        token.trim(),
        "--to",
        email,
    ];
    let outcome = run(&[&send[..], &["--wait"]].concat());
    assert!(outcome.status.success(), "{outcome:?}");
}
