//! The table of tasks.

use std::time::Duration;

use sofie_queue::{Every, Task as Due};

use super::{blobs, lives, reminders, rescans, sweeps};
use crate::{App, Context, Result, engines, integrity, keys, licences, sessions};

/// Something that happens again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Ends packages whose time is over.
    ExpirePackages,
    /// Destroys the keys of packages that were long enough in the recycle bin.
    ShredPackages,
    /// Removes drafts and uploads that nobody goes on with.
    ReapUnfinished,
    /// Reminds recipients who have fetched nothing that packages end.
    Remind,
    /// Unlinks blobs whose row is gone.
    UnlinkBlobs,
    /// Finds blobs that never got a row.
    CollectOrphans,
    /// Asks again for checks that no job works on.
    ResumeChecks,
    /// Asks for a later look at what was delivered.
    Rescan,
    /// Tests the engines.
    TestEngines,
    /// Makes new keys for session cookies.
    RotateKeys,
    /// Goes on moving packages to another key-encryption key.
    RewrapPackages,
    /// Refreshes the licence, and tells administrators how it stands.
    WatchLicence,
    /// Begins a check whether everything stored is intact when it is time, and goes on with one that was given up.
    CheckIntegrity,
    /// Removes rows that nobody needs any more.
    CleanUp,
}

impl Task {
    /// Every task with the seconds between two ticks.
    const TABLE: &[(Self, &'static str, u64)] = &[
        (Self::ExpirePackages, "expire_packages", 60),
        (Self::ShredPackages, "shred_packages", 600),
        (Self::ReapUnfinished, "reap_unfinished", 600),
        (Self::Remind, "remind", 600),
        (Self::UnlinkBlobs, "unlink_blobs", 30),
        (Self::CollectOrphans, "collect_orphans", 3600),
        (Self::ResumeChecks, "resume_checks", 60),
        (Self::Rescan, "rescan", 60),
        (Self::TestEngines, "test_engines", 180),
        (Self::RotateKeys, "rotate_keys", 3600),
        (Self::RewrapPackages, "rewrap_packages", 60),
        (Self::WatchLicence, "watch_licence", 3600),
        (Self::CheckIntegrity, "check_integrity", 60),
        (Self::CleanUp, "clean_up", 3600),
    ];

    /// Returns the stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let row = Self::TABLE.iter().find(|(task, ..)| *task == self);
        row.map_or("", |(_, name, _)| name)
    }

    /// Returns the task of a stored name; of a retired one, nothing.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(task, ..)| *task)
    }

    /// Returns the schedule.
    pub(super) fn schedule() -> sofie_queue::Schedule {
        sofie_queue::Schedule::new(Self::TABLE.iter().map(|(_, name, seconds)| Due {
            name,
            every: Every::Period(Duration::from_secs(*seconds)),
        }))
    }
}

/// Does a task now.
pub async fn run_task(app: &App, task: Task) -> Result<()> {
    let ctx = Context::system(app.now());
    match task {
        Task::ExpirePackages => lives::expire(app, &ctx).await,
        Task::ShredPackages => lives::shred(app, &ctx).await,
        Task::ReapUnfinished => lives::reap(app, &ctx).await,
        Task::Remind => reminders::remind(app, &ctx).await,
        Task::UnlinkBlobs => blobs::unlink(app, &ctx).await,
        Task::CollectOrphans => blobs::collect_orphans(app, &ctx).await,
        Task::ResumeChecks => sweeps::resume_checks(app, &ctx).await,
        Task::Rescan => rescans::rescan(app, &ctx).await,
        Task::TestEngines => engines::test_all(app).await,
        Task::RotateKeys => sessions::rotate(app, &ctx).await,
        Task::RewrapPackages => keys::go_on(app, &ctx).await,
        Task::WatchLicence => licences::watch(app, &ctx).await,
        Task::CheckIntegrity => integrity::by_schedule(app, &ctx).await,
        Task::CleanUp => sweeps::clean_up(app, &ctx).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_names_are_unique() {
        let schedule = Task::schedule();
        for (task, name, _) in Task::TABLE {
            assert_eq!(task.name(), *name);
            assert_eq!(Task::from_name(name), Some(*task));
        }
        assert_eq!(schedule.tasks().len(), Task::TABLE.len());
        assert_eq!(Task::from_name("feed_the_cat"), None);
    }
}
