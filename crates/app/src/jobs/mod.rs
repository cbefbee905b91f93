//! What is done after a request has been answered: one file per job, and the rooms they run in.
//!
//! A use case calls [`enqueue`] in its own transaction and wakes the queue after the commit.

mod admin;
mod check_integrity;
mod check_package;
mod database;
mod deliver_mail;
mod enqueue;
mod hear_late;
mod mail_reset_link;
mod maintain;
mod recall_listed;
mod rescan_package;
mod runner;

pub use admin::{list, retry};
pub use check_integrity::CheckIntegrity;
pub use check_package::{CheckLargePackage, CheckPackage};
pub use database::DatabaseJobs;
pub use deliver_mail::DeliverMail;
pub use enqueue::{enqueue, enqueue_for_package};
pub use hear_late::HearLate;
pub use mail_reset_link::MailResetLink;
pub use maintain::Maintain;
pub use recall_listed::RecallListed;
pub use rescan_package::RescanPackage;
pub use runner::{Workers, runner};
#[cfg(feature = "test-util")]
pub use runner::{drain, forget, pass};
pub use sofie_store::jobs::{Filter, Row};

/// The queues; each has workers of its own, so that none starves another.
pub mod queues {
    /// Checks of packages.
    pub const CHECKS: &str = "checks";
    /// Checks of packages with large files.
    pub const CHECKS_LARGE: &str = "checks_large";
    /// Later looks at delivered packages.
    pub const RESCANS: &str = "rescans";
    /// Mails on their way.
    pub const MAIL: &str = "mail";
    /// Everything that the schedule asks for.
    pub const MAINTENANCE: &str = "maintenance";
    /// Checks whether everything stored is intact, which may take days.
    pub const INTEGRITY: &str = "integrity";
    /// All of them.
    pub const ALL: &[&str] = &[CHECKS, CHECKS_LARGE, RESCANS, MAIL, MAINTENANCE, INTEGRITY];
}
