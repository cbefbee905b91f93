//! Damaged archives never panic, never hang, and always give a whole report.

use proptest::prelude::*;
use sofie_inspector::{Limits, eicar};

use super::build::{compound, deflated, gzip, stored, streamed, tar, tar_entry, zip};
use super::inspect_with;

fn archives() -> Vec<Vec<u8>> {
    let text = b"Some text, and some text again, and again some text.".repeat(20);
    let members = [
        deflated("a.txt", &text),
        stored("b/", b""),
        streamed("b/c.txt", &text, true, false),
        stored("inner.zip", &zip(&[deflated("x.txt", &text)])),
        stored("o.bin", &compound(&[("VBA", 1)])),
    ];
    let archive = zip(&members);
    let tape = tar(&[
        tar_entry("x", b'x', b"21 path=d/longer.txt\n"),
        tar_entry("a", b'0', &text),
        tar_entry("l", b'L', b"name\0"),
        tar_entry("i.zip", b'0', &archive),
    ]);
    vec![gzip(&tape), tape, archive]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn mutated_archives_are_survived(
        which in 0_usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut archive = archives().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(archive.len());
            archive[at] = value;
        }
        if let Some(cut) = cut {
            archive.truncate(cut.index(archive.len()));
        }
        let report = inspect_with(Limits::STANDARD, "a", &archive);
        prop_assert_eq!(report.bytes_seen, archive.len() as u64);
        prop_assert_eq!(report.crc32, crc32fast::hash(&archive));
    }

    /// One changed byte in a ZIP's structure may make it anything but silently something else:
    /// the EICAR file in it is found, or a finding says that something is wrong.
    #[test]
    fn a_mutated_infected_archive_is_never_without_findings(
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut archive = zip(&[deflated("a.txt", b"text\n"), deflated("e.com", &eicar())]);
        let at = at.index(archive.len());
        archive[at] = value;
        let report = inspect_with(Limits::STANDARD, "a.zip", &archive);
        prop_assert!(!report.findings.is_empty());
    }

    #[test]
    fn any_bytes_behind_any_magic_are_survived(
        magic in prop::sample::select(vec![
            b"PK\x03\x04".to_vec(), b"\x1f\x8b\x08".to_vec(), b"%PDF-".to_vec(), b"PK\x05\x06".to_vec(),
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), b"BZh".to_vec(), b"MZ".to_vec(), vec![],
        ]),
        content in prop::collection::vec(any::<u8>(), 0..2000),
        name in ".{0,40}",
    ) {
        let content = [magic, content].concat();
        let report = inspect_with(Limits::STANDARD, &name, &content);
        prop_assert_eq!(report.bytes_seen, content.len() as u64);
    }
}
