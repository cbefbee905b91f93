//! Kinds that give themselves away by fixed bytes.

use std::cell::LazyCell;

use super::{Kind, der, table as k, text};

/// `(offset, bytes, kind)`: first match wins, so the longer comes before the shorter.
static MAGICS: &[(usize, &[u8], &Kind)] = &[
    (0, b"PK\x03\x04", &k::ZIP),
    (0, b"PK\x05\x06", &k::ZIP),
    (0, b"PK\x07\x08PK", &k::ZIP),
    (0, b"PK00PK", &k::ZIP),
    (0, b"%PDF-", &k::PDF),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &k::COMPOUND),
    (0, b"\x1f\x8b", &k::GZIP),
    (0, b"7z\xbc\xaf\x27\x1c", &k::SEVEN_ZIP),
    (0, b"Rar!\x1a\x07", &k::RAR),
    (0, b"RE~^", &k::RAR),
    (0, b"MSCF", &k::CAB),
    (0, b"ISc(", &k::INSTALL_SHIELD),
    (0, b"\xfd7zXZ\0", &k::XZ),
    (0, b"\x28\xb5\x2f\xfd", &k::ZSTD),
    (0, b"\x04\x22\x4d\x18", &k::LZ4),
    (0, b"\x02\x21\x4c\x18", &k::LZ4),
    (0, b"LZIP", &k::LZIP),
    (0, b"\x89LZO\0\r\n\x1a\n", &k::LZOP),
    (0, b"\x1f\x9d", &k::COMPRESS),
    (0, b"\x1f\xa0", &k::COMPRESS),
    (0, b"\x1f\x1e", &k::COMPRESS),
    (0, b"!<arch>\ndebian", &k::DEB),
    (0, b"!<arch>\n", &k::AR),
    (0, b"\xed\xab\xee\xdb", &k::RPM),
    (0, b"070701", &k::CPIO),
    (0, b"070702", &k::CPIO),
    (0, b"070707", &k::CPIO),
    (0, b"\xc7\x71", &k::CPIO),
    (0, b"\x71\xc7", &k::CPIO_OTHER),
    (0, b"070727", &k::CPIO_OTHER),
    (0, b"\x60\xea", &k::ARJ),
    (2, b"-lh", &k::LHA),
    (2, b"-lz", &k::LHA),
    (7, b"**ACE**", &k::ACE),
    (0, b"xar!", &k::XAR),
    (0, b"ITSF", &k::CHM),
    (0, b"MSWIM\0\0\0", &k::WIM),
    (0x8001, b"CD001", &k::ISO),
    (0x8001, b"BEA01", &k::ISO),
    (0x8801, b"CD001", &k::ISO),
    (0, b"conectix", &k::VHD),
    (0, b"vhdxfile", &k::VHDX),
    (0, b"KDMV", &k::VMDK),
    (0, b"QFI\xfb", &k::QCOW2),
    (0, b"hsqs", &k::SQUASHFS),
    (0, b"sqsh", &k::SQUASHFS),
    (
        0,
        b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3",
        &k::ONENOTE,
    ),
    (0, b"\x78\x9f\x3e\x22", &k::TNEF),
    (0, b"\0\x05\x16\0", &k::APPLE_SINGLE),
    (0, b"\0\x05\x16\x07", &k::APPLE_DOUBLE),
    (0, b"!BDN", &k::PST),
    (0, b"Cr24", &k::CRX),
    (0, b"\x7fELF", &k::ELF),
    (0, b"\xfe\xed\xfa\xce", &k::MACH_O),
    (0, b"\xfe\xed\xfa\xcf", &k::MACH_O),
    (0, b"\xce\xfa\xed\xfe", &k::MACH_O),
    (0, b"\xcf\xfa\xed\xfe", &k::MACH_O),
    (0, b"dex\n0", &k::DEX),
    (0, b"\0asm", &k::WASM),
    (0, b"FWS", &k::FLASH),
    (0, b"CWS", &k::FLASH),
    (0, b"ZWS", &k::FLASH),
    (0, b"\x4c\0\0\0\x01\x14\x02\0", &k::LNK),
    (0, b"\x89PNG\r\n\x1a\n", &k::PNG),
    (0, b"\xff\xd8\xff", &k::JPEG),
    (0, b"GIF87a", &k::GIF),
    (0, b"GIF89a", &k::GIF),
    (0, b"II*\0", &k::TIFF),
    (0, b"MM\0*", &k::TIFF),
    (0, b"\0\0\x01\0", &k::ICO),
    (0, b"\0\0\x02\0", &k::ICO),
    (0, b"8BPS", &k::PSD),
    (0, b"\0\0\0\x0cjP  \r\n", &k::JPEG2000),
    (0, b"\xff\x4f\xff\x51", &k::JPEG2000),
    (0, b"\0\0\0\x0cJXL \r\n", &k::JXL),
    (0, b"AC10", &k::DWG),
    (40, b" EMF", &k::EMF),
    (0, b"\xd7\xcd\xc6\x9a", &k::WMF),
    (128, b"DICM", &k::DICOM),
    (0, b"ID3", &k::MP3),
    (0, b"fLaC", &k::FLAC),
    (0, b"OggS", &k::OGG),
    (0, b"MThd", &k::MIDI),
    (0, b"#!AMR", &k::AMR),
    (0, b"\x1a\x45\xdf\xa3", &k::MATROSKA),
    (0, b"FLV\x01", &k::FLV),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", &k::ASF),
    (0, b"\0\0\x01\xba", &k::MPEG),
    (0, b"\0\0\x01\xb3", &k::MPEG),
    (0, b"wOFF", &k::WOFF),
    (0, b"wOF2", &k::WOFF2),
    (0, b"OTTO\0", &k::OPENTYPE),
    (0, b"ttcf\0", &k::OPENTYPE),
    (0, b"\0\x01\0\0\0", &k::OPENTYPE),
    (0, b"SQLite format 3\0", &k::SQLITE),
    (0, b"PAR1", &k::PARQUET),
    (0, b"{\\rt", &k::RTF),
    (0, b"%!PS", &k::POSTSCRIPT),
    (0, b"\xc5\xd0\xd3\xc6", &k::POSTSCRIPT),
    (0, b"=ybegin ", &k::TEXT),
    (0, b"-----BEGIN PGP MESSAGE", &k::PGP_ARMOUR),
    (0, b"-----BEGIN ", &k::PEM),
];

