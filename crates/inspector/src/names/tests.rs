use super::{displayable, escapes, is_device, join};

#[test]
fn escaping_names_are_told_from_inner_ones() {
    for name in ["/a", "\\a", "..", "a/..", "..\\a", "c:a", "C:/a"] {
        assert!(escapes(name), "{name}");
    }
    for name in ["a", "a/b", "..a", "a..", "a...b", "./a", "12:30 notes"] {
        assert!(!escapes(name), "{name}");
    }
}

#[test]
fn device_names_are_told_from_ordinary_ones() {
    for name in ["con", "NUL.txt", "Com1", "lpt9.a.b", "COM\u{b9}", "aux "] {
        assert!(is_device(name), "{name}");
    }
    for name in [
        "console",
        "com",
        "com10",
        "comx",
        "null",
        "lpt",
        "contract.txt",
    ] {
        assert!(!is_device(name), "{name}");
    }
}

#[test]
fn paths_are_bounded_and_keep_their_end() {
    let path = join(&"d/".repeat(1000), "end.txt");
    assert!(path.chars().count() <= 401);
    assert!(path.ends_with("/end.txt"));
    assert_eq!(displayable("a\0b\u{2066}"), "a\\u{0}b\\u{2066}");
}
