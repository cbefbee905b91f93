//! The kinds of mail, each with its closed set of placeholders.
//!
//! Links are complete URLs, secret included. Names and titles are one line: a line break in them becomes a space.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A mail to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Template {
    /// To a recipient: somebody has sent a package.
    NewPackage(NewPackage),
    /// To a recipient: the code that opens a package.
    PackageCode(Code),
    /// To somebody outside: somebody asks for files.
    Request(Request),
    /// To a user: a package arrived, asked for or not.
    PackageReceived(PackageReceived),
    /// To a recipient: files are held because they are encrypted, and the recipient may know their password.
    Locked(Locked),
    /// To the sender: the package is held back.
    QuarantinedSender(Quarantined),
    /// The rules sent a package back to its sender.
    Returned(Quarantined),
    /// To those who may approve: a package waits for one of them.
    ToApprove(ToApprove),
    /// To the sender: the package waits for approval.
    AwaitingApproval(Quarantined),
    /// To the sender: somebody agreed that the package leaves.
    Approved(Decided),
    /// To the sender: somebody did not agree.
    Disapproved(Decided),
    /// To the sender: the checks are done and the recipients were told.
    Delivered(Delivered),
    /// To the sender: a held back package was let go.
    Released(Released),
    /// To the sender: a held back package will not be delivered.
    Rejected(Rejected),
    /// To the sender: a recipient fetched something.
    Downloaded(Downloaded),
    /// To somebody who fetched a file: it turned out to be dangerous.
    RecalledFetched(RecalledFetched),
    /// To the sender and the administrators: a delivered file was taken back.
    Recalled(Recalled),
    /// To a recipient who has fetched nothing: the package ends soon.
    Expiring(Expiring),
    /// To a user or administrator: a link to set a new password.
    PasswordReset(PasswordReset),
    /// To somebody who gets an account: a link to set the first password.
    AccountInvite(AccountInvite),
    /// To a user or administrator: the password was changed or set anew.
    PasswordChanged(AccountEvent),
    /// To a user: the first log-in since a link set the password.
    FirstLogin(AccountEvent),
    /// To a user: there is a new API token.
    TokenCreated(TokenCreated),
    /// To an administrator: the licence ends or has ended.
    Licence(Licence),
    /// To a guest: the code that proves the address.
    GuestCode(Code),
    /// To the administrators: stored files are not what they were, or can't be read.
    NotIntact(NotIntact),
    /// To whoever tests the settings.
    Test(TestMail),
}

impl Template {
    /// Returns the name of the kind, as it is stored and as its template files are called.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NewPackage(_) => "new_package",
            Self::PackageCode(_) => "package_code",
            Self::Request(_) => "request",
            Self::PackageReceived(_) => "package_received",
            Self::Locked(_) => "locked",
            Self::QuarantinedSender(_) => "quarantined_sender",
            Self::Returned(_) => "returned",
            Self::ToApprove(_) => "to_approve",
            Self::AwaitingApproval(_) => "awaiting_approval",
            Self::Approved(_) => "approved",
            Self::Disapproved(_) => "disapproved",
            Self::Delivered(_) => "delivered",
            Self::Released(_) => "released",
            Self::Rejected(_) => "rejected",
            Self::Downloaded(_) => "downloaded",
            Self::RecalledFetched(_) => "recalled_fetched",
            Self::Recalled(_) => "recalled",
            Self::Expiring(_) => "expiring",
            Self::PasswordReset(_) => "password_reset",
            Self::AccountInvite(_) => "account_invite",
            Self::PasswordChanged(_) => "password_changed",
            Self::FirstLogin(_) => "first_login",
            Self::TokenCreated(_) => "token_created",
            Self::Licence(_) => "licence",
            Self::GuestCode(_) => "guest_code",
            Self::NotIntact(_) => "not_intact",
            Self::Test(_) => "test",
        }
    }
}

/// Placeholders of [`Template::NewPackage`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPackage {
    /// Who sent it: a name or an address.
    pub sender: String,
    /// The title, if it has one.
    pub title: Option<String>,
    /// The sender's words; may have several lines.
    pub note: Option<String>,
    /// How many files.
    pub files: u64,
    /// How large they are together.
    pub bytes: u64,
    /// Where to fetch them.
    pub link: String,
    /// When that ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether a password is needed, which the sender gives otherwise.
    pub password: bool,
}

/// Placeholders of [`Template::PackageCode`] and [`Template::GuestCode`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The code in two groups.
    pub code: String,
    /// How long it is good for.
    pub minutes: u64,
}

/// Placeholders of [`Template::Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who asks: a name or an address.
    pub sender: String,
    /// What for.
    pub title: Option<String>,
    /// The asker's words; may have several lines.
    pub note: Option<String>,
    /// Where to hand the files in.
    pub link: String,
    /// When that ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether a password is needed, which the asker gives otherwise.
    pub password: bool,
}

