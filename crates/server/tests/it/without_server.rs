use std::fs;

use crate::process::{Server, run, sofie};

#[test]
fn the_configuration_is_checked_and_shown() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("sofie.toml");
    let file_name = file.to_str().unwrap();

    fs::write(&file, "[http]\nlistn = \"127.0.0.1:1\"\n").unwrap();
    let refused = run(&["config", "check", "--config", file_name]);
    assert_eq!(refused.status.code(), Some(78));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("listn"));

    fs::write(
        &file,
        "[database]\nkind = \"server\"\nurl = \"postgres://u:hunter2@h/d\"\n",
    )
    .unwrap();
    let shown = sofie(&["config", "show", "--config", file_name])
        .env("SOFIE__WORKER__CHECKS", "9")
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.status.success() && text.contains("checks = 9") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn the_doctor_finds_what_is_missing() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("nowhere");
    let doctor = run(&["doctor", "--data-dir", dir.to_str().unwrap()]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(String::from_utf8(doctor.stdout).unwrap().contains("FAIL"));
    assert!(!dir.exists(), "looking makes nothing");
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    assert_eq!(run(&["serve", "--nonsense"]).status.code(), Some(2));
    assert_eq!(run(&[]).status.code(), Some(2));
}

fn token_for(email: &str, dir: &str) -> std::process::Output {
    run(&["token", "create", "--user", email, "--data-dir", dir])
}

#[test]
fn accounts_and_tokens_are_made_without_a_server_and_beside_one() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let dir = dir.to_str().unwrap();
    let password = temp.path().join("password");
    fs::write(&password, "a long and unusual pass phrase\n").unwrap();
    let password = password.to_str().unwrap();
    let add = |kind: &str, email: &str| {
        run(&[
            kind,
            "add",
            "--email",
            email,
            "--password-file",
            password,
            "--data-dir",
            dir,
        ])
    };

    assert!(
        add("user", "eva@example.org").status.success(),
        "without a server"
    );
    let again = add("user", "Eva@example.org");
    assert_eq!(again.status.code(), Some(1), "the same address twice");

    let mut server = Server::start(std::path::Path::new(dir));
    assert!(
        add("admin", "root@example.org").status.success(),
        "beside the server"
    );
    let made = token_for("eva@example.org", dir);
    let token = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success() && token.starts_with("sofie_pat_") && token.lines().count() == 1);
    assert_eq!(
        server.get_as(token.trim(), "/api/v1/packages?box=sent"),
        200
    );
    assert_eq!(
        server.get_as("sofie_pat_wrong", "/api/v1/packages?box=sent"),
        401
    );
    let nobody = token_for("nobody@example.org", dir);
    assert_eq!(nobody.status.code(), Some(1));

    let outbox = run(&["outbox", "--json", "--data-dir", dir]);
    let outbox: serde_json::Value = serde_json::from_slice(&outbox.stdout).unwrap();
    assert_eq!(outbox.as_array().unwrap().len(), 1, "{outbox}");
    assert_eq!(outbox[0]["to"], "eva@example.org");
    let subject = outbox[0]["subject"].as_str().unwrap();
    assert!(
        subject.contains("API token"),
        "the owner is told: {subject}"
    );
    server.signal(rustix::process::Signal::TERM);
    server.end(std::time::Duration::from_secs(30));
}

#[test]
fn a_weak_password_is_refused_in_words() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, password) = (temp.path().join("data"), temp.path().join("password"));
    fs::write(&password, "short\n").unwrap();
    let (dir, password) = (dir.to_str().unwrap(), password.to_str().unwrap());
    let refused = run(&[
        "admin",
        "add",
        "--email",
        "a@example.org",
        "--password-file",
        password,
        "--data-dir",
        dir,
    ]);
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("password: too_short"), "{error}");
}
