//! What a check found, and what to do about it.

use std::fmt;

use serde::Serialize;

/// What one check found.
#[derive(Debug, Serialize)]
pub struct Finding {
    level: Level,
    /// What was looked at.
    what: String,
    detail: String,
    /// What to do about it; whatever is not well says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warn,
    Fail,
}

impl Finding {
    pub fn ok(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            what: what.into(),
            detail: detail.into(),
            advice: None,
        }
    }

    pub fn warn(
        what: impl Into<String>,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Warn,
            advice: Some(advice.into()),
            ..Self::ok(what, detail)
        }
    }

    pub fn fail(
        what: impl Into<String>,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Fail,
            advice: Some(advice.into()),
            ..Self::ok(what, detail)
        }
    }

    /// What was looked at.
    pub fn what(&self) -> &str {
        &self.what
    }

    pub fn failed(&self) -> bool {
        self.level == Level::Fail
    }

    pub fn warned(&self) -> bool {
        self.level == Level::Warn
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(out, "{level:<5} {:<16} {}", self.what, self.detail)?;
        match &self.advice {
            Some(advice) => write!(out, "\n{:<22} → {advice}", ""),
            None => Ok(()),
        }
    }
}
