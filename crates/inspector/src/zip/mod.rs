//! ZIP, read strictly and as a stream (PKWARE APPNOTE 6.3.10).
//!
//! Programs find members in two ways: by the central directory at the end, or by the local
//! headers on the way. An archive may be written so that the two ways, or two programs, see
//! different members. Here both ways must agree in everything that matters: members lie back
//! to back from the first byte, the central directory repeats the local headers one to one,
//! and one end record closes the file. What departs from that is a finding, not a guess.

mod cipher;
mod contents;
mod end;
mod extra;
mod local;
mod member;
mod sealed;
mod walk;

pub use walk::walk;

/// Signatures of records.
mod signature {
    pub const LOCAL: [u8; 4] = *b"PK\x03\x04";
    pub const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
    pub const CENTRAL: [u8; 4] = *b"PK\x01\x02";
    pub const END: [u8; 4] = *b"PK\x05\x06";
    pub const END_64: [u8; 4] = *b"PK\x06\x06";
    pub const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
}

/// General purpose flags.
mod flag {
    pub const ENCRYPTED: u16 = 1;
    pub const DESCRIPTOR: u16 = 1 << 3;
    pub const STRONG: u16 = 1 << 6;
    pub const UTF8: u16 = 1 << 11;
    pub const MASKED: u16 = 1 << 13;
    /// The flags that change what a program makes of a member.
    pub const MATTER: u16 = ENCRYPTED | DESCRIPTOR | STRONG | UTF8 | MASKED;
}

/// Compression methods.
mod method {
    pub const STORED: u16 = 0;
    pub const DEFLATE: u16 = 8;
    pub const AES: u16 = 99;
}

const TRUNCATED: &str = "zip-truncated";

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn quad(bytes: &[u8], at: usize) -> u64 {
    u64::from(double(bytes, at)) | u64::from(double(bytes, at + 4)) << 32
}
