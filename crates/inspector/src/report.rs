//! What the inspector says of one file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The inspector's answer for one file.
///
/// A report without findings means that every byte was read and every container in it was
/// opened to the bottom; whatever could not be looked at has a finding of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Number of content bytes received; the caller compares it with what it sent.
    pub bytes_seen: u64,
    /// SHA-256 of the content, 64 lowercase hexadecimal digits.
    pub sha256: String,
    /// CRC-32 (IEEE) of the content, as ZIP archives want it.
    pub crc32: u32,
    /// The file itself, then what was found inside, in reading order; a bounded number.
    pub objects: Vec<Object>,
    /// How many objects were seen but not listed.
    pub objects_unlisted: u64,
    /// Whether content was opened with a password that was given, in a listed object or another one.
    pub opened_with_password: bool,
    /// How many objects were shown to the process that listens, if one does.
    pub objects_shown: u32,
    /// What was found; bounded per engine, name and outcome, so a flood can't hide another kind.
    pub findings: Vec<Finding>,
    /// How many findings were made but not listed; each has one like it in the list.
    pub findings_unlisted: u64,
    /// Which walls stood around the process that wrote this.
    pub jail: JailState,
}

/// One file, or one member of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Where it is, for people: `outer.zip/inner.zip/eicar.com`, made safe to display.
    pub path: String,
    /// Media type by content, never by name.
    pub media_type: Cow<'static, str>,
    /// Unpacked size in bytes.
    pub size: u64,
    /// SHA-256 of the unpacked content, 64 lowercase hexadecimal digits; only if it was read to
    /// its end.
    pub sha256: Option<String>,
    /// 0 for the file itself, 1 for a member of it, and so on.
    pub depth: u32,
    /// The format has inner streams of its own (PDF, old Office) that were not unpacked: only
    /// the bytes as they are were searched.
    pub surface_only: bool,
    /// How its content, which was encrypted, was opened; none when it was not encrypted or
    /// stayed closed, which a finding says.
    pub opened: Option<How>,
}

/// How encrypted content was opened; never with which password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// With one that programs try by themselves, so that nobody is asked for it.
    DefaultPassword,
    /// With one that was given.
    Password,
}

/// One thing found in one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which internal engine found it.
    pub engine: Engine,
    /// What it means.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Stable code such as `eicar-test-file`.
    pub name: Cow<'static, str>,
    /// Path of the object, as in [`Object::path`].
    pub object: String,
    /// More words for people, made safe to display; empty when there is nothing to add.
    pub detail: String,
}

/// The inspector's engines; an administrator sees each as a row of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Real types, names that deceive.
    Type,
    /// Opens containers and guards their structure and limits.
    Container,
    /// Recognises what can't be read without a password.
    Encrypted,
    /// Knows the EICAR test file.
    Eicar,
    /// Macros and other active content.
    Content,
    /// Sensitive data.
    Dlp,
}

impl Engine {
    /// Every internal engine, in the order in which people see them.
    pub const ALL: [Self; 6] = [
        Self::Type,
        Self::Container,
        Self::Encrypted,
        Self::Eicar,
        Self::Content,
        Self::Dlp,
    ];

    /// The stable name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Container => "container",
            Self::Encrypted => "encrypted",
            Self::Eicar => "eicar",
            Self::Content => "content",
            Self::Dlp => "dlp",
        }
    }
}

/// What a finding means. There is no "clean" finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Known bad.
    Infected,
    /// Built like an attempt to hide something.
    Suspicious {
        /// How strongly.
        level: Level,
    },
    /// Can't be read without a password.
    Encrypted,
    /// A limit stopped the inspection.
    Incomplete {
        /// Which limit.
        limit: Limit,
    },
    /// Damaged, or of a kind that is not opened.
    Unsupported,
    /// Not malicious as such; a policy may forbid it.
    PolicyHit {
        /// What kind of rule it may break.
        category: Category,
    },
}

/// How strongly something is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Odd, with innocent explanations.
    Low,
    /// Odd, with few innocent explanations.
    Medium,
    /// No ordinary program writes this.
    High,
}

/// The limits of an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Containers within containers.
    Recursion,
    /// Number of members, counted over all containers.
    Members,
    /// Number of unpacked bytes, counted over all containers.
    UnpackedSize,
    /// Unpacked bytes per byte of the file.
    Ratio,
    /// Time.
    Time,
    /// Memory that a decompressor or a format read out of order would need.
    Memory,
}

/// Kinds of rules that a policy may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Office macros.
    Macro,
    /// Risky kind of file: program, script, shortcut, disk image, …
    FileType,
    /// The content is not what the name says.
    TypeMismatch,
    /// The name is made to mislead people or programs.
    DeceptiveName,
    /// Content that acts when it is opened.
    ActiveContent,
    /// Two formats in one file.
    Polyglot,
    /// Sensitive data.
    Dlp,
}

/// The walls around the inspecting process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JailState {
    /// Whether system calls are filtered. Always true in a report of `child::run`.
    pub seccomp: bool,
    /// How much of Landlock this kernel has.
    pub landlock: Landlock,
    /// Descriptors that came from the parent; they can't be used, but should not be there.
    pub inherited_descriptors: u32,
}

/// How much of Landlock is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Landlock {
    /// Everything that was asked for.
    Full,
    /// What this kernel knows.
    Partial,
    /// The kernel lacks it; the system call filter stands alone.
    Absent,
}