/// Placeholders of [`Template::PackageReceived`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageReceived {
    /// Who sent it: a name or an address.
    pub sender: String,
    /// The title, if it has one.
    pub title: Option<String>,
    /// How many files.
    pub files: u64,
    /// How large they are together.
    pub bytes: u64,
    /// Where to see it.
    pub link: String,
}

/// Placeholders of [`Template::Locked`]: nothing that the sender wrote, since nobody could look into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Who sent it: a name or an address.
    pub sender: String,
    /// How many files.
    pub files: u64,
    /// Where to give the password.
    pub link: String,
}

/// Placeholders of [`Template::QuarantinedSender`], [`Template::Returned`] and [`Template::AwaitingApproval`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The title, if it has one.
    pub title: Option<String>,
    /// The names of the files that were held back.
    pub names: Vec<String>,
    /// Where to see why.
    pub link: String,
}

/// Placeholders of [`Template::ToApprove`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToApprove {
    /// Who sent it: a name or an address.
    pub sender: String,
    /// The title, if it has one.
    pub title: Option<String>,
    /// The names of the files that need approval.
    pub names: Vec<String>,
    /// Where to decide.
    pub link: String,
}

/// Placeholders of [`Template::Approved`] and [`Template::Disapproved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The title, if it has one.
    pub title: Option<String>,
    /// The approver's words; may have several lines.
    pub reason: String,
    /// Where to see it.
    pub link: String,
}

/// Placeholders of [`Template::Delivered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The title, if it has one.
    pub title: Option<String>,
    /// Who was told; nobody, if the sender passes the link on.
    pub recipients: Vec<String>,
    /// Where to follow it.
    pub link: String,
}

/// Placeholders of [`Template::Released`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The title, if it has one.
    pub title: Option<String>,
    /// Where to follow it.
    pub link: String,
}

/// Placeholders of [`Template::Rejected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The title, if it has one.
    pub title: Option<String>,
    /// The administrator's words; may have several lines.
    pub reason: String,
    /// Where to see it.
    pub link: String,
}

/// Placeholders of [`Template::Downloaded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downloaded {
    /// The title, if it has one.
    pub title: Option<String>,
    /// Who fetched, if that is known of somebody with the link.
    pub recipient: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Where to follow it.
    pub link: String,
}

/// Placeholders of [`Template::RecalledFetched`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecalledFetched {
    /// Who sent it: a name or an address.
    pub sender: String,
    /// The title, if it has one.
    pub title: Option<String>,
    /// The file's name.
    pub name: String,
}

/// Placeholders of [`Template::Recalled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// The title, if it has one.
    pub title: Option<String>,
    /// The file's name.
    pub name: String,
    /// The addresses of those who had fetched it.
    pub fetched_by: Vec<String>,
    /// How many downloads there were by people whose address is not known.
    pub unknown: u64,
    /// Where to see the findings.
    pub link: String,
}

/// Placeholders of [`Template::Expiring`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {
    /// Who sent it: a name or an address.
    pub sender: String,
    /// The title, if it has one.
    pub title: Option<String>,
    /// When the package ends.
    pub expires_at: DateTime<Utc>,
    /// Where to fetch it.
    pub link: String,
}

/// Placeholders of [`Template::PasswordReset`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReset {
    /// Where to set the password.
    pub link: String,
    /// How long the link is good for.
    pub minutes: u64,
}

/// Placeholders of [`Template::AccountInvite`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInvite {
    /// The name to log in with.
    pub login: String,
    /// Where to set the password.
    pub link: String,
    /// When that ends.
    pub expires_at: DateTime<Utc>,
}

/// Placeholders of [`Template::PasswordChanged`] and [`Template::FirstLogin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    /// The name to log in with.
    pub login: String,
    /// When.
    pub at: DateTime<Utc>,
    /// From which network address, if it is known.
    pub address: Option<String>,
}

/// Placeholders of [`Template::TokenCreated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCreated {
    /// The name to log in with.
    pub login: String,
    /// What the token is called.
    pub name: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// When it ends; never when not given.
    pub expires_at: Option<DateTime<Utc>>,
    /// From which network address, if it is known.
    pub address: Option<String>,
}

/// Placeholders of [`Template::Licence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// To whom it was given, if that can be read.
    pub holder: Option<String>,
    /// Whether nothing new comes in any more.
    pub demo: bool,
    /// The word for why it does not hold; none while it holds.
    pub fault: Option<String>,
    /// When it gets worse.
    pub until: Option<DateTime<Utc>>,
    /// Where to install another one.
    pub link: String,
}

/// Placeholders of [`Template::Test`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMail {
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Placeholders of [`Template::NotIntact`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotIntact {
    /// How many files found so far are not what was stored.
    pub corrupted: u64,
    /// How many can't be read.
    pub inaccessible: u64,
    /// Where to see which.
    pub link: String,
}
