//! Encrypted content that is opened with a password (DET-6, DET-7).
//!
//! The files in `vectors.txt` (a name and hexadecimal digits a line) were written by other
//! programs, most with the password `hunter2`.

mod archives;
mod office;
mod pdfs;
mod zips;

use sofie_inspector::protocol::Header;
use sofie_inspector::{How, Object, Outcome, Passwords, Report};

use super::{found, header, names};

const PASSWORD: &str = "hunter2";

/// A file that another program wrote.
fn vector(name: &str) -> Vec<u8> {
    let lines = include_str!("vectors.txt").lines();
    let mut lines = lines.filter_map(|line| line.split_once(' '));
    let (_, digits) = lines.find(|(own, _)| *own == name).unwrap();
    hex::decode(digits).unwrap()
}

fn inspect_with(passwords: &[&str], name: &str, content: &[u8]) -> Report {
    let passwords = passwords.iter().map(|&it| it.to_owned()).collect();
    let header = Header {
        passwords: Passwords::new(passwords).unwrap(),
        ..header(name, content)
    };
    sofie_inspector::inspect_with(&header, content).unwrap()
}

#[track_caller]
fn object<'r>(report: &'r Report, path: &str) -> &'r Object {
    let found = report.objects.iter().find(|object| object.path == path);
    found.unwrap_or_else(|| panic!("{path} is not among {:?}", report.objects))
}

/// That nothing but this was found, and that nothing was opened.
#[track_caller]
fn assert_closed(report: &Report, finding: &str) {
    assert_eq!(names(report), [finding]);
    assert_eq!(found(report, finding).outcome, Outcome::Encrypted);
    assert!(report.objects.iter().all(|object| object.opened.is_none()));
}