/// Kinds that begin with letters, as text may, but always have bytes that text never has.
static LETTERS: &[&Kind] = &[
    &k::CAB,
    &k::INSTALL_SHIELD,
    &k::LZIP,
    &k::ACE,
    &k::XAR,
    &k::CHM,
    &k::VHD,
    &k::VHDX,
    &k::VMDK,
    &k::SQUASHFS,
    &k::PST,
    &k::CRX,
    &k::PE,
    &k::FLASH,
    &k::PYTHON_BYTECODE,
    &k::BMP,
    &k::PSD,
    &k::DWG,
    &k::MP3,
    &k::FLAC,
    &k::OGG,
    &k::MIDI,
    &k::MP4,
    &k::FLV,
    &k::WOFF,
    &k::WOFF2,
    &k::PARQUET,
];

/// How far a PDF header may be from the start and still be opened by readers.
const PDF_HEADER_WITHIN: usize = 1024;

pub fn detect(head: &[u8]) -> Option<&'static Kind> {
    let has = |offset: usize, bytes: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(bytes))
    };
    if crate::tar::looks_like(head) {
        return Some(&k::TAR);
    }
    let text = LazyCell::new(|| text::has_no_controls(head));
    let letters = |kind: &Kind| LETTERS.contains(&kind) || is_cpio(kind) && !has_digits(head);
    let counts = |kind: &Kind| fits(kind, head) && !(letters(kind) && *text);
    MAGICS
        .iter()
        .filter(|(offset, bytes, _)| has(*offset, bytes))
        .map(|(_, _, kind)| *kind)
        .find(|kind| counts(kind))
        .or_else(|| behind_frames_of_nobody(head))
        .or_else(|| structured(head, has).filter(|kind| counts(kind)))
        .or_else(|| der::detect(head))
        .or_else(|| der::is_openpgp(head).then_some(&k::PGP))
}

/// A PDF behind other content, which readers open all the same.
pub fn detect_pdf(head: &[u8]) -> Option<&'static Kind> {
    let start = &head[..head.len().min(PDF_HEADER_WITHIN)];
    memchr::memmem::find(start, b"%PDF-").map(|_| &k::PDF)
}

/// Whether the fields behind a short signature are what its kind has there. Whatever some
/// program would open must pass; bytes that are missing fit.
fn fits(kind: &Kind, head: &[u8]) -> bool {
    let byte = |at: usize, fits: fn(u8) -> bool| head.get(at).is_none_or(|byte| fits(*byte));
    match (kind, head) {
        (kind, [_, _, low, high, ..]) if *kind == k::ARJ => {
            // The length of the first header, which has its own limit.
            (1..=2600).contains(&u16::from_le_bytes([*low, *high]))
        }
        (kind, _) if *kind == k::LHA => byte(6, |end| end == b'-'),
        // The longest code, and a first code that is a byte, or the one that clears the table.
        (kind, [0x1f, 0x9d, ..]) if *kind == k::COMPRESS => {
            let first = byte(4, |high| high & 1 == 0) || byte(3, |low| low == 0);
            byte(2, |flags| flags & 0x1f <= 16) && first
        }
        // The length of the first block.
        (kind, [0x1f, 0xa0, ..]) if *kind == k::COMPRESS => {
            byte(2, |high| high > 0) || byte(3, |low| low > 0)
        }
        (kind, [0x1f, 0x1e, ..]) if *kind == k::COMPRESS => {
            byte(6, |levels| (1..=25).contains(&levels))
        }
        // A name that is not empty; its last byte is zero and counted.
        (kind, [0xc7 | 0x71, ..]) if is_cpio(kind) => {
            let none: [&[u8]; 2] = if head[0] == 0xc7 {
                [&[0, 0], &[1, 0]]
            } else {
                [&[0, 0], &[0, 1]]
            };
            let length = head
                .get(20..22)
                .is_none_or(|length| !none.contains(&length));
            length && byte(26, |name| name != 0)
        }
        _ => true,
    }
}

