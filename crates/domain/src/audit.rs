//! What the audit log records.

use crate::words::words;

words! {
    /// How much attention an event deserves.
    Severity {
        /// The usual course of things.
        Info = "info",
        /// Somebody should look at it some day.
        Notice = "notice",
        /// Somebody should look at it soon.
        Warning = "warning",
        /// Somebody should look at it now.
        Alert = "alert",
    }
}

macro_rules! events {
    ($($variant:ident = $word:literal $severity:ident,)+) => {
        /// A kind of event, named object and action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the name of each event is its whole meaning")]
        pub enum Event { $($variant,)+ }

        impl Event {
            /// Every kind of event.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the word used in the database and the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Returns how much attention the event deserves.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }
        }
    };
}

events! {
    InstanceInitialised = "INSTANCE_INITIALISED" Notice,
    AdministratorCreated = "ADMINISTRATOR_CREATED" Notice,
    AdministratorChanged = "ADMINISTRATOR_CHANGED" Notice,
    AdministratorLoggedIn = "ADMINISTRATOR_LOGGED_IN" Info,
    AdministratorLoginFailed = "ADMINISTRATOR_LOGIN_FAILED" Warning,
    AdministratorLoggedOut = "ADMINISTRATOR_LOGGED_OUT" Info,
    AdministratorPasswordChanged = "ADMINISTRATOR_PASSWORD_CHANGED" Notice,
    UserCreated = "USER_CREATED" Info,
    UserChanged = "USER_CHANGED" Notice,
    UserInvited = "USER_INVITED" Info,
    UserLoggedIn = "USER_LOGGED_IN" Info,
    UserLoginFailed = "USER_LOGIN_FAILED" Notice,
    UserLoggedOut = "USER_LOGGED_OUT" Info,
    UserPasswordChanged = "USER_PASSWORD_CHANGED" Notice,
    UserPasswordResetAsked = "USER_PASSWORD_RESET_ASKED" Notice,
    UserPasswordReset = "USER_PASSWORD_RESET" Notice,
    PasswordWrong = "PASSWORD_WRONG" Notice,
    SessionConfirmed = "SESSION_CONFIRMED" Info,
    SessionEnded = "SESSION_ENDED" Info,
    SigningKeyCreated = "SIGNING_KEY_CREATED" Info,
    TokenCreated = "TOKEN_CREATED" Notice,
    TokenRevoked = "TOKEN_REVOKED" Notice,
    GroupCreated = "GROUP_CREATED" Notice,
    GroupChanged = "GROUP_CHANGED" Notice,
    GroupRemoved = "GROUP_REMOVED" Warning,
    GroupsOrdered = "GROUPS_ORDERED" Notice,
    GroupMemberAdded = "GROUP_MEMBER_ADDED" Notice,
    GroupMemberRemoved = "GROUP_MEMBER_REMOVED" Notice,
    GroupRulesChanged = "GROUP_RULES_CHANGED" Notice,
    KeyAdded = "KEY_ADDED" Notice,
    KeyActivated = "KEY_ACTIVATED" Warning,
    KeyRotationBegun = "KEY_ROTATION_BEGUN" Notice,
    KeyRotationEnded = "KEY_ROTATION_ENDED" Notice,
    KeyRotationStopped = "KEY_ROTATION_STOPPED" Notice,
    KeyRemoved = "KEY_REMOVED" Warning,
    KeysExported = "KEYS_EXPORTED" Alert,
    IntegrityCheckBegun = "INTEGRITY_CHECK_BEGUN" Info,
    IntegrityCheckCancelled = "INTEGRITY_CHECK_CANCELLED" Notice,
    IntegrityCheckFailed = "INTEGRITY_CHECK_FAILED" Warning,
    IntegrityVerified = "INTEGRITY_VERIFIED" Info,
    IntegrityBroken = "INTEGRITY_BROKEN" Alert,
    BackupMade = "BACKUP_MADE" Notice,
    InstallationRestored = "INSTALLATION_RESTORED" Warning,
    LicenceInstalled = "LICENCE_INSTALLED" Notice,
    LicenceRemoved = "LICENCE_REMOVED" Warning,
    LicenceRefreshed = "LICENCE_REFRESHED" Info,
    LicenceRevoked = "LICENCE_REVOKED" Alert,
    LicenceStandingChanged = "LICENCE_STANDING_CHANGED" Warning,
    SettingsChanged = "SETTINGS_CHANGED" Notice,
    PackageCreated = "PACKAGE_CREATED" Info,
    PackageChanged = "PACKAGE_CHANGED" Info,
    PackageSent = "PACKAGE_SENT" Info,
    PackageSubmitted = "PACKAGE_SUBMITTED" Info,
    PackageDelivered = "PACKAGE_DELIVERED" Info,
    PackageQuarantined = "PACKAGE_QUARANTINED" Warning,
    PackageReleased = "PACKAGE_RELEASED" Warning,
    PackageRejected = "PACKAGE_REJECTED" Notice,
    ApprovalAsked = "APPROVAL_ASKED" Notice,
    PackageApproved = "PACKAGE_APPROVED" Notice,
    PackageDisapproved = "PACKAGE_DISAPPROVED" Notice,
    PackageRechecked = "PACKAGE_RECHECKED" Notice,
    ChecksStopped = "CHECKS_STOPPED" Warning,
    PackageDeleted = "PACKAGE_DELETED" Info,
    PackageRestored = "PACKAGE_RESTORED" Info,
    PackageExpired = "PACKAGE_EXPIRED" Info,
    PackageShredded = "PACKAGE_SHREDDED" Info,
    PackageOpened = "PACKAGE_OPENED" Info,
    PackageNotified = "PACKAGE_NOTIFIED" Info,
    PasswordTried = "PASSWORD_TRIED" Info,
    FileUploaded = "FILE_UPLOADED" Info,
    FileRemoved = "FILE_REMOVED" Info,
    FileChecked = "FILE_CHECKED" Info,
    FileBlocked = "FILE_BLOCKED" Warning,
    FileRecalled = "FILE_RECALLED" Alert,
    FileForbiddenLater = "FILE_FORBIDDEN_LATER" Notice,
    FileDownloaded = "FILE_DOWNLOADED" Info,
    FileRead = "FILE_READ" Warning,
    FileSampled = "FILE_SAMPLED" Warning,
    FileRefused = "FILE_REFUSED" Notice,
    FileCorrupted = "FILE_CORRUPTED" Alert,
    CodeSent = "CODE_SENT" Info,
    CodeWrong = "CODE_WRONG" Notice,
    AddressProved = "ADDRESS_PROVED" Info,
    VisitorForgotten = "VISITOR_FORGOTTEN" Info,
    PackagePasswordWrong = "PACKAGE_PASSWORD_WRONG" Notice,
    RequestCreated = "REQUEST_CREATED" Info,
    RequestCancelled = "REQUEST_CANCELLED" Info,
    RequestOpened = "REQUEST_OPENED" Info,
    RequestFulfilled = "REQUEST_FULFILLED" Info,
    EngineCreated = "ENGINE_CREATED" Notice,
    EngineChanged = "ENGINE_CHANGED" Notice,
    EngineRemoved = "ENGINE_REMOVED" Warning,
    EnginesOrdered = "ENGINES_ORDERED" Info,
    EngineTested = "ENGINE_TESTED" Info,
    EngineFailed = "ENGINE_FAILED" Warning,
    EngineRecovered = "ENGINE_RECOVERED" Notice,
    ExceptionProposed = "EXCEPTION_PROPOSED" Notice,
    ExceptionApproved = "EXCEPTION_APPROVED" Warning,
    ExceptionRevoked = "EXCEPTION_REVOKED" Notice,
    HashesListed = "HASHES_LISTED" Notice,
    HashRemoved = "HASH_REMOVED" Warning,
    RuleSetUploaded = "RULE_SET_UPLOADED" Notice,
    RuleSetActivated = "RULE_SET_ACTIVATED" Notice,
    RuleSetDeactivated = "RULE_SET_DEACTIVATED" Warning,
    RuleSetRemoved = "RULE_SET_REMOVED" Warning,
    MailSent = "MAIL_SENT" Info,
    MailFailed = "MAIL_FAILED" Warning,
    MailRetried = "MAIL_RETRIED" Info,
    MailRead = "MAIL_READ" Notice,
    JobDied = "JOB_DIED" Warning,
    JobRetried = "JOB_RETRIED" Notice,
    RateLimited = "RATE_LIMITED" Notice,
}
