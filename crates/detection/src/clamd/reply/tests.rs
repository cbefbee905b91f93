use proptest::prelude::*;

use super::{Reply, parse};
use crate::verdict::{Category, LimitKind, Outcome};

fn found(name: &str) -> Outcome {
    match parse(format!("stream: {name} FOUND\0").as_bytes()) {
        Reply::Found(finding) => finding.outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_exact_words_are_ok() {
    assert_eq!(parse(b"stream: OK\0"), Reply::Ok);
    let others: [&[u8]; 12] = [
        b"",
        b"\0",
        b"OK\0",
        b"stream: OK",
        b"stream: OK\n",
        b"stream: OK\0\0",
        b"stream: OK \0",
        b" stream: OK\0",
        b"stream:  OK\0",
        b"stream: ok\0",
        b"stream: OK\nstream: X FOUND\0",
        b"stream: OK\0stream: X FOUND\0",
    ];
    for other in others {
        assert_eq!(
            parse(other),
            Reply::Unknown,
            "{}",
            String::from_utf8_lossy(other)
        );
    }
    let long = [b"stream: ".as_slice(), &vec![b'x'; 70_000], b" FOUND\0"].concat();
    assert_eq!(parse(&long), Reply::Unknown);
}

#[test]
fn names_have_meanings() {
    assert_eq!(found("Eicar-Test-Signature"), Outcome::Infected);
    assert_eq!(found("Win.Virus OK"), Outcome::Infected);
    assert_eq!(found("Heuristics.Encrypted.Zip"), Outcome::Encrypted);
    let files = Outcome::Incomplete {
        limit: LimitKind::Members,
    };
    assert_eq!(found("Heuristics.Limits.Exceeded.MaxFiles"), files);
    let engine = Outcome::Incomplete {
        limit: LimitKind::Engine,
    };
    assert_eq!(found("Heuristics.Limits.Exceeded"), engine);
    assert_eq!(
        found("Heuristics.OLE2.ContainsMacros.VBA"),
        Outcome::PolicyHit {
            category: Category::Macro
        }
    );
    assert_eq!(found("Heuristics.Unheard.Of"), Outcome::Infected);
    assert_eq!(found("evil\x1b[2J"), Outcome::Infected);
}

#[test]
fn failures_are_told_apart() {
    assert_eq!(
        parse(b"INSTREAM size limit exceeded. ERROR\0"),
        Reply::TooLarge
    );
    assert_eq!(parse(b"COMMAND READ TIMED OUT\n"), Reply::TimedOut);
    assert_eq!(
        parse(b"stream: Can't allocate memory ERROR\0"),
        Reply::Failed("Can't allocate memory".to_owned())
    );
    assert_eq!(parse(b"UNKNOWN COMMAND\0"), Reply::Unknown);
    assert_eq!(parse(b"stream:  FOUND\0"), Reply::Unknown);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn a_mutated_infected_answer_is_never_ok(
        name in "[A-Za-z.0-9 -]{0,30}",
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut answer = format!("stream: {name} FOUND\0").into_bytes();
        for (at, value) in changes {
            let at = at.index(answer.len());
            answer[at] = value;
        }
        if cuts {
            answer.truncate(cut.index(answer.len()));
        }
        prop_assert_ne!(parse(&answer), Reply::Ok);
    }

    #[test]
    fn noise_is_never_ok(noise in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_ne!(parse(&noise), Reply::Ok);
    }
}
