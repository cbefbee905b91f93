//! The permission tables.

/// Declares a closed set of permissions with their words.
macro_rules! permissions {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every permission, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the word used in the database and the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Returns the permission behind a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|p| p.as_str() == word)
            }
        }
    };
}

permissions! {
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
    }
}

permissions! {
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
        /// Decide on quarantined packages.
        Quarantine = "quarantine",
        /// See and test engines.
        Engines = "engines",
    }
}

impl AdministratorPermission {
    /// What a new administrator gets unless told otherwise: everything but reading file contents.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|p| *p != Self::Contents)
            .collect()
    }
}
