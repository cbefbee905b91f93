//! Mailed codes: eight digits, ten minutes, five tries, bound to the browser that asked.

use chrono::{DateTime, TimeDelta, Utc};
use sofie_identity::{Code, CodeHash};
use uuid::Uuid;

use crate::App;

/// For how many minutes a code is good.
pub(crate) const MINUTES: u16 = 10;
const TRIES: i32 = 5;

/// What is kept of a code that was mailed.
pub(crate) struct Kept<'a> {
    /// What the code is bound to: the grant or the browser.
    pub bound_to: Uuid,
    /// Its hash; none once it was used.
    pub hash: Option<&'a [u8]>,
    /// When it was mailed.
    pub sent_at: Option<DateTime<Utc>>,
    /// How many codes were tried, this time included.
    pub tries: i32,
}

/// Makes a code and the hash to keep.
pub(crate) fn new(app: &App, bound_to: Uuid) -> (Code, CodeHash) {
    let code = Code::generate();
    let hash = code.hash(&app.code_key(), bound_to.as_bytes());
    (code, hash)
}

/// Tells whether what somebody typed is the code.
pub(crate) fn agrees(app: &App, kept: &Kept<'_>, typed: &str, now: DateTime<Utc>) -> bool {
    let fresh = kept
        .sent_at
        .is_some_and(|at| now < at + TimeDelta::minutes(MINUTES.into()));
    let stored = kept.hash.and_then(|bytes| CodeHash::try_from(bytes).ok());
    let (Ok(code), Some(stored)) = (typed.parse::<Code>(), stored) else {
        return false;
    };
    let same = code.hash(&app.code_key(), kept.bound_to.as_bytes()) == stored;
    fresh && same && kept.tries <= TRIES
}
