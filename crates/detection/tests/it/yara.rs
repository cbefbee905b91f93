//! Objects searched by rules, in a process beside the inspector's (DET-10).

use std::sync::Arc;
use std::time::Duration;

use sofie_detection::{
    Body, EngineReport, ErrorKind, InspectionLimits, Inspector, Level, Outcome, RuleSet, Yara,
};

use super::fixture::{inspector, probe};
use super::{now, scan, scan_for};

const RULES: &str = r#"
    rule marker { meta: description = "seen before" strings: $a = "MARKER-OF-OURS" condition: $a }
    rule bad { meta: severity = "infected" strings: $a = "BAD-BAD-BAD" condition: $a }
    rule low { meta: severity = "low" strings: $a = "LOW-LOW-LOW" condition: $a }
"#;

fn yara(source: &str) -> Yara {
    Yara {
        sets: vec![RuleSet {
            name: "own".to_owned(),
            source: source.to_owned(),
        }],
        version: "0123456789abcdef".to_owned(),
        object_bytes: 1 << 20,
        seconds: 30,
    }
}

/// The row of the rules, which is the last one.
async fn search(rules: Yara, name: &str, content: &[u8]) -> EngineReport {
    let scan = scan(name, content.len()).with_yara(Some(Arc::new(rules)));
    let inspection = inspector().inspect(&scan, Body::of(content)).await;
    assert!(inspection.contents.is_some(), "{:?}", inspection.reports);
    assert_eq!(inspection.reports.len(), 7);
    let row = inspection.reports.into_iter().last().unwrap();
    assert_eq!(row.engine, "yara");
    assert_eq!(row.versions.signatures.as_deref(), Some("0123456789abcdef"));
    row
}

/// Content in a gzip file that does not compress it.
fn packed(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut file = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".to_vec();
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(content);
    file.extend(crc32fast::hash(content).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

#[tokio::test]
async fn rules_say_what_they_find_at_any_level_and_how_bad_it_is() {
    let cases = [
        (
            &b"x MARKER-OF-OURS y"[..],
            "own:marker",
            Outcome::Suspicious { level: Level::High },
        ),
        (b"BAD-BAD-BAD", "own:bad", Outcome::Infected),
        (
            b"LOW-LOW-LOW",
            "own:low",
            Outcome::Suspicious { level: Level::Low },
        ),
    ];
    for (content, name, outcome) in cases {
        let twice = packed(&packed(content));
        for (file, content) in [("a.txt", content), ("a.gz", twice.as_slice())] {
            let row = search(yara(RULES), file, content).await;
            assert_eq!(row.outcome, outcome, "{row:?}");
            let innermost = row.findings.first().unwrap();
            let object = innermost.object.as_deref().unwrap();
            assert_eq!(object.contains('/'), file == "a.gz", "{row:?}");
            assert_eq!(innermost.name, name);
        }
    }
    let marker = search(yara(RULES), "a.txt", b"MARKER-OF-OURS").await;
    assert_eq!(marker.findings[0].detail, "seen before");
    let clean = search(yara(RULES), "a.txt", b"nothing").await;
    assert!(matches!(clean.outcome, Outcome::Clean { .. }), "{clean:?}");
}

#[tokio::test]
async fn what_is_packed_in_a_document_is_searched_too() {
    let packed = hex::encode("MARKER-OF-OURS");
    let pdf = format!(
        "%PDF-1.4\n1 0 obj\n<</Length {}/Filter/ASCIIHexDecode>>\nstream\n{packed}>\nendstream\nendobj\n%%EOF\n",
        packed.len() + 1
    );
    let row = search(yara(RULES), "a.pdf", pdf.as_bytes()).await;
    assert_eq!(row.findings.len(), 1, "{row:?}");
    assert_eq!(row.findings[0].name, "own:marker");
}

#[tokio::test]
async fn what_is_too_large_is_incomplete_and_never_clean() {
    let content = vec![b'x'; (1 << 20) + 1];
    let row = search(yara(RULES), "a.txt", &content).await;
    assert_eq!(row.outcome.name(), "incomplete");
    assert_eq!(row.findings[0].name, "yara-object-too-large");
    let row = search(yara(RULES), "a.txt", &content[1..]).await;
    assert_eq!(row.outcome.name(), "clean");
}

#[tokio::test]
async fn rules_that_can_not_be_used_fail_and_the_inspector_goes_on() {
    let large = vec![b'x'; 3 << 20];
    for (rules, kind) in [
        ("rule a { condition: nothing }", ErrorKind::EngineInternal),
        ("", ErrorKind::EngineInternal),
    ] {
        let row = search(yara(rules), "a.txt", &large).await;
        assert!(
            matches!(row.outcome, Outcome::Error { kind: own, .. } if own == kind),
            "{row:?}"
        );
    }
    let mut endless = yara(
        "rule a { condition: for all i in (0..1000000) : (for all j in (0..1000000) : (i * j >= 0)) }",
    );
    endless.seconds = 1;
    let row = search(endless, "a.txt", b"x").await;
    // The same file would take as long again.
    let kind = ErrorKind::Crashed;
    assert!(
        matches!(row.outcome, Outcome::Error { kind: own, .. } if own == kind),
        "{row:?}"
    );
}

#[tokio::test]
async fn an_inspector_that_dies_makes_no_search_clean() {
    let directory = tempfile::TempDir::new().unwrap();
    for name in ["abort", "silent", "garbage", "failing", "doubled"] {
        let program = directory.path().join(name);
        std::os::unix::fs::symlink(probe(), &program).unwrap();
        let inspector = Inspector::new(program, InspectionLimits::STANDARD, 1);
        let scan =
            scan_for("a.txt", 7, Duration::from_secs(20)).with_yara(Some(Arc::new(yara(RULES))));
        let inspection = inspector.inspect(&scan, Body::of(b"nothing")).await;
        let row = inspection.reports.last().unwrap();
        assert_eq!(row.engine, "yara");
        assert_eq!(row.outcome.name(), "error", "{name}: {row:?}");
    }
}

#[tokio::test]
async fn rules_are_checked_and_tested() {
    assert_eq!(inspector().check_rules(&yara(RULES)).await.unwrap(), Ok(3));
    let errors = inspector()
        .check_rules(&yara("rule a {\n condition: nothing }"))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!((errors[0].set.as_str(), errors[0].line), ("own", 2));
    let test = inspector().rules_self_test(&yara(RULES), now()).await;
    assert!(test.passed(), "{test:?}");
    let test = inspector().rules_self_test(&yara("nonsense"), now()).await;
    assert!(!test.passed() && test.error.is_some());
}
