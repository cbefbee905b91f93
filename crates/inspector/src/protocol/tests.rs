use proptest::prelude::*;

use super::{ReportError, encode_report, parse_report};
use crate::report::{JailState, Landlock, Object, Report};

fn report() -> Report {
    Report {
        bytes_seen: 5,
        sha256: "a".repeat(64),
        crc32: 7,
        objects: Vec::new(),
        objects_unlisted: 0,
        opened_with_password: false,
        objects_shown: 0,
        findings: Vec::new(),
        findings_unlisted: 0,
        jail: JailState {
            seccomp: true,
            landlock: Landlock::Absent,
            inherited_descriptors: 0,
        },
    }
}

#[test]
fn a_report_comes_through_as_it_was() {
    assert_eq!(
        parse_report(&encode_report(&report()).unwrap(), 5).unwrap(),
        report()
    );
}

#[test]
fn what_is_not_exactly_a_report_is_refused() {
    let frame = encode_report(&report()).unwrap();
    for cut in 0..frame.len() {
        assert!(parse_report(&frame[..cut], 5).is_err());
    }
    let longer = [frame.as_slice(), b"\0"].concat();
    assert!(matches!(parse_report(&longer, 5), Err(ReportError::Length)));
    assert!(matches!(
        parse_report(&frame, 6),
        Err(ReportError::Bytes { seen: 5, sent: 6 })
    ));
    let free = Report {
        jail: JailState {
            seccomp: false,
            ..report().jail
        },
        ..report()
    };
    assert!(matches!(
        parse_report(&encode_report(&free).unwrap(), 5),
        Err(ReportError::Unjailed)
    ));
    let short = Report {
        sha256: "abc".to_owned(),
        ..report()
    };
    assert!(matches!(
        parse_report(&encode_report(&short).unwrap(), 5),
        Err(ReportError::Digest)
    ));
    let object = |sha256: &str| Object {
        path: "a".to_owned(),
        media_type: "text/plain".into(),
        size: 5,
        sha256: Some(sha256.to_owned()),
        depth: 0,
        surface_only: false,
        opened: None,
    };
    for (sha256, is_read) in [("a".repeat(64), true), ("A".repeat(64), false)] {
        let digested = Report {
            objects: vec![object(&sha256)],
            ..report()
        };
        let read = parse_report(&encode_report(&digested).unwrap(), 5);
        assert_eq!(read.is_ok(), is_read);
    }
    let silent = Report {
        findings_unlisted: 1,
        ..report()
    };
    assert!(matches!(
        parse_report(&encode_report(&silent).unwrap(), 5),
        Err(ReportError::Findings)
    ));
}

proptest! {
    #[test]
    fn noise_is_survived(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse_report(&noise, 5).is_err());
    }
}
