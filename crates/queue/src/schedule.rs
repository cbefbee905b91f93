//! Time turned into ticks.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::backoff::mix;

/// How often a task is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// At a fixed distance, at least 1 s. Where the ticks lie is decided by the task's name, so that tasks of the
    /// same period don't fall due together.
    Period(Duration),
    /// Once a day at this time, in UTC.
    Day(NaiveTime),
}

/// Something that must happen again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// The stored name; unique in its schedule.
    pub name: &'static str,
    /// How often.
    pub every: Every,
}

impl Task {
    /// Returns the tick that is due at `now` and lies after `last_tick`, if there is one.
    ///
    /// The tick is the latest moment of the task's grid at or before `now`: it is the same for every process that
    /// asks, so `(name, tick)` is the key that makes enqueuing it twice impossible. However many ticks were
    /// missed, one is due. A task that never ran is due at once. A clock that was set back makes nothing due.
    pub fn due(
        &self,
        last_tick: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let tick = self.latest(now)?;
        match last_tick {
            Some(last) if last >= tick => None,
            _ => Some(tick),
        }
    }

    fn latest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.every {
            Every::Period(period) => {
                let period = i64::try_from(period.as_secs()).unwrap_or(i64::MAX).max(1);
                let offset = offset_of(self.name, period);
                let since = (now.timestamp() - offset).rem_euclid(period);
                DateTime::from_timestamp(now.timestamp() - since, 0)
            }
            Every::Day(time) => {
                let today = now.date_naive().and_time(time).and_utc();
                if today <= now {
                    Some(today)
                } else {
                    today.checked_sub_signed(TimeDelta::days(1))
                }
            }
        }
    }
}

/// Returns where in a period the ticks of a task lie, in seconds; stable over versions and processes.
fn offset_of(name: &str, period: i64) -> i64 {
    let hash = name
        .bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    i64::try_from(hash % period.unsigned_abs()).unwrap_or(0)
}

/// The table of everything that happens again and again.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    tasks: Vec<Task>,
}

impl Schedule {
    /// Returns a schedule of these tasks.
    ///
    /// # Panics
    /// When two tasks share a name: a mistake of the program, found at its start.
    pub fn new(tasks: impl IntoIterator<Item = Task>) -> Self {
        let tasks: Vec<Task> = tasks.into_iter().collect();
        for (index, task) in tasks.iter().enumerate() {
            let first = tasks.iter().position(|other| other.name == task.name);
            assert!(first == Some(index), "two tasks are named {}", task.name);
        }
        Self { tasks }
    }

    /// Returns the tasks in the order they were given.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Returns the tasks that are due at `now`, each with its tick; `last_tick` knows when a task ticked last.
    pub fn due(
        &self,
        mut last_tick: impl FnMut(&'static str) -> Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Vec<(Task, DateTime<Utc>)> {
        let due = |task: &Task| Some((*task, task.due(last_tick(task.name), now)?));
        self.tasks.iter().filter_map(due).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hourly(name: &'static str) -> Task {
        Task {
            name,
            every: Every::Period(Duration::from_hours(1)),
        }
    }

    proptest! {
        #[test]
        fn ticks_of_a_period_keep_their_distance(
            period in 1_u32..1_000_000,
            seconds in 0_i64..4_000_000_000,
            later in 0_i64..10_000_000,
        ) {
            let task = Task { name: "sweep", every: Every::Period(Duration::from_secs(period.into())) };
            let now = DateTime::from_timestamp(seconds, 999).unwrap();
            let tick = task.due(None, now).unwrap();
            prop_assert!(tick <= now && (now - tick).num_seconds() < i64::from(period));
            prop_assert_eq!(task.due(Some(tick), now), None);
            let now = now + TimeDelta::seconds(later);
            match task.due(Some(tick), now) {
                Some(next) => prop_assert_eq!((next - tick).num_seconds() % i64::from(period), 0),
                None => prop_assert!((now - tick).num_seconds() < i64::from(period)),
            }
        }
    }

    #[test]
    fn a_day_ticks_at_its_time_and_once_for_missed_days() {
        let time = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
        let task = Task {
            name: "purge",
            every: Every::Day(time),
        };
        let before = at("2026-03-01T02:29:59Z");
        assert_eq!(task.due(None, before), Some(at("2026-02-28T02:30:00Z")));
        let sharp = at("2026-03-01T02:30:00Z");
        assert_eq!(
            task.due(Some(at("2026-02-10T02:30:00Z")), sharp),
            Some(sharp)
        );
        assert_eq!(task.due(Some(sharp), at("2026-03-02T02:29:59Z")), None);
    }

    #[test]
    fn a_clock_set_back_makes_nothing_due() {
        let now = at("2026-03-01T12:00:00Z");
        let tick = hourly("sweep").due(None, now).unwrap();
        assert_eq!(
            hourly("sweep").due(Some(tick), now - TimeDelta::days(3)),
            None
        );
    }

    #[test]
    fn tasks_of_one_period_are_spread() {
        let now = at("2026-03-01T12:00:00Z");
        let names = ["expire", "shred", "sweep", "remind", "purge", "collect"];
        let mut ticks: Vec<_> = names
            .iter()
            .map(|name| hourly(name).due(None, now))
            .collect();
        ticks.sort();
        ticks.dedup();
        assert_eq!(ticks.len(), names.len());
        // The grid is part of the key of stored rows: it must not move between versions.
        assert_eq!(offset_of("expire", 3600), 1545);
    }

    #[test]
    fn the_schedule_lists_what_is_due() {
        let now = at("2026-03-01T12:00:00Z");
        let schedule = Schedule::new([hourly("expire"), hourly("shred")]);
        let done = hourly("expire").due(None, now);
        let due = schedule.due(|name| done.filter(|_| name == "expire"), now);
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].0.name, "shred");
    }

    #[test]
    #[should_panic(expected = "two tasks are named expire")]
    fn names_are_unique() {
        Schedule::new([hourly("expire"), hourly("expire")]);
    }
}
