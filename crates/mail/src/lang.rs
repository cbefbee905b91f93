//! Languages, and how each writes dates, sizes and numbers of things.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};

/// A language with a complete set of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Czech.
    Cs,
}

/// There are no templates in this language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are no mails in this language")]
pub struct UnknownLang;

impl Lang {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Cs];

    /// Returns the language's tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Cs => "cs",
        }
    }

    /// Writes a moment in UTC, to the minute.
    pub(crate) fn moment(self, at: DateTime<Utc>) -> String {
        let time = at.format("%H:%M");
        let (day, year) = (at.day(), at.year());
        let month = self.months()[at.month0() as usize];
        match self {
            Self::En => format!("{day} {month} {year}, {time} UTC"),
            Self::Cs => format!("{day}. {month} {year} v {time} UTC"),
        }
    }

    fn months(self) -> [&'static str; 12] {
        match self {
            Self::En => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Self::Cs => [
                "ledna",
                "února",
                "března",
                "dubna",
                "května",
                "června",
                "července",
                "srpna",
                "září",
                "října",
                "listopadu",
                "prosince",
            ],
        }
    }

    /// Writes a number of bytes in decimal units with one decimal.
    pub(crate) fn size(self, bytes: u64) -> String {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if bytes < 1_000 {
            return format!("{bytes}\u{a0}B");
        }
        // Tenths of the present unit, rounded half up in whole numbers.
        let (mut divisor, mut unit) = (1_000_u64, 0);
        while unit + 1 < UNITS.len() && tenths(bytes, divisor) >= 10_000 {
            divisor *= 1_000;
            unit += 1;
        }
        let tenths = tenths(bytes, divisor);
        let point = match self {
            Self::En => '.',
            Self::Cs => ',',
        };
        format!("{}{point}{}\u{a0}{}", tenths / 10, tenths % 10, UNITS[unit])
    }

    /// Writes a number of files.
    pub(crate) fn files(self, count: u64) -> String {
        let word = match self {
            Self::En => ["file", "files", "files"],
            Self::Cs => ["soubor", "soubory", "souborů"],
        };
        format!("{count}\u{a0}{}", word[self.form(count)])
    }

    /// Writes a number of minutes, as what something lasts for.
    pub(crate) fn minutes(self, count: u64) -> String {
        let word = match self {
            Self::En => ["minute", "minutes", "minutes"],
            Self::Cs => ["minutu", "minuty", "minut"],
        };
        format!("{count}\u{a0}{}", word[self.form(count)])
    }

    /// Returns which form of a noun a number takes: one, few or many (CLDR plural rules).
    fn form(self, count: u64) -> usize {
        match (self, count) {
            (_, 1) => 0,
            (Self::Cs, 2..=4) => 1,
            _ => 2,
        }
    }
}

fn tenths(bytes: u64, divisor: u64) -> u64 {
    let tenth = divisor / 10;
    bytes / tenth + u64::from(bytes % tenth >= tenth.div_ceil(2))
}

/// Reads a tag; a region (`cs-CZ`) is ignored.
impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(tag: &str) -> Result<Self, UnknownLang> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        let same = |lang: &Self| lang.tag().eq_ignore_ascii_case(primary);
        Self::ALL.into_iter().find(same).ok_or(UnknownLang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        assert_eq!("cs-CZ".parse(), Ok(Lang::Cs));
        assert_eq!("EN".parse(), Ok(Lang::En));
        assert_eq!("de".parse::<Lang>(), Err(UnknownLang));
        assert_eq!("".parse::<Lang>(), Err(UnknownLang));
    }

    #[test]
    fn moments() {
        let at = "2026-11-02T07:05:59Z".parse().unwrap();
        assert_eq!(Lang::En.moment(at), "2 November 2026, 07:05 UTC");
        assert_eq!(Lang::Cs.moment(at), "2. listopadu 2026 v 07:05 UTC");
    }

    #[test]
    fn sizes() {
        let written = |bytes| Lang::En.size(bytes).replace('\u{a0}', " ");
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_049, "1.0 kB"),
            (1_050, "1.1 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (52_428_800, "52.4 MB"),
            (100_000_000_000, "100.0 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(written(bytes), text, "{bytes}");
        }
        assert_eq!(Lang::Cs.size(1_500_000), "1,5\u{a0}MB");
    }

    #[test]
    fn numbers_of_things() {
        let cs = |count| Lang::Cs.files(count).replace('\u{a0}', " ");
        assert_eq!(
            [cs(1), cs(3), cs(5), cs(0)],
            ["1 soubor", "3 soubory", "5 souborů", "0 souborů"]
        );
        assert_eq!(Lang::En.files(1), "1\u{a0}file");
        assert_eq!(Lang::En.minutes(10), "10\u{a0}minutes");
        assert_eq!(Lang::Cs.minutes(10), "10\u{a0}minut");
    }
}
