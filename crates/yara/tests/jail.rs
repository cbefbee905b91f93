//! Rules are compiled and objects are searched inside the jail, and only there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use sofie_inspector::shown::Frame;
use sofie_yara::protocol::{encode_header, parse_answer};
use sofie_yara::{Answer, Header, Report, RuleSet};

const PROBE: &str = env!("CARGO_BIN_EXE_sofie-yara-probe");

fn run(source: &str, frames: &[Frame], seconds: u64) -> Output {
    let mut child = Command::new(PROBE)
        .arg("yara-scan")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let set = RuleSet {
        name: "own".to_owned(),
        source: source.to_owned(),
    };
    let header = Header {
        sets: vec![set],
        object_bytes: 64 << 20,
        seconds,
    };
    let mut input = child.stdin.take().unwrap();
    let mut all = encode_header(&header).unwrap();
    for frame in frames {
        frame.write(&mut all).unwrap();
    }
    // A child that ends early reads no more.
    let _ = input.write_all(&all);
    drop(input);
    child.wait_with_output().unwrap()
}

fn file(content: &[u8]) -> Vec<Frame> {
    let mut frames = vec![Frame::Begin(0, "a".to_owned())];
    let pieces = content.chunks(64 << 10);
    frames.extend(pieces.map(|piece| Frame::Data(0, piece.to_vec())));
    frames.extend([Frame::End(0), Frame::Finish(1)]);
    frames
}

fn searched(output: &Output) -> Report {
    assert!(output.status.success(), "{:?}", output.status);
    let answer = parse_answer(&output.stdout).unwrap();
    let Answer::Searched(report) = answer else {
        unreachable!("{answer:?}");
    };
    report
}

#[test]
fn a_file_is_searched_inside_the_jail() {
    let rules = r#"import "pe" import "hash" import "math"
        rule marker { strings: $a = /MARK[A-Z]{2}/ condition: $a and not pe.is_pe and math.entropy(0, filesize) > 0.1 }
        rule digest { condition: hash.sha256(0, filesize) == "x" }"#;
    let report = searched(&run(rules, &file(b"xx MARKER yy"), 30));
    assert!(report.jail.seccomp);
    assert_eq!(report.rules, 2);
    assert_eq!(report.matches.len(), 1);
    assert_eq!(report.matches[0].rule, "marker");
    assert_eq!(searched(&run(rules, &file(b"nothing"), 30)).matches, []);
}

#[test]
fn thousands_of_rules_and_a_large_object_fit_into_the_jail() {
    let rule = |n| {
        let strings = format!("$a = \"needle number {n} in the hay\" $b = /stack{n}[a-f]+/");
        format!("rule r{n} {{ strings: {strings} condition: any of them }}\n")
    };
    let rules: Vec<String> = (0..5000).map(rule).collect();
    let rules = rules.concat();
    let mut content = vec![b' '; 60 << 20];
    content.extend_from_slice(b"needle number 4999 in the hay");
    let report = searched(&run(&rules, &file(&content), 120));
    assert_eq!((report.rules, report.matches.len()), (5000, 1));
}

#[test]
fn errors_are_told() {
    let output = run("rule a {\n condition: nothing }", &[], 30);
    let answer = parse_answer(&output.stdout).unwrap();
    let Answer::Refused { errors } = answer else {
        unreachable!("{answer:?}");
    };
    assert_eq!((errors[0].set.as_str(), errors[0].line), ("own", 2));
}

#[test]
fn a_rule_that_never_ends_is_ended() {
    let endless = "rule a { condition: for all i in (0..1000000) : (for all j in (0..1000000) : (i * j >= 0)) }";
    let output = run(endless, &file(b"x"), 1);
    assert!(output.status.signal().is_some(), "{:?}", output.status);
    assert!(output.stdout.is_empty());
}

#[test]
fn an_input_that_breaks_off_gives_no_answer() {
    let rules = "rule a { condition: false }";
    let all = file(b"x");
    for frames in [&all[..0], &all[..2], &all[..3]] {
        let output = run(rules, frames, 30);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
    }
}
