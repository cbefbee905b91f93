//! What an object is, by its content.

mod der;
mod magic;
mod table;
mod text;

pub use magic::detect_by_footer;
pub use table::*;
pub use text::begins_as_mail;

/// How an object is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Not a container: its bytes are its content.
    Opaque,
    /// A container that is not opened here; such an object is never clean.
    Closed,
    /// Encrypted.
    Sealed,
    /// ZIP and what is built on it.
    Zip,
    Tar,
    Gzip,
    /// One packed content.
    Packed(Pack),
    Ar,
    Cpio,
    Rpm,
    /// Text, in which files may be written as uuencode or yEnc.
    Text,
    Mail,
    Mailbox,
    Tnef,
    SevenZip,
    /// A Windows program, behind which there may be an archive.
    Program,
    Rar,
    Cab,
    Iso,
    /// Compound File Binary: old Office, mail messages, installers, encrypted new Office.
    Compound,
    Pdf,
    Rtf,
}

/// Compressors of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pack {
    Bzip2,
    Xz,
    Lzip,
    Lzma,
    Zstd,
    Lz4,
    Compress,
}

/// Why a kind may be unwelcome whatever it contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    None,
    Executable,
    Script,
    Shortcut,
    DiskImage,
}

impl Risk {
    pub(crate) const fn finding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Executable => Some("type-executable"),
            Self::Script => Some("type-script"),
            Self::Shortcut => Some("type-shortcut"),
            Self::DiskImage => Some("type-disk-image"),
        }
    }
}

/// A kind of content.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub media: &'static str,
    pub format: Format,
    pub risk: Risk,
    /// Name endings that honestly announce this kind, lowercase.
    pub extensions: &'static [&'static str],
}

impl Kind {
    /// Whether the content is text that people can read.
    pub(crate) fn is_text(&self) -> bool {
        text::is_text(self)
    }
}

/// Says what an object is that begins with `head` (the whole object when it is short).
pub fn detect(head: &[u8]) -> &'static Kind {
    if head.is_empty() {
        return &EMPTY;
    }
    magic::detect(head)
        .or_else(|| text::detect_mail(head))
        .or_else(|| magic::detect_pdf(head))
        .or_else(|| text::detect(head))
        .unwrap_or_else(|| if head.contains(&0) { &UNKNOWN } else { &RAW })
}

/// Says what an object is of which its container or its name says that it is `announced`.
///
/// Only for mail: any text becomes a message when a mail program is told that it is one.
pub fn detect_as(head: &[u8], announced: Option<&'static Kind>, name: &str) -> &'static Kind {
    let detected = detect(head);
    let ending = name.rsplit('.').next().unwrap_or_default();
    let named = ["eml", "mht", "mhtml", "nws"]
        .iter()
        .any(|mail| ending.eq_ignore_ascii_case(mail));
    let readable = detected.is_text() || detected == &UNKNOWN || detected == &RAW;
    if readable && detected != &MBOX && (named || announced == Some(&MAIL)) {
        return &MAIL;
    }
    detected
}

/// Endings that also stand for content of no kind known here, or of several.
static VAGUE: &[&str] = &[
    "dat", "der", "cer", "crt", "csr", "crl", "key", "p7b", "p7c", "p7m", "p7s", "p8",
];

/// Whether some kind announces itself by `extension`; then the content must agree.
pub fn announces(extension: &str) -> bool {
    !VAGUE.contains(&extension) && all().any(|kind| kind.extensions.contains(&extension))
}

#[cfg(test)]
mod tests;