fn is_cpio(kind: &Kind) -> bool {
    [&k::CPIO, &k::CPIO_OTHER].contains(&kind)
}

/// Whether a header in letters has numbers in its fields. Then it counts even in what is text
/// all through, as a name longer than the look ahead makes it.
fn has_digits(head: &[u8]) -> bool {
    let octal = head.get(5) == Some(&b'7');
    let fields = &head[..head.len().min(if octal { 76 } else { 110 })];
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b' ';
    fields.iter().all(is_digit)
}

/// Says what an object is that ends with `tail`, 512 bytes if it has as many. Systems mount
/// disk images by what is at their end, whatever they begin with.
pub fn detect_by_footer(tail: &[u8]) -> Option<&'static Kind> {
    const VHD: &[u8] = b"conectix";
    // Its version and its own length follow.
    const DMG: &[u8] = b"koly\0\0\0\x04\0\0\x02\0";
    let footer = tail.last_chunk::<512>()?;
    // Old programs wrote a footer of 511 bytes.
    if footer.starts_with(VHD) || footer[1..].starts_with(VHD) {
        return Some(&k::VHD);
    }
    footer.starts_with(DMG).then_some(&k::DMG)
}

/// What begins with frames that Zstandard and LZ4 step over, both alike. When they are longer
/// than `head`, it is read as Zstandard, and LZ4 behind them is then something that follows.
fn behind_frames_of_nobody(head: &[u8]) -> Option<&'static Kind> {
    let mut rest = head;
    while let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = rest {
        let length = u32::from_le_bytes([*a, *b, *c, *d]);
        let frame = usize::try_from(length).ok()?.saturating_add(8);
        rest = rest.get(frame..).unwrap_or_default();
    }
    let stepped = rest.len() < head.len();
    stepped.then_some(match rest {
        [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => &k::LZ4,
        _ => &k::ZSTD,
    })
}

/// Kinds that take more than one comparison.
fn structured(head: &[u8], has: impl Fn(usize, &[u8]) -> bool) -> Option<&'static Kind> {
    if has(0, b"MZ") && head.len() > 64 {
        return Some(&k::PE);
    }
    if has(0, b"\xca\xfe\xba\xbe") {
        // Java's next field is a version, above 40; a fat Mach-O's is a small count.
        let version = head
            .get(6..8)
            .map_or(0, |field| u16::from_be_bytes([field[0], field[1]]));
        return Some(if version > 40 {
            &k::JAVA_CLASS
        } else {
            &k::MACH_O
        });
    }
    if has(0, b"BZh") && (has(4, b"1AY&SY") || has(4, b"\x17\x72\x45\x38\x50\x90")) {
        return Some(&k::BZIP2);
    }
    if has(0, b"RIFF") {
        return riff(head.get(8..12)?);
    }
    if has(4, b"ftyp") {
        return Some(brand(head.get(8..12)?));
    }
    if has(0, b"BM") && head.len() > 26 && has(6, &[0; 4]) {
        return Some(&k::BMP);
    }
    if has(0, b"\x5d\0\0") && head.len() > 13 && (has(5, &[0xff; 8]) || has(10, &[0; 3])) {
        return Some(&k::LZMA);
    }
    if head.get(2..4) == Some(b"\r\n") && head.len() >= 16 && head[1] >= 0x0c && head[1] < 0x10 {
        return Some(&k::PYTHON_BYTECODE);
    }
    if is_quicktime(head) {
        return Some(&k::MP4);
    }
    is_mpeg_audio(head).then_some(&k::MP3)
}

/// A film of the time before films said their brand: it begins with any of these boxes.
fn is_quicktime(head: &[u8]) -> bool {
    let [a, b, c, d, name @ ..] = head else {
        return false;
    };
    let boxes: [&[u8]; 6] = [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];
    let length = u32::from_be_bytes([*a, *b, *c, *d]);
    // 0: up to the end; 1: a longer length follows.
    boxes.iter().any(|it| name.starts_with(it)) && !(2..8).contains(&length)
}

fn riff(form: &[u8]) -> Option<&'static Kind> {
    match form {
        b"WAVE" => Some(&k::WAV),
        b"AVI " => Some(&k::AVI),
        b"WEBP" => Some(&k::WEBP),
        _ => None,
    }
}

fn brand(brand: &[u8]) -> &'static Kind {
    match brand {
        b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" => &k::HEIF,
        b"avif" | b"avis" => &k::AVIF,
        _ => &k::MP4,
    }
}

/// An MPEG audio frame header without a tag before it.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xff, second, third, _, ..] = head else {
        return false;
    };
    second & 0xe6 == 0xe2 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c && third & 0xf0 != 0
}
