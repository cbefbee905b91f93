//! gzip (DET-5).

use sofie_inspector::eicar;

use super::build::gzip;
use super::{assert_clean, found, inspect, names};

#[test]
fn all_members_are_one_content() {
    let whole = eicar();
    let (head, tail) = whole.split_at(30);
    let report = inspect("e.com.gz", &[gzip(head), gzip(tail)].concat());
    assert_eq!(found(&report, "eicar-test-file").object, "e.com.gz/e.com");
    assert_clean("a.txt.gz", &[gzip(b"one\n"), gzip(b"two\n")].concat());
}

#[test]
fn trailing_data_truncation_and_wrong_checksums_are_findings() {
    let honest = gzip(b"some text that is packed\n");
    assert_eq!(
        names(&inspect("a.txt.gz", &[honest.as_slice(), b"tail"].concat())),
        ["gzip-trailing-data"]
    );
    let mut wrong = honest.clone();
    let at = wrong.len() - 8;
    wrong[at] ^= 1;
    assert_eq!(names(&inspect("a.txt.gz", &wrong)), ["gzip-wrong-checksum"]);
    for cut in 2..honest.len() {
        assert!(
            !inspect("a.txt.gz", &honest[..cut]).findings.is_empty(),
            "cut at {cut}"
        );
    }
}
