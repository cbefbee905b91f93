//! Small archives that show what an engine is silent about.

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

/// More archives within archives than engines open, clamd (`MaxRecursion` is 17) among them.
pub fn nested_zip() -> Vec<u8> {
    const LEVELS: usize = 24;
    (0..LEVELS).fold(b"at the bottom\n".to_vec(), |inner, _| {
        zip("inner.zip", &inner, 0)
    })
}

/// An archive with the test file behind so much noise that it is larger than the 5 MiB that c-icap's services
/// look into unless told otherwise, and no larger than `largest`.
pub fn large_zip(eicar: &[u8], largest: u64) -> Vec<u8> {
    const SIZE: u64 = 6 << 20;
    let room = usize::try_from(SIZE.min(largest.saturating_sub(4096))).unwrap_or(0);
    let mut state = 0x9e37_79b9_u32;
    let noise = std::iter::repeat_with(|| {
        // xorshift32: does not compress, and is the same each time.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    });
    let noise: Vec<u8> = noise.take(room / 4).flatten().collect();
    let inner = zip("eicar.com", eicar, 0);
    members(&[("noise.bin", &noise, 0), ("inner.zip", &inner, 0)])
}

/// A ZIP archive with one stored member.
fn zip(name: &str, content: &[u8], flags: u16) -> Vec<u8> {
    members(&[(name, content, flags)])
}

/// A ZIP archive with stored members (APPNOTE 6.3.10, 4.3): name, content, flags.
fn members(members: &[(&str, &[u8], u16)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content, flags) in members {
        let size = small(content.len());
        let mut common = vec![20, 0];
        common.extend(flags.to_le_bytes());
        // Stored, and 1 January 1980.
        common.extend([0, 0, 0, 0, 0x21, 0]);
        common.extend(crc32fast::hash(content).to_le_bytes());
        common.extend([size, size].concat());
        common.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        let offset = small(archive.len());
        let local = [b"PK\x03\x04", common.as_slice(), &[0, 0], name.as_bytes()];
        archive.extend(local.concat());
        archive.extend_from_slice(content);
        let central = [
            b"PK\x01\x02\x14\0",
            common.as_slice(),
            &[0; 12],
            &offset,
            name.as_bytes(),
        ];
        directory.extend(central.concat());
    }
    let count = u16::try_from(members.len())
        .unwrap_or(u16::MAX)
        .to_le_bytes();
    let (length, start) = (small(directory.len()), small(archive.len()));
    archive.extend(directory);
    let end = [
        b"PK\x05\x06\0\0\0\0".as_slice(),
        &count,
        &count,
        &length,
        &start,
        &[0, 0],
    ];
    archive.extend(end.concat());
    archive
}

fn small(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}
