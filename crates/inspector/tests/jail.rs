//! The jail holds: what a compromised inspector tries fails, and what it breaks stays small.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sofie_inspector::protocol::{self, END, Header};
use sofie_inspector::{Dlp, JailState, Limits, Passwords, Report};

const PROBE: &str = env!("CARGO_BIN_EXE_sofie-jail-probe");

fn run(mode: &str) -> Output {
    Command::new(PROBE)
        .arg(mode)
        .env_clear()
        .output()
        .expect("the probe starts")
}

fn said(mode: &str) -> String {
    String::from_utf8(run(mode).stdout)
        .expect("the probe prints text")
        .trim()
        .to_owned()
}

const DENIED: &str = "denied: Some(1)";

#[test]
fn files_cannot_be_opened_made_or_listed() {
    assert_eq!(said("open"), DENIED);
    assert_eq!(said("create"), DENIED);
    assert_eq!(said("list"), DENIED);
}

#[test]
fn nothing_can_be_connected_to() {
    assert_eq!(said("connect"), DENIED);
    assert_eq!(said("unix"), DENIED);
}

#[test]
fn no_process_and_no_thread_can_be_started() {
    assert!(said("spawn").starts_with("denied"), "{}", said("spawn"));
    assert!(said("thread").starts_with("denied"), "{}", said("thread"));
}

#[test]
fn the_jail_says_what_it_is() {
    let state: JailState = serde_json::from_str(&said("state")).unwrap();
    assert!(state.seccomp);
}

#[test]
fn an_abort_ends_the_process_and_says_nothing() {
    let output = run("abort");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}

#[test]
fn eight_gigabytes_cannot_be_had() {
    let output = run("allocate");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}

#[test]
fn an_endless_loop_can_be_killed() {
    let mut child = Command::new(PROBE)
        .arg("spin")
        .spawn()
        .expect("the probe starts");
    let started = Instant::now();
    child.kill().expect("a jailed process can be killed");
    child.wait().expect("a killed process ends");
    assert!(started.elapsed() < Duration::from_secs(5));
}

fn inspector() -> Child {
    Command::new(PROBE)
        .arg("inspect")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the inspector starts")
}

fn header(name: &str, size: u64, dlp: Dlp) -> Vec<u8> {
    let header = Header {
        name: name.to_owned(),
        size,
        limits: Limits::STANDARD,
        dlp,
        passwords: Passwords::new(vec!["hunter2".to_owned()]).unwrap(),
        shows: false,
        again: false,
    };
    protocol::encode_header(&header).unwrap().to_vec()
}

fn inspect(name: &str, content: &[u8]) -> Report {
    inspect_for(Dlp::default(), name, content)
}

fn inspect_for(dlp: Dlp, name: &str, content: &[u8]) -> Report {
    let mut child = inspector();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(&header(name, content.len() as u64, dlp))
        .unwrap();
    for piece in content.chunks(1000) {
        input
            .write_all(&protocol::data_prefix(piece.len()))
            .unwrap();
        input.write_all(piece).unwrap();
    }
    input.write_all(&END).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    protocol::parse_report(&output.stdout, content.len() as u64).unwrap()
}

/// Keys are derived and ciphers chosen by the processor in there.
#[test]
fn encrypted_content_is_opened_inside_the_jail() {
    let lines = include_str!("inspect/sealed/vectors.txt").lines();
    let archives = lines.filter_map(|line| line.split_once(".zip "));
    for (name, digits) in archives {
        let report = inspect("a.zip", &hex::decode(digits).unwrap());
        assert_eq!(report.findings, [], "{name}");
        assert!(report.objects.iter().any(|object| object.opened.is_some()));
    }
}

/// Expressions are compiled in there, and their caches grow there.
#[test]
fn sensitive_data_is_found_inside_the_jail() {
    let detectors = ["card".to_owned()];
    let expressions: Vec<String> = (0..50)
        .map(|number| format!("n{number}: \\b[a-p]+{number}[q-z]*[0-9]{{2,9}}\\b"))
        .collect();
    let dlp = Dlp::parse(&detectors, &expressions).unwrap();
    let text = "4111 1111 1111 1111 abc7xyz42 lorem ipsum 5\n".repeat(3000);
    let report = inspect_for(dlp, "a.txt", text.as_bytes());
    let named = |name: &str| report.findings.iter().find(|finding| finding.name == name);
    assert_eq!(
        named("dlp-card").unwrap().detail,
        "3000 matches, first •••• 1111"
    );
    assert_eq!(
        named("dlp-regex-n7").unwrap().detail,
        "3000 matches, first •••• z42"
    );
}

#[test]
fn a_file_is_inspected_inside_the_jail() {
    let report = inspect("eicar.com", &sofie_inspector::eicar());
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.name == "eicar-test-file")
    );
    assert_eq!(
        report.sha256,
        "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
    );
    assert!(report.jail.seccomp);

    let clean = inspect("notes.txt", b"nothing to see here\n");
    assert!(clean.findings.is_empty(), "{:?}", clean.findings);
}

#[test]
fn an_input_that_breaks_off_gives_no_report() {
    let content = b"half of the content";
    for sent in [0, 3, 20] {
        let mut child = inspector();
        let mut input = child.stdin.take().unwrap();
        let mut all = header("a.txt", 19, Dlp::default());
        all.extend(protocol::data_prefix(content.len()));
        all.extend(content);
        input.write_all(&all[..all.len() - sent]).unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
    }
}
