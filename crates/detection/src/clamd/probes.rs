//! Small archives that show what an installation of clamd is silent about.

/// An archive with one member that claims to be encrypted.
pub fn encrypted_zip() -> Vec<u8> {
    const ENCRYPTED: u16 = 1;
    // Twelve bytes of encryption header, and some content; nobody will decrypt them.
    zip(
        "secret.txt",
        b"\x9b\x1c\x55\xe0\x8a\x31\x77\x02\xd4\x6e\x90\xab0123456789abcdef",
        ENCRYPTED,
    )
}

/// More archives within archives than clamd's `MaxRecursion` of 17 allows.
pub fn nested_zip() -> Vec<u8> {
    const LEVELS: usize = 24;
    (0..LEVELS).fold(b"at the bottom\n".to_vec(), |inner, _| {
        zip("inner.zip", &inner, 0)
    })
}

/// A ZIP archive with one stored member (APPNOTE 6.3.10, 4.3).
fn zip(name: &str, content: &[u8], flags: u16) -> Vec<u8> {
    let size = u32::try_from(content.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    let checksum = crc32fast::hash(content).to_le_bytes();
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    let mut common = vec![20, 0];
    common.extend(flags.to_le_bytes());
    // Stored, and 1 January 1980.
    common.extend([0, 0, 0, 0, 0x21, 0]);
    common.extend(checksum);
    common.extend([size, size].concat());
    common.extend(name_length);
    let mut archive = [
        b"PK\x03\x04",
        common.as_slice(),
        &[0, 0],
        name.as_bytes(),
        content,
    ]
    .concat();
    let start = archive.len();
    archive.extend(
        [
            b"PK\x01\x02\x14\0",
            common.as_slice(),
            &[0; 16],
            name.as_bytes(),
        ]
        .concat(),
    );
    let length = u32::try_from(archive.len() - start)
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    let start = u32::try_from(start).unwrap_or(u32::MAX).to_le_bytes();
    archive.extend(
        [
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
            length.as_slice(),
            &start,
            &[0, 0],
        ]
        .concat(),
    );
    archive
}
