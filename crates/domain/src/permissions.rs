//! The permission tables.

use crate::words::words;

words! {
    /// What a user may do (ACC-13).
    UserPermission {
        /// Send packages to named recipients.
        SendPrivate = "send_private",
        /// Send packages to every user who has the link.
        SendInternal = "send_internal",
        /// Send packages to everybody who has the link.
        SendPublic = "send_public",
        /// Ask somebody outside for files.
        Request = "request",
        /// Send to oneself.
        Briefcase = "briefcase",
        /// Make tokens for the command line and the API.
        ApiTokens = "api_tokens",
        /// Decide on what others send, where policy asks for that.
        Approve = "approve",
    }
}

impl UserPermission {
    /// What a new user gets unless told otherwise: everything but deciding on what others send.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|p| *p != Self::Approve).collect()
    }
}

words! {
    /// What an administrator may do (ACC-14): duties can be kept apart.
    AdministratorPermission {
        /// Manage administrators.
        Administrators = "administrators",
        /// Manage users.
        Users = "users",
        /// Read the audit log and the outbox.
        Logs = "logs",
        /// Change settings.
        Settings = "settings",
        /// See packages and their metadata, and withdraw them.
        Packages = "packages",
        /// Fetch file contents.
        Contents = "contents",
        /// Fetch held files, each in an archive with a password.
        Samples = "samples",
        /// Decide on quarantined packages.
        Quarantine = "quarantine",
        /// See, set up and test engines.
        Engines = "engines",
        /// Install and remove the licence.
        Licence = "licence",
        /// Look after the keys of everything stored, and after whether it is intact.
        Keys = "keys",
    }
}

impl AdministratorPermission {
    /// What a new administrator gets unless told otherwise: everything but reading what files hold.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|p| !matches!(p, Self::Contents | Self::Samples))
            .collect()
    }
}
