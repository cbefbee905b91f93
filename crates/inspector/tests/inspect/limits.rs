//! Bombs and mazes end as incomplete, never as clean (DET-5).

use aws_lc_rs::digest;
use sofie_inspector::{Finding, Limit, Limits, Outcome, Report};

use super::build::{deflated, gzip, stored, zip};
use super::{archives, found, inspect, inspect_with, names, noise, packed};

fn assert_limit(report: &Report, name: &str, limit: Limit) {
    assert_eq!(found(report, name).outcome, Outcome::Incomplete { limit });
    assert_eq!(report.sha256.len(), 64);
}

#[test]
fn depth_is_limited_exactly() {
    let nested = |levels: usize| {
        (0..levels).fold(b"bottom\n".to_vec(), |inner, level| {
            zip(&[stored(if level == 0 { "a.txt" } else { "a.zip" }, &inner)])
        })
    };
    assert_eq!(names(&inspect("a.zip", &nested(8))), [""; 0]);
    assert_limit(
        &inspect("a.zip", &nested(9)),
        "depth-limit",
        Limit::Recursion,
    );
}

#[test]
fn members_are_limited_exactly_and_over_all_containers() {
    let limits = Limits {
        members: 10,
        ..Limits::STANDARD
    };
    let many = |count: usize| {
        let members: Vec<_> = (0..count)
            .map(|n| stored(&format!("{n}.txt"), b"t\n"))
            .collect();
        zip(&members)
    };
    assert_eq!(names(&inspect_with(limits, "a.zip", &many(10))), [""; 0]);
    assert_limit(
        &inspect_with(limits, "a.zip", &many(11)),
        "member-limit",
        Limit::Members,
    );
    let two = zip(&[stored("a.zip", &many(5)), stored("b.zip", &many(5))]);
    assert_limit(
        &inspect_with(limits, "a.zip", &two),
        "member-limit",
        Limit::Members,
    );
}

#[test]
fn unpacked_bytes_and_their_ratio_are_limited_over_all_levels() {
    let zeros = vec![0; 1 << 20];
    let bomb = gzip(&gzip(&zeros));
    let few = Limits {
        unpacked_bytes: 1 << 20,
        ..Limits::STANDARD
    };
    assert_limit(
        &inspect_with(few, "a.gz", &bomb),
        "unpacked-size-limit",
        Limit::UnpackedSize,
    );
    let dense = Limits {
        ratio_after: 1 << 19,
        ..Limits::STANDARD
    };
    assert_limit(
        &inspect_with(dense, "a.gz", &bomb),
        "ratio-limit",
        Limit::Ratio,
    );
    assert_eq!(names(&inspect("a.gz", &bomb)), [""; 0]);
}

#[test]
fn bombs_of_every_kind_end_early() {
    let zeros = vec![0; 4 << 20];
    let files: &[(&str, &[u8])] = &[("zeros", &zeros)];
    let dense = Limits {
        ratio_after: 1 << 20,
        ..Limits::STANDARD
    };
    let bombs = [
        ("a.gz", gzip(&zeros)),
        ("a.bz2", packed::bzip2(&zeros)),
        ("a.xz", packed::xz(&zeros)),
        ("a.lz", packed::lzip(&zeros)),
        ("a.lzma", packed::lzma(&zeros)),
        ("a.zst", packed::zstd(&zeros)),
        ("a.lz4", packed::lz4(&zeros)),
        ("a.zip", zip(&[deflated("zeros", &zeros)])),
        ("a.7z", archives::seven_zip(files)),
    ];
    for (name, bomb) in bombs {
        let started = std::time::Instant::now();
        let report = inspect_with(dense, name, &bomb);
        assert_limit(&report, "ratio-limit", Limit::Ratio);
        assert!(started.elapsed().as_secs() < 10, "{name}");
    }
}

#[test]
fn time_is_limited() {
    let limits = Limits {
        time_ms: 0,
        bytes_per_extra_ms: 0,
        ..Limits::STANDARD
    };
    let report = inspect_with(
        limits,
        "a.zip",
        &zip(&[deflated("a.txt", &vec![b'a'; 100_000])]),
    );
    assert_limit(&report, "time-limit", Limit::Time);
}

#[test]
fn the_digest_is_of_the_whole_file_even_after_a_limit() {
    let limits = Limits {
        members: 1,
        ..Limits::STANDARD
    };
    let archive = zip(&[
        stored("a", b"1"),
        stored("b", b"2"),
        stored("c", &vec![7; 100_000]),
    ]);
    let stopped = inspect_with(limits, "a.zip", &archive);
    let whole = inspect("a.zip", &archive);
    assert_eq!(stopped.sha256, whole.sha256);
    assert_eq!(stopped.bytes_seen, archive.len() as u64);
    assert_eq!(stopped.crc32, crc32fast::hash(&archive));
}

#[test]
fn every_object_that_was_read_has_the_digest_of_its_content() {
    let text = b"nothing to see here".repeat(10);
    let inner = zip(&[deflated("text", &text)]);
    let middle = gzip(&inner);
    let outer = zip(&[stored("middle.gz", &middle), stored("empty", b"")]);
    let digests = |report: &Report| -> Vec<Option<String>> {
        let objects = report.objects.iter();
        objects.map(|object| object.sha256.clone()).collect()
    };
    let contents = [&outer, &middle, &inner, &text, &Vec::new()];
    assert_eq!(
        digests(&inspect("outer.zip", &outer)),
        contents.map(|content| Some(sha256(content)))
    );

    let limits = Limits {
        members: 1,
        ..Limits::STANDARD
    };
    let stopped = inspect_with(limits, "outer.zip", &outer);
    let known = digests(&stopped);
    assert_eq!(known[0], Some(stopped.sha256));
    assert_eq!(stopped.objects[0].size, outer.len() as u64);
    assert_eq!(known[1..], [None]);
}

#[test]
fn what_could_not_be_read_to_its_end_has_no_digest() {
    let mut packed = gzip(&noise(100_000));
    packed.truncate(packed.len() / 2);
    let report = inspect("cut.gz", &packed);
    assert_eq!(report.objects[0].sha256, Some(sha256(&packed)));
    assert_eq!(report.objects[1].sha256, None);
}

fn sha256(content: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, content))
}

#[test]
fn a_flood_of_findings_is_bounded_and_hides_nothing() {
    let mut members: Vec<_> = (0..3000)
        .map(|n| stored(&format!("{n}/aux"), b"t\n"))
        .collect();
    members.push(stored("e.com", &sofie_inspector::eicar()));
    let report = inspect("a.zip", &zip(&members));
    found(&report, "eicar-test-file");
    assert!(report.findings.len() < 100);
    assert!(report.findings_unlisted > 2000);
    assert!(report.objects_unlisted > 0);
}

#[test]
fn a_flood_of_one_meaning_hides_no_other_of_the_same_name() {
    let mut members: Vec<_> = (0..30).map(|n| stored(&format!("{n}\n"), b"t\n")).collect();
    members.push(stored("\0", b"t\n"));
    let report = inspect("a.zip", &zip(&members));
    let suspicious = |f: &&Finding| matches!(f.outcome, Outcome::Suspicious { .. });
    let found = report.findings.iter().find(suspicious);
    assert_eq!(found.unwrap().name, "name-control-character");
}
