//! The programs that are known, and what their answers mean.

/// A program and how it is used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preset {
    pub name: &'static str,
    /// Where it may be; the first that exists is taken.
    pub programs: &'static [&'static str],
    /// Its arguments; `{path}` is where the content is.
    pub arguments: &'static [&'static str],
    /// What makes it tell its version.
    pub version: &'static [&'static str],
    /// What its exit codes mean; one that is not here is no answer.
    pub codes: &'static [(i32, Code)],
    /// Words behind the number of findings, which then must be in the output: the exit code alone says nothing.
    pub count: Option<&'static str>,
    /// What stands before and behind a finding's name in the output.
    pub finding: Option<(&'static str, &'static str)>,
}

/// What an exit code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Clean,
    Infected,
    /// Unwanted, but no malware as such.
    Unwanted,
    Suspicious,
    Encrypted,
    Incomplete,
    /// It is set up wrongly.
    Config,
    /// It could not do its work.
    Failed,
    /// It has no signatures or no licence.
    Unlicensed,
}

use Code::{
    Clean, Config, Encrypted, Failed, Incomplete, Infected, Suspicious, Unlicensed, Unwanted,
};

/// All presets. What is marked as a guess was not found in the vendor's documents and was not tried; the self-test
/// shows whether it fits, and a code that is not known is never clean.
pub(super) const PRESETS: &[Preset] = &[
    // ESET Server Security and Endpoint Antivirus for Linux. The switches and codes are from users who quote the
    // documents; the first place is a guess. A code above 100 is "not scanned".
    Preset {
        name: "eset_odscan",
        programs: &["/opt/eset/efs/bin/odscan", "/opt/eset/eea/bin/odscan"],
        arguments: &["--scan", "--readonly", "--ignore-exclusions", "{path}"],
        version: &["--version"],
        codes: &[
            (0, Clean),
            (1, Infected),
            (10, Incomplete),
            (50, Infected),
            (100, Failed),
        ],
        count: None,
        finding: None,
    },
    // Kaspersky Endpoint Security for Linux: https://support.kaspersky.com/kes4linux/12.2.0/en-US/264016.htm.
    // Without an action it disinfects; the word `Skip` is a guess.
    Preset {
        name: "kaspersky_kesl",
        programs: &[
            "/opt/kaspersky/kesl/bin/kesl-control",
            "/usr/bin/kesl-control",
        ],
        arguments: &["--scan-file", "{path}", "--action", "Skip"],
        version: &["--app-info"],
        codes: &[
            (0, Clean),
            (72, Infected),
            (1, Config),
            (2, Config),
            (64, Failed),
            (65, Failed),
            (66, Unlicensed),
            (67, Unlicensed),
            (68, Config),
            (71, Config),
            (74, Failed),
            (75, Failed),
            (76, Config),
            (77, Unlicensed),
        ],
        count: None,
        finding: None,
    },
    // Microsoft Defender for Endpoint on Linux. Its exit codes are not documented: the number of threats in its
    // output decides. Its own protection must leave the place alone where the content is.
    Preset {
        name: "microsoft_mdatp",
        programs: &[
            "/usr/bin/mdatp",
            "/opt/microsoft/mdatp/sbin/wdavdaemonclient",
        ],
        arguments: &["scan", "custom", "--path", "{path}", "--ignore-exclusions"],
        version: &["version"],
        codes: &[(0, Clean)],
        count: Some("threat(s) detected"),
        finding: None,
    },
    // WithSecure (F-Secure) Linux Security: https://community.withsecure.com/ja/kb/articles/5584. The switches that
    // keep it from changing the file are a guess.
    Preset {
        name: "withsecure_fsav",
        programs: &["/usr/bin/fsav", "/opt/f-secure/fssp/bin/fsav"],
        arguments: &[
            "--virus-action1=report",
            "--suspected-action1=report",
            "--archive=yes",
            "{path}",
        ],
        version: &["--version"],
        codes: &[
            (0, Clean),
            (1, Failed),
            (3, Infected),
            (4, Unwanted),
            (6, Infected),
            (7, Failed),
            (8, Suspicious),
            (9, Incomplete),
            (130, Failed),
        ],
        count: None,
        finding: Some(("Infected: ", " [")),
    },
    // Sophos Anti-Virus for Linux, which its vendor no longer sells. All of it is a guess.
    Preset {
        name: "sophos_savscan",
        programs: &["/usr/local/bin/savscan", "/opt/sophos-av/bin/savscan"],
        arguments: &["-f", "-all", "-archive", "-eec", "{path}"],
        version: &["-v"],
        codes: &[
            (0, Clean),
            (8, Failed),
            (12, Failed),
            (16, Encrypted),
            (20, Infected),
            (24, Infected),
            (28, Failed),
            (32, Failed),
            (36, Failed),
            (40, Failed),
        ],
        count: None,
        finding: Some(("Virus '", "'")),
    },
];

/// The presets' names, in the same order.
pub(super) const NAMES: &[&str] = &{
    let mut names = [""; PRESETS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = PRESETS[at].name;
        at += 1;
    }
    names
};

/// Finds a preset.
pub(super) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
