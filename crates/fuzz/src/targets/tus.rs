//! The headers of tus: what a client wrote comes out, and nothing comes out of what is no such header.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue};
use sofie_api::fuzzing::{upload_checksum, upload_length, upload_metadata};
use sofie_domain::PackageId;
use uuid::Uuid;

use crate::input::{Input, Script};

fn headers(name: &'static str, value: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
    headers
}

/// Pairs as clients write them are read as they were meant, whatever stands between them.
fn written_metadata(input: &mut Input<'_>) {
    let id = Uuid::from_u128(u128::from(input.number()));
    let (name, folders) = (input.text(), input.text());
    let foreign = input
        .bytes()
        .iter()
        .filter(|b| b.is_ascii_lowercase())
        .map(|b| char::from(*b));
    let foreign: String = foreign.collect();
    let text = format!(
        "package {},{foreign}x {}, filename {},relativePath {}",
        STANDARD.encode(id.to_string()),
        STANDARD.encode(&foreign),
        STANDARD.encode(name.as_bytes()),
        STANDARD.encode(folders.as_bytes())
    );
    let path = if folders.is_empty() { name } else { folders };
    let read = upload_metadata(&headers("upload-metadata", text.as_bytes()));
    assert_eq!(read, Some((PackageId(id), path.into_owned())), "{text}");
}

fn any_metadata(text: &[u8]) {
    if upload_metadata(&headers("upload-metadata", text)).is_some() {
        let text = String::from_utf8_lossy(text);
        assert!(text.contains("package ") && text.is_ascii(), "{text}");
    }
}

fn numbers(text: &[u8]) {
    if let Some(length) = upload_length(&headers("upload-length", text)) {
        let digits = text.trim_ascii();
        assert!(digits.iter().all(u8::is_ascii_digit) && i64::try_from(length).is_ok());
        let digits = String::from_utf8_lossy(digits);
        let zeros = digits.trim_start_matches('0');
        assert_eq!(
            length.to_string(),
            if zeros.is_empty() { "0" } else { zeros }
        );
    }
}

fn checksums(text: &[u8]) {
    if let Some(checksum) = upload_checksum(&headers("upload-checksum", text)) {
        let written = format!(
            "{} {}",
            checksum.algorithm.as_str(),
            STANDARD.encode(&checksum.value)
        );
        let words: Vec<String> = String::from_utf8_lossy(text)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert_eq!(
            written.trim(),
            words.join(" "),
            "a checksum was read as another"
        );
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => written_metadata(&mut input),
        1 => any_metadata(input.rest()),
        2 => numbers(input.rest()),
        _ => checksums(input.rest()),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let metadata = "package MDE5MmYwYzgtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw,filename Yg==,relativePath YS9i,filetype ";
    vec![
        Script::default()
            .byte(0)
            .number(7)
            .text("ž.txt")
            .text("a/ž.txt")
            .text("filetype")
            .rest(&[]),
        Script::default()
            .byte(0)
            .number(7)
            .text("b")
            .text("")
            .text("")
            .rest(&[]),
        Script::default().byte(1).rest(metadata.as_bytes()),
        Script::default().byte(2).rest(b"9223372036854775807"),
        Script::default().byte(2).rest(b"007"),
        Script::default()
            .byte(3)
            .rest(b"sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        Script::default().byte(3).rest(b"crc32 y/Q5Jg=="),
    ]
}
