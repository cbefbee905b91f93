//! What to look for, as an administrator writes it and as the child is told.

use serde::{Deserialize, Serialize};

use super::rules;

/// The most expressions.
const MOST_EXPRESSIONS: usize = 50;
/// The longest name of an expression.
const LONGEST_NAME: usize = 40;
/// The longest expression in bytes.
const LONGEST_EXPRESSION: usize = 1000;
/// The largest threshold.
const MOST_MATCHES: u32 = 1_000_000;

/// Sensitive data that is known by its form and its checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// Numbers of payment cards.
    Card,
    /// International bank account numbers.
    Iban,
    /// Czech and Slovak birth numbers.
    BirthNumber,
    /// Czech and Slovak company ids.
    CompanyId,
    /// German tax ids.
    SteuerId,
    /// Polish personal numbers.
    Pesel,
    /// Social security numbers of the United States.
    Ssn,
    /// Private keys.
    PrivateKey,
    /// Tokens of known services.
    Token,
    /// Words that classify a document.
    Label,
}

impl Detector {
    /// Every detector.
    pub const ALL: [Self; 10] = [
        Self::Card,
        Self::Iban,
        Self::BirthNumber,
        Self::CompanyId,
        Self::SteuerId,
        Self::Pesel,
        Self::Ssn,
        Self::PrivateKey,
        Self::Token,
        Self::Label,
    ];

    /// The word in settings and, behind `dlp-`, the name of the finding.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Iban => "iban",
            Self::BirthNumber => "birth-number",
            Self::CompanyId => "company-id",
            Self::SteuerId => "steuer-id",
            Self::Pesel => "pesel",
            Self::Ssn => "ssn",
            Self::PrivateKey => "private-key",
            Self::Token => "token",
            Self::Label => "label",
        }
    }

    /// Whether the end of a match may be shown: what stands behind a key's header or in a label
    /// says nothing to people.
    pub(super) const fn is_shown(self) -> bool {
        !matches!(self, Self::PrivateKey | Self::Label)
    }
}

/// A detector that is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switched {
    /// Which.
    pub detector: Detector,
    /// Matches in a file below which nothing is said.
    pub threshold: u32,
}

/// An administrator's regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    /// What its finding is called, behind `dlp-regex-`.
    pub name: String,
    /// The expression.
    pub expression: String,
}

/// Everything to look for. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dlp {
    pub(super) detectors: Vec<Switched>,
    pub(super) expressions: Vec<Expression>,
}

/// Why a configuration can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DlpError {
    /// No detector has this name, or it is named twice.
    #[error("reading the list of detectors: {0} is unknown or named twice")]
    Detector(String),
    /// A threshold is no number from 1 on.
    #[error("reading the list of detectors: the threshold of {0} is not a number from 1 on")]
    Threshold(String),
    /// A line is not `name: expression`, or its name can't be used.
    #[error(
        "reading the expressions: number {0} has no name of its own in small letters, digits and hyphens"
    )]
    Name(usize),
    /// Too many expressions.
    #[error("reading the expressions: there are too many")]
    Many,
    /// An expression does not compile within its limits, or matches nothing at all.
    #[error("compiling the expression {0}: it is wrong, too large, or matches an empty text")]
    Expression(String),
}

impl Dlp {
    /// Reads detectors as `card` or `iban:3` and expressions as `name: expression`, and proves
    /// that they compile.
    ///
    /// # Errors
    /// When a name is unknown or an expression can't be used.
    pub fn parse(detectors: &[String], expressions: &[String]) -> Result<Self, DlpError> {
        let dlp = Self {
            detectors: read_detectors(detectors)?,
            expressions: read_expressions(expressions)?,
        };
        rules::Rules::compile(&dlp)?;
        Ok(dlp)
    }

    /// Whether there is nothing to look for.
    pub fn is_off(&self) -> bool {
        self.detectors.is_empty() && self.expressions.is_empty()
    }
}

fn read_detectors(lines: &[String]) -> Result<Vec<Switched>, DlpError> {
    let mut all: Vec<Switched> = Vec::new();
    for line in lines {
        let (id, threshold) = line.split_once(':').unwrap_or((line, "1"));
        let (id, threshold) = (id.trim(), threshold.trim());
        let known = Detector::ALL.into_iter().find(|known| known.id() == id);
        let fresh = known.filter(|known| all.iter().all(|other| other.detector != *known));
        let detector = fresh.ok_or_else(|| DlpError::Detector(id.to_owned()))?;
        let threshold = threshold.parse().ok();
        let threshold = threshold.filter(|count| (1..=MOST_MATCHES).contains(count));
        all.push(Switched {
            detector,
            threshold: threshold.ok_or_else(|| DlpError::Threshold(id.to_owned()))?,
        });
    }
    Ok(all)
}

fn read_expressions(lines: &[String]) -> Result<Vec<Expression>, DlpError> {
    let mut all: Vec<Expression> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let (name, expression) = line.split_once(':').ok_or(DlpError::Name(number))?;
        let (name, expression) = (name.trim(), expression.trim());
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(allowed);
        if !good || all.iter().any(|other| other.name == name) {
            return Err(DlpError::Name(number));
        }
        if expression.is_empty() || expression.len() > LONGEST_EXPRESSION {
            return Err(DlpError::Expression(name.to_owned()));
        }
        all.push(Expression {
            name: name.to_owned(),
            expression: expression.to_owned(),
        });
    }
    if all.len() > MOST_EXPRESSIONS {
        return Err(DlpError::Many);
    }
    Ok(all)
}
