//! Accounts: users, who send and receive, and administrators, who run the installation.

use chrono::{DateTime, Utc};

use crate::{
    AdministratorId, AdministratorPermission, EmailAddress, UnknownWord, UserId, UserPermission,
};

/// Where an account stands. Administrators are never invited: they start with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountState {
    /// Has no password yet and can't log in.
    Invited,
    /// May log in.
    Active,
    /// Was shut out by an administrator.
    Disabled,
}

impl AccountState {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Invited, Self::Active, Self::Disabled];

    /// Returns the word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl std::str::FromStr for AccountState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let state = Self::ALL.iter().copied().find(|s| s.as_str() == text);
        state.ok_or(UnknownWord)
    }
}

/// Somebody who sends and receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Identifies the user.
    pub id: UserId,
    /// Where mails go, and the name at log-in.
    pub email: EmailAddress,
    /// The person's name.
    pub name: String,
    /// Where the account stands.
    pub state: AccountState,
    /// The language that the person chose.
    pub locale: Option<String>,
    /// What the user may do.
    pub permissions: Vec<UserPermission>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When the user last logged in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// Somebody who runs the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// Identifies the administrator.
    pub id: AdministratorId,
    /// The name at log-in.
    pub email: EmailAddress,
    /// The person's name.
    pub name: String,
    /// Where the account stands.
    pub state: AccountState,
    /// What the administrator may do.
    pub permissions: Vec<AdministratorPermission>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When the administrator last logged in.
    pub last_login_at: Option<DateTime<Utc>>,
}
