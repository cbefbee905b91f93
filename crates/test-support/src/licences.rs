//! Licences for tests, signed by a key that every test's app knows.

use chrono::{DateTime, TimeDelta, Utc};
use sofie_app::licences::{CheckingKey, TextSigner};
use sofie_domain::Licence;

/// Returns the key that signs.
#[must_use]
pub fn signer() -> TextSigner {
    TextSigner::from_seed(&[7; 32]).expect("a key")
}

/// Returns the key that checks.
#[must_use]
pub fn checking_key() -> CheckingKey {
    signer().checking_key().expect("a key")
}

/// Returns a licence for a hundred days from `now`, for any host and any number of users.
#[must_use]
pub fn licence(now: DateTime<Utc>) -> Licence {
    Licence {
        id: "L-1".to_owned(),
        holder: "Example s.r.o.".to_owned(),
        edition: "standard".to_owned(),
        users: None,
        issued: now,
        expires: now + TimeDelta::days(100),
        hosts: Vec::new(),
        features: Vec::new(),
    }
}

/// Signs a licence.
#[must_use]
pub fn signed(licence: &Licence) -> String {
    sofie_app::licences::issue(&signer(), licence).expect("a text")
}
