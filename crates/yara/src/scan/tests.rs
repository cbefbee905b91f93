use sofie_inspector::Landlock;

use super::*;
use crate::{compile::compile, protocol::RuleSet};

const RULES: &str = r#"
    rule marker { meta: severity = "infected" description = "a marker" strings: $a = "MARKER" condition: $a }
    rule odd { meta: severity = "low" strings: $a = "ODD" condition: $a }
    rule plain { strings: $a = "PLAIN" condition: $a }
    private rule hidden { condition: true }
"#;

fn search(frames: Vec<Frame>) -> io::Result<Report> {
    let set = RuleSet {
        name: "own".to_owned(),
        source: RULES.to_owned(),
    };
    let rules = compile(&[set]).unwrap();
    let jail = JailState {
        seccomp: true,
        landlock: Landlock::Absent,
        inherited_descriptors: 0,
    };
    let mut search = Search::new(&rules, 100, jail);
    for frame in frames {
        if let Some(report) = search.step(frame)? {
            return Ok(report);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn begin(object: u32, path: &str) -> Frame {
    Frame::Begin(object, path.to_owned())
}

fn data(object: u32, text: &str) -> Frame {
    Frame::Data(object, text.as_bytes().to_vec())
}

#[test]
fn objects_in_each_other_are_searched_each_for_itself() {
    let report = search(vec![
        begin(0, "a.zip"),
        data(0, "PK MAR"),
        begin(1, "a.zip/b"),
        data(1, "xx MAR"),
        data(0, "KER OD"),
        data(1, "KE"),
        data(1, "R PLAIN"),
        Frame::End(1),
        data(0, "x"),
        Frame::End(0),
        Frame::Finish(2),
    ])
    .unwrap();
    let found: Vec<_> = report
        .matches
        .iter()
        .map(|one| (one.rule.as_str(), one.severity, one.object.as_str()))
        .collect();
    let expected = [
        ("marker", Severity::Infected, "a.zip/b"),
        ("plain", Severity::High, "a.zip/b"),
        ("marker", Severity::Infected, "a.zip"),
    ];
    assert_eq!(found, expected);
    assert_eq!(report.matches[0].description, "a marker");
    assert_eq!((report.objects, report.file_bytes), (2, 13));
    assert_eq!(report.too_large, [""; 0]);
}

#[test]
fn an_object_that_is_too_large_is_named_and_the_others_are_searched() {
    let long = "x".repeat(101);
    let report = search(vec![
        begin(0, "a"),
        data(0, &long),
        begin(1, "b"),
        data(1, "ODD"),
        Frame::End(1),
        Frame::End(0),
        Frame::Finish(2),
    ])
    .unwrap();
    assert_eq!(report.too_large, ["a"]);
    assert_eq!(report.matches.len(), 1);
}

#[test]
fn many_open_objects_do_not_take_more_than_there_is() {
    let mut frames = Vec::new();
    let some = "x".repeat(90);
    for object in 0..5 {
        frames.push(begin(object, &object.to_string()));
        frames.push(data(object, &some));
    }
    frames.extend((0..5).map(Frame::End));
    frames.push(Frame::Finish(5));
    assert_eq!(search(frames).unwrap().too_large, ["2", "3", "4"]);
}

#[test]
fn a_flood_of_matches_is_bounded() {
    let mut frames = Vec::new();
    for object in 0..50 {
        frames.extend([begin(object, "x"), data(object, "ODD"), Frame::End(object)]);
    }
    frames.push(Frame::Finish(50));
    let report = search(frames).unwrap();
    assert_eq!((report.matches.len(), report.matches_unlisted), (10, 40));
}

#[test]
fn what_makes_no_sense_is_no_search() {
    let broken = [
        vec![],
        vec![Frame::Finish(1)],
        vec![data(0, "x")],
        vec![Frame::End(0)],
        vec![begin(1, "x")],
        vec![begin(0, "x"), Frame::Finish(1)],
        vec![begin(0, "x"), Frame::End(0), data(0, "x")],
        vec![begin(0, "x"), Frame::End(0), Frame::Finish(2)],
        vec![begin(0, "x"), begin(0, "x")],
    ];
    for frames in broken {
        assert!(search(frames.clone()).is_err(), "{frames:?}");
    }
    assert_eq!(search(vec![Frame::Finish(0)]).unwrap().objects, 0);
}
