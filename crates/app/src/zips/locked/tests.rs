use std::{io::Write, process::Command};

use chrono::TimeZone;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::*;

fn locked(size: u64) -> Locked {
    let at = Utc.with_ymd_and_hms(2026, 11, 22, 12, 30, 10).unwrap();
    Locked::new("žluťoučký.txt", size, at, "infected", [7; SALT]).unwrap()
}

/// Archives `content`, which comes in pieces.
fn archive(content: &[u8], pieces: usize) -> Vec<u8> {
    let locked = locked(content.len() as u64);
    let len = locked.size();
    let chunks: Vec<Chunk> = content
        .chunks(pieces)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let out: Vec<Bytes> = locked
        .seal(stream::iter(chunks))
        .try_collect()
        .now_or_never()
        .unwrap()
        .unwrap();
    let out = out.concat();
    assert_eq!(out.len() as u64, len);
    out
}

#[test]
fn it_does_not_matter_in_which_pieces_content_comes() {
    for size in [0, 1, 15, 16, 17, 200] {
        let content: Vec<u8> = (0..200).take(size).collect();
        for pieces in 1..50 {
            assert_eq!(archive(&content, pieces), archive(&content, 200));
        }
    }
}

/// Reads an archive as the specification says, with the cipher's other direction of another library.
const READER: &str = r"
import hashlib, hmac, struct, subprocess, sys, zipfile
path, expected = sys.argv[1], open(sys.argv[2], 'rb').read()
info, = zipfile.ZipFile(path).infolist()
assert info.filename == 'žluťoučký.txt' and info.file_size == len(expected), info
assert info.flag_bits & 1 and info.compress_type == 99 and info.CRC == 0, info
assert info.extra[-11:] == struct.pack('<HHH2sBH', 0x9901, 7, 2, b'AE', 3, 0), info.extra
raw = open(path, 'rb').read()
name, extra = struct.unpack('<HH', raw[26:30])
data = raw[30 + name + extra:][:info.compress_size]
salt, verifier, sealed, mac = data[:16], data[16:18], data[18:-10], data[-10:]
keys = hashlib.pbkdf2_hmac('sha1', b'infected', salt, 1000, 66)
assert keys[64:] == verifier
assert hmac.new(keys[32:64], sealed, 'sha1').digest()[:10] == mac
counters = b''.join(n.to_bytes(16, 'little') for n in range(1, len(sealed) // 16 + 2))
stream = subprocess.run(['openssl', 'enc', '-aes-256-ecb', '-nopad', '-K', keys[:32].hex()],
                        input=counters, stdout=subprocess.PIPE, check=True).stdout
assert bytes(a ^ b for a, b in zip(sealed, stream)) == expected
";

#[test]
fn another_reader_of_the_format_agrees() {
    for size in [0, 1, 16, 70_001] {
        let content: Vec<u8> = (0_u32..size).map(|n| n.to_le_bytes()[0]).collect();
        let folder = tempfile::tempdir().unwrap();
        let [zip, plain] = ["a.zip", "plain"].map(|name| folder.path().join(name));
        let write = |path, bytes: &[u8]| {
            let mut file = std::fs::File::create(path).unwrap();
            file.write_all(bytes).unwrap();
        };
        write(&zip, &archive(&content, 4096));
        write(&plain, &content);
        let mut read = Command::new("python3");
        let read = read
            .args(["-c", READER])
            .args([&zip, &plain])
            .output()
            .unwrap();
        assert!(
            read.status.success(),
            "{}",
            String::from_utf8_lossy(&read.stderr)
        );
    }
}

#[test]
fn beyond_32_bits_the_lengths_are_wide() {
    let size = 5 << 30;
    let locked = locked(size);
    let wide = [size.to_le_bytes(), (size + OVERHEAD).to_le_bytes()].concat();
    let has = |bytes: &[u8]| bytes.windows(16).any(|window| window == wide);
    assert!(has(&locked.head) && has(&locked.end));
    assert_eq!(locked.head[14..26], [[0; 4], [0xff; 4], [0xff; 4]].concat());
}

#[test]
fn an_archive_whose_content_breaks_off_has_no_end() {
    let locked = locked(10);
    let len = locked.size();
    let broken: Vec<Chunk> = vec![
        Ok(Bytes::from_static(b"12345")),
        Err(sofie_vault::Error::NotFound),
    ];
    let out: Vec<Chunk> = locked
        .seal(stream::iter(broken))
        .collect()
        .now_or_never()
        .unwrap();
    assert!(out.last().unwrap().is_err());
    let sent: usize = out.iter().flatten().map(Bytes::len).sum();
    assert!((sent as u64) < len - MAC as u64);
}
