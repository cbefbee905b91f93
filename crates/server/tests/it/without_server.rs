use std::fs;

use crate::process::{run, sofie};

#[test]
fn the_configuration_is_checked_and_shown() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("sofie.toml");
    let file_name = file.to_str().unwrap();

    fs::write(&file, "[http]\nlistn = \"127.0.0.1:1\"\n").unwrap();
    let refused = run(&["config", "check", "--config", file_name]);
    assert_eq!(refused.status.code(), Some(78));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("listn"));

    fs::write(&file, "[database]\nkind = \"server\"\nurl = \"postgres://u:hunter2@h/d\"\n").unwrap();
    let shown = sofie(&["config", "show", "--config", file_name]).env("SOFIE__WORKER__CHECKS", "9").output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && text.contains("checks = 9") && !text.contains("hunter2"), "{text}");
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
