//! 7z and RAR.

use super::{How, Outcome, PASSWORD, assert_closed, inspect_with, names, object, vector};

#[test]
fn archives_are_opened_with_the_right_password() {
    for name in ["packed.7z", "names.7z", "stored.7z", "new.rar"] {
        let report = inspect_with(&["", "wrong", PASSWORD], name, &vector(name));
        assert_eq!(names(&report), [""; 0], "{name}");
        for (member, size) in [("a.txt", 114), ("b.txt", 6)] {
            let member = object(&report, &format!("{name}/{member}"));
            assert_eq!((member.opened, member.size), (Some(How::Password), size));
        }
    }
    let report = inspect_with(&["wrong", PASSWORD], "old.rar", &vector("old.rar"));
    assert_eq!(names(&report), [""; 0]);
    let member = object(&report, "old.rar/a.txt");
    assert_eq!((member.opened, member.size), (Some(How::Password), 114));
}

#[test]
fn a_wrong_password_is_the_same_as_none() {
    for name in ["packed.7z", "names.7z", "stored.7z", "new.rar", "old.rar"] {
        let none = inspect_with(&[], name, &vector(name));
        assert!(!none.findings.is_empty());
        let sealed = |it: &sofie_inspector::Finding| it.outcome == Outcome::Encrypted;
        assert!(none.findings.iter().all(sealed), "{name}");
        let wrong = inspect_with(&["wrong", ""], name, &vector(name));
        assert_eq!(wrong, none, "{name}");
    }
}

#[test]
fn a_member_with_a_password_of_its_own_stays_encrypted() {
    let report = inspect_with(&[PASSWORD], "two.rar", &vector("two.rar"));
    assert_eq!(names(&report), ["encrypted-rar-member"]);
    assert_eq!(report.findings[0].object, "two.rar/b.txt");
    assert_eq!(object(&report, "two.rar/a.txt").opened, Some(How::Password));
    let none = inspect_with(&["wrong"], "two.rar", &vector("two.rar"));
    assert_eq!(names(&none), ["encrypted-rar-member"; 2]);
}

#[test]
fn encrypted_names_of_rar_stay_encrypted() {
    let mut file = b"Rar!\x1a\x07\x01\0".to_vec();
    let block = [&b"\x19\x04\0\0\x01\x04"[..], &[7; 20]].concat();
    file.extend(crc32fast::hash(&block).to_le_bytes());
    file.extend(block);
    assert_closed(
        &inspect_with(&[PASSWORD], "a.rar", &file),
        "encrypted-rar-header",
    );
}

/// Whatever byte is wrong, the archive is not clean, unless it is one of those that fill up the
/// last block.
#[test]
fn damaged_archives_are_never_clean() {
    for name in ["packed.7z", "stored.7z", "new.rar", "old.rar"] {
        let file = vector(name);
        let whole = inspect_with(&[PASSWORD], name, &file);
        // Nothing of what is in it may differ without a word.
        let is_7z = file.starts_with(b"7z");
        for at in (0..file.len()).step_by(5) {
            let mut file = file.clone();
            file[at] ^= 0x10;
            let report = inspect_with(&[PASSWORD], name, &file);
            let same = is_7z && report.objects[1..] == whole.objects[1..];
            assert!(!report.findings.is_empty() || same, "{name} at {at}");
        }
    }
    // Damage of the first member looks like a wrong password, that of others like damage.
    let mut file = vector("new.rar");
    file[140] ^= 1;
    let report = inspect_with(&[PASSWORD], "new.rar", &file);
    assert_eq!(names(&report), ["encrypted-rar-member"; 2]);
}
