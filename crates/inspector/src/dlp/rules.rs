//! What to look for, ready for use.

use std::borrow::Cow;

use regex::bytes::{Regex, RegexBuilder};

use super::config::{Detector, Dlp, DlpError};

/// Largest compiled expression, in bytes.
const LARGEST: usize = 256 << 10;
/// Largest cache of one expression, in bytes.
const LARGEST_CACHE: usize = 256 << 10;
/// Deepest nesting of an expression.
const DEEPEST: u32 = 50;

/// One thing to look for: its place in the lists of hits and totals.
pub type Rule = usize;

/// The detectors that are on, and the compiled expressions.
#[derive(Debug, Default)]
pub struct Rules {
    /// By place of the detector in [`Detector::ALL`]; none when it is off.
    thresholds: [Option<u32>; Detector::ALL.len()],
    expressions: Vec<(String, Regex)>,
}

impl Rules {
    /// Compiles a configuration.
    pub(crate) fn compile(dlp: &Dlp) -> Result<Self, DlpError> {
        let mut rules = Self::default();
        for on in &dlp.detectors {
            rules.thresholds[on.detector as usize] = Some(on.threshold.max(1));
        }
        for one in &dlp.expressions {
            let wrong = || DlpError::Expression(one.name.clone());
            let regex = RegexBuilder::new(&one.expression)
                // Text comes in many encodings; tables of Unicode would fit only one.
                .unicode(false)
                .multi_line(true)
                .size_limit(LARGEST)
                .dfa_size_limit(LARGEST_CACHE)
                .nest_limit(DEEPEST)
                .build()
                .map_err(|_| wrong())?;
            if regex.is_match(b"") {
                return Err(wrong());
            }
            rules.expressions.push((one.name.clone(), regex));
        }
        Ok(rules)
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_off(&self) -> bool {
        self.expressions.is_empty() && !self.any_detector()
    }

    pub(super) fn any_detector(&self) -> bool {
        self.thresholds.iter().any(Option::is_some)
    }

    pub(super) fn has(&self, detector: Detector) -> bool {
        self.thresholds[detector as usize].is_some()
    }

    pub(super) fn expressions(&self) -> impl Iterator<Item = (Rule, &Regex)> {
        let rules = Detector::ALL.len()..;
        rules.zip(self.expressions.iter().map(|(_, regex)| regex))
    }

    /// The name of a rule's finding.
    pub(super) fn finding(&self, rule: Rule) -> Cow<'static, str> {
        let named = Detector::ALL.get(rule).map(|detector| detector.id());
        let name = named.map(|id| format!("dlp-{id}")).or_else(|| {
            let (name, _) = self.expressions.get(rule - Detector::ALL.len())?;
            Some(format!("dlp-regex-{name}"))
        });
        Cow::Owned(name.unwrap_or_default())
    }

    pub(super) fn threshold(&self, rule: Rule) -> u64 {
        let own = self.thresholds.get(rule).copied().flatten();
        u64::from(own.unwrap_or(1))
    }
}
