use proptest::prelude::*;
use sofie_inspector::Landlock;

use super::*;

fn report() -> Report {
    Report {
        rules: 1,
        objects: 3,
        file_bytes: 5,
        matches: vec![Match {
            set: "own".to_owned(),
            rule: "marker".to_owned(),
            severity: Severity::High,
            object: "a.zip/b".to_owned(),
            description: String::new(),
        }],
        matches_unlisted: 0,
        too_large: Vec::new(),
        too_large_unlisted: 0,
        jail: JailState {
            seccomp: true,
            landlock: Landlock::Absent,
            inherited_descriptors: 0,
        },
    }
}

fn encoded(answer: &Answer) -> Vec<u8> {
    encode_answer(answer).unwrap()
}

#[test]
fn an_answer_comes_through_as_it_was() {
    let refused = Answer::Refused {
        errors: vec![RuleError {
            set: "own".to_owned(),
            line: 3,
            message: "syntax error".to_owned(),
        }],
    };
    for answer in [Answer::Searched(report()), refused] {
        assert_eq!(parse_answer(&encoded(&answer)).unwrap(), answer);
    }
}

#[test]
fn what_is_not_exactly_an_answer_is_refused() {
    let frame = encoded(&Answer::Searched(report()));
    for cut in 0..frame.len() {
        assert!(parse_answer(&frame[..cut]).is_err());
    }
    assert!(parse_answer(&[frame.as_slice(), b"\0"].concat()).is_err());
    let mut free = report();
    free.jail.seccomp = false;
    let mut short = report();
    short.too_large_unlisted = 1;
    let silent = Answer::Refused { errors: Vec::new() };
    for answer in [Answer::Searched(free), Answer::Searched(short), silent] {
        assert!(parse_answer(&encoded(&answer)).is_err(), "{answer:?}");
    }
}

#[test]
fn severities_go_by_their_words() {
    assert_eq!(Severity::from_word(" Infected"), Some(Severity::Infected));
    assert_eq!(Severity::from_word("critical"), None);
}

proptest! {
    #[test]
    fn no_output_makes_the_reader_panic(output: Vec<u8>) {
        let _ = parse_answer(&output);
    }
}
