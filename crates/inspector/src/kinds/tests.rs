use super::{all, announces, detect};

#[test]
fn extensions_are_lowercase_and_without_dots() {
    for kind in all() {
        for extension in kind.extensions {
            assert!(
                !extension.contains('.') && *extension == extension.to_lowercase(),
                "{extension}"
            );
        }
    }
    assert!(announces("pdf"));
    assert!(!announces("v2"));
}

#[test]
fn kinds_are_told_by_content() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "application/x-empty"),
        (b"\0\x01\x02", "application/octet-stream"),
        (b"plain words\n", "text/plain"),
        (b"\xff\xfeh\0i\0", "text/plain"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "application/xml"),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
        (b"  <!DOCTYPE HTML><p>", "text/html"),
        (b"[1, 2]", "application/json"),
        (b"[section]\nkey=1\n", "text/plain"),
        (b"{\\rtf1 x}", "application/rtf"),
        (b"\r\n {\\rtf1 x}", "application/rtf"),
        (b"RIFF....WAVE", "audio/vnd.wave"),
        (b"....ftypheic", "image/heif"),
        (b"\xca\xfe\xba\xbe\0\0\0\x3d", "application/java-vm"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", "application/x-mach-binary"),
        (b"[InternetShortcut]\nURL=x\n", "application/x-url-shortcut"),
        (b"junk before %PDF-1.4", "application/pdf"),
        (b"#!/bin/sh\n", "text/x-script"),
        (b"#![no_std]\n", "text/plain"),
        (b"Date: today I went out\nand to: nobody\n", "text/plain"),
    ];
    for (content, media) in cases {
        assert_eq!(
            detect(content).media,
            *media,
            "{}",
            String::from_utf8_lossy(content)
        );
    }
}
