//! What a caller says about a package.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use sofie_app::packages::Input;
use sofie_domain::RequestId;
use utoipa::ToSchema;
use uuid::Uuid;

/// The fields of a package; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null takes away, left out keeps")]
pub(crate) struct PackageInput {
    /// `private`, `internal` or `public`.
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    note: Option<String>,
    /// Addresses that everybody who gets the package sees.
    recipients: Option<Vec<String>>,
    /// Addresses that the others don't see.
    blind_recipients: Option<Vec<String>>,
    /// For how many days the package can be fetched once it is delivered.
    expires_in_days: Option<u32>,
    /// The package password; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    password: Option<Option<String>>,
    /// How many accesses each recipient has; null takes the limit away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    access_limit: Option<Option<u32>>,
    /// The request that a new package answers.
    request_id: Option<Uuid>,
    /// Gives up the answer to the request that was begun in another browser.
    #[serde(default)]
    start_over: bool,
}

/// Keeps *null* apart from *left out*.
#[expect(clippy::option_option, reason = "null takes away, left out keeps")]
fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl From<PackageInput> for Input {
    fn from(body: PackageInput) -> Self {
        Self {
            kind: body.kind,
            title: body.title,
            note: body.note,
            recipients: body.recipients,
            blind_recipients: body.blind_recipients,
            expires_in_days: body.expires_in_days,
            password: body
                .password
                .map(|password| password.map(SecretString::from)),
            access_limit: body.access_limit,
            request_id: body.request_id.map(RequestId),
            start_over: body.start_over,
        }
    }
}

/// How a package is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    /// How many files there will be in all, if not every upload has begun: the package is complete with so many.
    /// Left out, it takes no more files.
    pub(super) files: Option<u32>,
}

/// A password to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unlock {
    /// At most 200 bytes.
    pub(super) password: String,
    /// The file that it is for; every locked one without it.
    pub(super) file_id: Option<Uuid>,
}

/// Whom to mail again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notify {
    /// The recipient.
    pub(super) recipient_id: Uuid,
}
