//! ZIP: the traditional cipher and WinZip's AES.

use super::super::build::{self, zip};
use super::{How, Outcome, PASSWORD, assert_closed, found, inspect_with, names, object, vector};

const ALL: [&str; 7] = [
    "ae1-128-d.zip",
    "ae1-256-s.zip",
    "ae2-128-s.zip",
    "ae2-192-d.zip",
    "ae2-256-d.zip",
    "old-d.zip",
    "old-s.zip",
];
const MEMBER: &str = "encrypted-zip-member";

#[test]
fn members_are_opened_with_the_right_password() {
    for name in ALL {
        let file = vector(name);
        let report = inspect_with(&["wrong", PASSWORD, "other"], name, &file);
        assert_eq!(names(&report), [""; 0], "{name}");
        let member = object(&report, &format!("{name}/a.txt"));
        assert_eq!(member.opened, Some(How::Password), "{name}");
        assert_eq!(
            (member.size, member.media_type.as_ref()),
            (114, "text/plain")
        );
        assert_eq!(report.objects[0].opened, None);
    }
}

#[test]
fn a_wrong_password_is_the_same_as_none() {
    for name in ALL {
        let file = vector(name);
        let none = inspect_with(&[], name, &file);
        assert_closed(&none, MEMBER);
        assert_eq!(inspect_with(&["wrong", ""], name, &file), none, "{name}");
    }
}

/// Whatever byte of the data or the code is wrong.
#[test]
fn damaged_authenticated_data_is_never_clean() {
    for name in ["ae1-256-s.zip", "ae2-128-s.zip", "ae2-256-d.zip"] {
        let file = vector(name);
        let end = file.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
        for at in (66..end).step_by(7).chain(end - 10..end) {
            let mut file = file.clone();
            file[at] ^= 1;
            let report = inspect_with(&[PASSWORD], name, &file);
            let outcome = found(&report, "zip-authentication-failed").outcome;
            assert_eq!(outcome, Outcome::Unsupported, "{name} at {at}");
        }
    }
}

#[test]
fn damaged_data_of_the_old_cipher_stays_encrypted() {
    for name in ["old-d.zip", "old-s.zip"] {
        let mut file = vector(name);
        file[60] ^= 1;
        assert_closed(&inspect_with(&[PASSWORD], name, &file), MEMBER);
    }
}

/// Encrypts as the old cipher does.
fn traditional(password: &[u8], content: &[u8], packed: &[u8]) -> Vec<u8> {
    let step = |crc: u32, byte: u8| {
        let mut value = (crc ^ u32::from(byte)) & 0xff;
        for _ in 0..8 {
            value = (value >> 1) ^ if value & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
        (crc >> 8) ^ value
    };
    let mut keys = [0x1234_5678_u32, 0x2345_6789, 0x3456_7890];
    let feed = |keys: &mut [u32; 3], byte: u8| {
        keys[0] = step(keys[0], byte);
        keys[1] = (keys[1].wrapping_add(keys[0] & 0xff))
            .wrapping_mul(134_775_813)
            .wrapping_add(1);
        keys[2] = step(keys[2], keys[1].to_le_bytes()[3]);
    };
    for byte in password {
        feed(&mut keys, *byte);
    }
    let mut plain = vec![7; 11];
    plain.push(crc32fast::hash(content).to_le_bytes()[3]);
    plain.extend(packed);
    let sealed = plain.into_iter().map(|byte| {
        let low = (keys[2] & 0xffff) | 2;
        let pad = (low * (low ^ 1)).to_le_bytes()[1];
        feed(&mut keys, byte);
        byte ^ pad
    });
    sealed.collect()
}

/// An archive with one member that is encrypted with [`PASSWORD`].
fn sealed(mut member: build::Member, content: &[u8]) -> Vec<u8> {
    member.data = traditional(PASSWORD.as_bytes(), content, &member.data);
    let central = member.central.as_mut().unwrap();
    for header in [&mut member.local, central] {
        header.flags |= 1;
        header.packed += 12;
    }
    zip(&[member])
}

#[test]
fn what_is_inside_is_found() {
    let inner = zip(&[build::stored("e.com", &sofie_inspector::eicar())]);
    for member in [
        build::stored("b.zip", &inner),
        build::deflated("b.zip", &inner),
    ] {
        let report = inspect_with(&[PASSWORD], "a.zip", &sealed(member, &inner));
        let finding = found(&report, "eicar-test-file");
        assert_eq!(finding.object, "a.zip/b.zip/e.com");
        assert_eq!(object(&report, "a.zip/b.zip").opened, Some(How::Password));
    }
}

/// The format has one byte to tell wrong passwords; of many, some come through.
#[test]
fn no_wrong_password_opens_a_long_member() {
    let content = super::super::noise(30_000);
    let wrong: Vec<String> = (0..3000).map(|number| format!("wrong{number}")).collect();
    for member in [build::stored("a", &content), build::deflated("a", &content)] {
        let file = sealed(member, &content);
        for some in wrong.chunks(30) {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            let report = inspect_with(&some, "a.zip", &file);
            assert!(report.objects.iter().all(|object| object.opened.is_none()));
            assert_eq!(found(&report, MEMBER).outcome, Outcome::Encrypted);
        }
    }
}
