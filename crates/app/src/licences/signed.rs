//! What is signed: JSON in the armour of `sofie_identity::SignedText`.
//!
//! The payload of a licence, under the label `SOFIE LICENCE`:
//!
//! ```json
//! {
//!   "version": 1,
//!   "id": "0197…", "holder": "Example s.r.o.", "edition": "standard",
//!   "users": 50, "issued": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z",
//!   "hosts": ["files.example.org"], "features": []
//! }
//! ```
//!
//! `users` is null for any number; `hosts` is empty for any host. That of a licence that is taken back, under
//! `SOFIE REVOCATION`, is `{"version": 1, "id": "0197…", "issued": "…"}`. Other fields and versions are refused: what they
//! mean is not known.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sofie_domain::{InvalidLicence, Licence};
use sofie_identity::{BadKey, BadSignedText, CheckingKey, SignedText, TextSigner};

/// The label of a licence.
pub const LICENCE: &str = "SOFIE LICENCE";
/// The label of a revocation.
pub const REVOCATION: &str = "SOFIE REVOCATION";
const VERSION: u32 = 1;

/// Why a text is no licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLicence {
    /// It is not signed as it must be.
    #[error(transparent)]
    Text(#[from] BadSignedText),
    /// What is signed is not a licence that this release knows.
    #[error("what is signed is not a licence that this release knows")]
    Payload,
    /// A field is not right.
    #[error(transparent)]
    Fields(#[from] InvalidLicence),
}

/// Something that whoever gives licences has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A licence.
    Licence(Licence),
    /// The end of one.
    Revocation(Revocation),
}

/// Says that a licence was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Which one.
    pub id: String,
    /// When.
    pub issued: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LicencePayload {
    version: u32,
    id: String,
    holder: String,
    edition: String,
    users: Option<u64>,
    issued: DateTime<Utc>,
    expires: DateTime<Utc>,
    hosts: Vec<String>,
    features: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationPayload {
    version: u32,
    id: String,
    issued: DateTime<Utc>,
}

/// Opens a signed text, if one of `keys` signed it.
pub fn open(text: &str, keys: &[CheckingKey]) -> Result<Paper, BadLicence> {
    let signed = SignedText::open(text, keys)?;
    let payload = signed.payload.as_slice();
    match signed.label.as_str() {
        LICENCE => {
            let read: LicencePayload = read(payload)?;
            known(read.version)?;
            let licence = Licence {
                id: read.id,
                holder: read.holder,
                edition: read.edition,
                users: read.users,
                issued: read.issued,
                expires: read.expires,
                hosts: read.hosts,
                features: read.features,
            };
            licence.check()?;
            Ok(Paper::Licence(licence))
        }
        REVOCATION => {
            let read: RevocationPayload = read(payload)?;
            known(read.version)?;
            let (id, issued) = (read.id, read.issued);
            Ok(Paper::Revocation(Revocation { id, issued }))
        }
        _ => Err(BadLicence::Payload),
    }
}

fn read<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, BadLicence> {
    serde_json::from_slice(payload).map_err(|_| BadLicence::Payload)
}

fn known(version: u32) -> Result<(), BadLicence> {
    if version == VERSION {
        Ok(())
    } else {
        Err(BadLicence::Payload)
    }
}

/// Signs a licence.
pub fn issue(signer: &TextSigner, licence: &Licence) -> Result<String, BadKey> {
    let licence = licence.clone();
    let payload = LicencePayload {
        version: VERSION,
        id: licence.id,
        holder: licence.holder,
        edition: licence.edition,
        users: licence.users,
        issued: licence.issued,
        expires: licence.expires,
        hosts: licence.hosts,
        features: licence.features,
    };
    let payload = serde_json::to_vec(&payload).map_err(|_| BadKey)?;
    signer.sign(LICENCE, &payload)
}

/// Signs the end of a licence.
pub fn revoke(signer: &TextSigner, revocation: &Revocation) -> Result<String, BadKey> {
    let payload = RevocationPayload {
        version: VERSION,
        id: revocation.id.clone(),
        issued: revocation.issued,
    };
    let payload = serde_json::to_vec(&payload).map_err(|_| BadKey)?;
    signer.sign(REVOCATION, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> TextSigner {
        TextSigner::from_seed(&[7; 32]).unwrap()
    }

    fn opened(label: &str, payload: &str) -> Result<Paper, BadLicence> {
        let text = signer().sign(label, payload.as_bytes()).unwrap();
        open(&text, &[signer().checking_key().unwrap()])
    }

    const GOOD: &str = r#"{"version":1,"id":"L-1","holder":"Example","edition":"standard","users":null,
        "issued":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z","hosts":[],"features":[]}"#;

    #[test]
    fn what_was_issued_is_what_is_read() {
        let Ok(Paper::Licence(licence)) = opened(LICENCE, GOOD) else {
            panic!("a licence");
        };
        let text = issue(&signer(), &licence).unwrap();
        let keys = [signer().checking_key().unwrap()];
        assert_eq!(open(&text, &keys), Ok(Paper::Licence(licence.clone())));
        let revocation = Revocation {
            id: licence.id,
            issued: licence.expires,
        };
        let text = revoke(&signer(), &revocation).unwrap();
        assert_eq!(open(&text, &keys), Ok(Paper::Revocation(revocation)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (label, payload) in [
            (LICENCE, GOOD.replace("\"version\":1", "\"version\":2")),
            (
                LICENCE,
                GOOD.replace("\"hosts\":[]", "\"hosts\":[],\"more\":1"),
            ),
            (LICENCE, GOOD.replace("\"features\":[]", "\"features\":1")),
            (REVOCATION, GOOD.to_owned()),
            ("SOFIE SOMETHING", GOOD.to_owned()),
            (LICENCE, String::new()),
        ] {
            assert_eq!(
                opened(label, &payload),
                Err(BadLicence::Payload),
                "{label} {payload}"
            );
        }
        let ended = GOOD.replace("2027", "2025");
        assert_eq!(
            opened(LICENCE, &ended),
            Err(InvalidLicence("expires").into())
        );
    }
}
