//! Small files that show what an engine is silent about.

/// An archive with one member that claims to be encrypted.
pub fn encrypted_zip() -> Vec<u8> {
    const ENCRYPTED: u16 = 1;
    // Twelve bytes of encryption header, and some content; nobody will decrypt them.
    let content = b"\x9b\x1c\x55\xe0\x8a\x31\x77\x02\xd4\x6e\x90\xab0123456789abcdef";
    members(&[("secret.txt", content, ENCRYPTED)])
}

/// Archives within archives; clamd opens 17 levels (`MaxRecursion`).
pub fn nested_zip(bottom: &[u8], levels: usize) -> Vec<u8> {
    let innermost = zip("eicar.com", bottom);
    (1..levels).fold(innermost, |inner, _| zip("inner.zip", &inner))
}

/// A picture of one pixel, and behind it an archive with the test file.
pub fn behind_a_picture(eicar: &[u8]) -> Vec<u8> {
    const GIF: &[u8] =
        b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    [GIF, &zip("eicar.com", eicar)].concat()
}

/// A 7z archive with one stored member (`7zFormat.txt` of the LZMA SDK).
pub fn seven_zip(name: &str, content: &[u8]) -> Vec<u8> {
    const STORED: [u8; 7] = [0x0b, 1, 0, 1, 1, 0, 0x0c];
    let size = small(content.len());
    // Numbers of four bytes begin with 0xf0.
    let number = [&[0xf0], &size[..]].concat();
    let utf16: Vec<u8> = name
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    let name_length = u8::try_from(utf16.len() + 1).unwrap_or(u8::MAX);
    let header = [
        // Header, main streams: one packed stream at 0.
        &[1, 4, 6, 0, 1, 9][..],
        &number,
        &[0, 7],
        // One folder with one coder.
        &STORED,
        &number,
        &[0x0a, 1],
        &crc32fast::hash(content).to_le_bytes(),
        // Each folder is one file: left out, clamd opens nothing.
        &[0, 8, 0, 0],
        // One file and its name.
        &[5, 1, 0x11, name_length, 0],
        &utf16,
        &[0, 0],
    ]
    .concat();
    let mut start = (content.len() as u64).to_le_bytes().to_vec();
    start.extend((header.len() as u64).to_le_bytes());
    start.extend(crc32fast::hash(&header).to_le_bytes());
    let check = crc32fast::hash(&start).to_le_bytes();
    let magic = b"7z\xbc\xaf\x27\x1c\0\x04";
    [&magic[..], &check, &start, content, &header].concat()
}

/// An Office document under a password ([MS-OFFCRYPTO] 2.3.4): a compound file ([MS-CFB]) with the two streams that
/// such documents have, of noise.
pub fn encrypted_office() -> Vec<u8> {
    const SECTOR: usize = 512;
    const STREAM: u32 = 4096;
    const END: u32 = 0xffff_fffe;
    let sectors = STREAM / 512;
    // 0: allocation table, 1: directory, then the streams.
    let (info, package) = (2, 2 + sectors);
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(24, 0);
    file.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    file.resize(44, 0);
    let header = [1, 1, 0, 4096, END, 0, END, 0, 0];
    file.extend(header.into_iter().flat_map(u32::to_le_bytes));
    file.resize(SECTOR, 0xff);
    let chain = |first: u32| (first + 1..first + sectors).chain([END]);
    let table = [0xffff_fffd, END]
        .into_iter()
        .chain(chain(info))
        .chain(chain(package));
    file.extend(table.flat_map(u32::to_le_bytes));
    file.resize(2 * SECTOR, 0xff);
    let entries = [
        ("Root Entry", 5, [u32::MAX, u32::MAX, 1], (END, 0)),
        (
            "EncryptedPackage",
            2,
            [u32::MAX, 2, u32::MAX],
            (package, STREAM),
        ),
        ("EncryptionInfo", 2, [u32::MAX; 3], (info, STREAM)),
        ("", 0, [u32::MAX; 3], (0, 0)),
    ];
    file.extend(entries.into_iter().flat_map(directory_entry));
    // Version 4.4: agile encryption.
    let mut noise = noise(2 * STREAM as usize);
    noise.splice(..8, [4, 0, 4, 0, 0x40, 0, 0, 0]);
    file.extend(noise);
    file
}

/// An entry of a compound file's directory: name, kind, left and right sibling and child, start and length.
fn directory_entry(
    (name, kind, links, (start, length)): (&str, u8, [u32; 3], (u32, u32)),
) -> Vec<u8> {
    let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes = if name.is_empty() { 0 } else { entry.len() + 2 };
    entry.resize(64, 0);
    entry.extend(u16::try_from(bytes).unwrap_or(0).to_le_bytes());
    entry.extend([kind, 1]);
    entry.extend(links.into_iter().flat_map(u32::to_le_bytes));
    entry.resize(116, 0);
    entry.extend([start, length, 0].into_iter().flat_map(u32::to_le_bytes));
    entry
}

/// An archive with the test file behind so much noise that it is larger than the 5 MiB that c-icap's services
/// look into unless told otherwise, and no larger than `largest`.
pub fn large_zip(eicar: &[u8], largest: u64) -> Vec<u8> {
    const SIZE: u64 = 6 << 20;
    let room = usize::try_from(SIZE.min(largest.saturating_sub(4096))).unwrap_or(0);
    let inner = zip("eicar.com", eicar);
    members(&[("noise.bin", &noise(room), 0), ("inner.zip", &inner, 0)])
}

/// Bytes that don't compress, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let xorshift = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    });
    xorshift.take(length / 4).flatten().collect()
}

/// A ZIP archive with one stored member.
pub fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    members(&[(name, content, 0)])
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
