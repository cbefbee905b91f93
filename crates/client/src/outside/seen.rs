//! What one look showed, and how bad it is.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Good,
    /// It works, but not as well as it could.
    Poor,
    /// It does not work, or is not safe.
    Bad,
}

/// What one look from outside showed.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How bad it is.
    pub grade: Grade,
    /// What was looked at.
    pub what: &'static str,
    /// What was seen.
    pub detail: String,
    /// What to do about it; nothing if it is good.
    pub advice: &'static str,
}

pub(super) fn good(what: &'static str, detail: impl Into<String>) -> Seen {
    seen(Grade::Good, what, detail, "")
}

pub(super) fn poor(what: &'static str, detail: impl Into<String>, advice: &'static str) -> Seen {
    seen(Grade::Poor, what, detail, advice)
}

pub(super) fn bad(what: &'static str, detail: impl Into<String>, advice: &'static str) -> Seen {
    seen(Grade::Bad, what, detail, advice)
}

fn seen(grade: Grade, what: &'static str, detail: impl Into<String>, advice: &'static str) -> Seen {
    let detail = detail.into();
    Seen {
        grade,
        what,
        detail,
        advice,
    }
}
