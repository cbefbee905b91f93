//! The pipes of the process that searches by rules, all ends.

use sofie_inspector::shown::Frame;
use sofie_inspector::{JailState, Landlock};
use sofie_yara::protocol::{encode_header, parse_answer};
use sofie_yara::{Answer, Header, RuleSet, converse};

use crate::input::{Input, Script};

const JAIL: JailState = JailState {
    seccomp: true,
    landlock: Landlock::Full,
    inherited_descriptors: 0,
};
const MARKER: &[u8] = b"a marker lies in here";

/// What a caller and the inspector send for an archive with one member.
fn question() -> Vec<u8> {
    let set = RuleSet {
        name: "own".to_owned(),
        source: "rule marker { strings: $a = \"marker\" condition: $a }".to_owned(),
    };
    let header = Header {
        sets: vec![set],
        object_bytes: 1000,
        seconds: 10,
    };
    let mut wire = encode_header(&header).expect("a small header");
    let frames = [
        Frame::Begin(0, "a.zip".to_owned()),
        Frame::Data(0, b"PK".to_vec()),
        Frame::Begin(1, "a.zip/b".to_owned()),
        Frame::Data(1, MARKER.to_vec()),
        Frame::End(1),
        Frame::Data(0, b"PK".to_vec()),
        Frame::End(0),
        Frame::Finish(2),
    ];
    for frame in frames {
        frame.write(&mut wire).expect("memory can be written");
    }
    wire
}

/// An answer that is taken is about what was sent, or says what is wrong.
fn check(answer: &Answer, sent: usize) {
    match answer {
        Answer::Searched(report) => {
            assert!(report.file_bytes <= sent as u64, "more was seen than sent");
            assert!(report.matches_unlisted == 0 || !report.matches.is_empty());
        }
        Answer::Refused { errors } => assert!(!errors.is_empty()),
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mode = input.byte() % 4;
    let mut wire = question();
    match mode {
        0 => {
            input.damage(&mut wire, MARKER);
            if let Ok(output) = converse(wire.as_slice(), JAIL) {
                let answer = parse_answer(&output).expect("the child's own answer is readable");
                check(&answer, wire.len());
            }
        }
        1 => {
            let mut rest = input.rest();
            while let Ok(frame) = Frame::read(&mut rest) {
                let mut again = Vec::new();
                frame.write(&mut again).expect("what was read is written");
                assert_eq!(Frame::read(&mut again.as_slice()).ok(), Some(frame));
            }
        }
        2 => {
            let mut output = converse(wire.as_slice(), JAIL).expect("a good question is answered");
            input.damage(&mut output, MARKER);
            // Only what the child could not know is checked here: the caller compares the rest.
            let _ = parse_answer(&output);
        }
        _ => {
            let _ = parse_answer(input.rest());
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let wire = question();
    let frames = wire.len().saturating_sub(130);
    vec![
        Script::default()
            .byte(0)
            .byte(0)
            .below(70)
            .below(1)
            .rest(&[1]),
        Script::default().byte(1).rest(&wire[frames..]),
        Script::default()
            .byte(2)
            .byte(0)
            .below(70)
            .below(1)
            .rest(&[1]),
        Script::default().byte(3).rest(b"\0\0\0\x02{}"),
    ]
}
