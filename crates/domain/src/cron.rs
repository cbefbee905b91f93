//! When something happens again and again, in the words of cron.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Timelike as _, Utc};

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// Every date there is comes by within this many days, the 29th of February on a Sunday too.
const CYCLE: u64 = 28 * 366;

/// The text is no cron expression, or one that never comes true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cron expression: minute, hour, day of the month, month, day of the week")]
pub struct InvalidCron;

/// A cron expression of five fields, in UTC: minute, hour, day of the month, month, day of the week.
///
/// Each field is `*`, a number, a range `a-b`, one of these with a step `/n`, or several with commas between; months and
/// days of the week also by the first three letters of their English names; Sunday is 0 or 7. If both days are given,
/// either will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether either day will do.
    either: bool,
}

impl Cron {
    /// Whether it is true of the minute that a moment is in.
    #[must_use]
    pub fn matches(&self, at: DateTime<Utc>) -> bool {
        has(self.minutes, at.minute()) && has(self.hours, at.hour()) && self.is_day(at.date_naive())
    }

    /// The latest minute at or before a moment, and not before another, of which it is true.
    #[must_use]
    pub fn latest(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let whole = until.timestamp() - until.timestamp().rem_euclid(60);
        let mut minute = DateTime::from_timestamp(whole, 0)?;
        while minute >= since {
            if self.matches(minute) {
                return Some(minute);
            }
            minute = minute.checked_sub_signed(TimeDelta::minutes(1))?;
        }
        None
    }

    /// The first minute after a moment of which it is true.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = self.next_day(after.date_naive())?;
        let first = day.and_hms_opt(0, 0, 0)?.and_utc();
        let minutes = |from: DateTime<Utc>| {
            (0..24 * 60)
                .map(move |minute| from + TimeDelta::minutes(minute))
                .find(|at| *at > after && self.matches(*at))
        };
        minutes(first).or_else(|| {
            let day = self.next_day(day.succ_opt()?)?;
            minutes(day.and_hms_opt(0, 0, 0)?.and_utc())
        })
    }

    fn next_day(&self, from: NaiveDate) -> Option<NaiveDate> {
        let days = (0..CYCLE).map_while(|days| from.checked_add_days(Days::new(days)));
        days.into_iter().find(|day| self.is_day(*day))
    }

    fn is_day(&self, day: NaiveDate) -> bool {
        let of_month = has(self.days, day.day());
        let of_week = has(self.weekdays, day.weekday().num_days_from_sunday());
        let fits = if self.either {
            of_month || of_week
        } else {
            of_month && of_week
        };
        fits && has(self.months, day.month())
    }
}

impl FromStr for Cron {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, InvalidCron> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(InvalidCron);
        };
        let weekdays = field(weekday, (0, 7), &DAYS, 0)?;
        let cron = Self {
            minutes: field(minute, (0, 59), &[], 0)?,
            hours: field(hour, (0, 23), &[], 0)?,
            days: field(day, (1, 31), &[], 0)?,
            months: field(month, (1, 12), &MONTHS, 1)?,
            // Sunday has two numbers.
            weekdays: weekdays | (weekdays >> 7),
            either: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        // The 31st of February never comes.
        let some_day = NaiveDate::default();
        cron.next_day(some_day).map(|_| cron).ok_or(InvalidCron)
    }
}

fn has(set: u64, number: u32) -> bool {
    set >> number & 1 == 1
}

/// Reads one field into a set of numbers; `first` is the number of the first name.
fn field(
    text: &str,
    (least, most): (u32, u32),
    names: &[&str],
    first: u32,
) -> Result<u64, InvalidCron> {
    let number = |text: &str| -> Result<u32, InvalidCron> {
        let place = names
            .iter()
            .position(|name| text.eq_ignore_ascii_case(name));
        let number = match place.map(u32::try_from) {
            Some(place) => place.map_err(|_| InvalidCron)? + first,
            // No sign and no empty text.
            None if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().map_err(|_| InvalidCron)?
            }
            None => return Err(InvalidCron),
        };
        let fits = (least..=most).contains(&number);
        fits.then_some(number).ok_or(InvalidCron)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, ""));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if range == "*" => (least, most),
            // `5/10` means from 5 on.
            None if !step.is_empty() => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        let step = match step {
            "" if part.contains('/') => return Err(InvalidCron),
            "" => 1,
            step if step.bytes().all(|b| b.is_ascii_digit()) => {
                step.parse().map_err(|_| InvalidCron)?
            }
            _ => return Err(InvalidCron),
        };
        if step == 0 || from > to {
            return Err(InvalidCron);
        }
        let numbers = (from..=to).step_by(usize::try_from(step).map_err(|_| InvalidCron)?);
        set = numbers.fold(set, |set, number| set | 1 << number);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn cron(text: &str) -> Cron {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_those_of_cron() {
        // 2026-03-01 is a Sunday.
        for (text, after, next) in [
            ("* * * * *", "2026-03-01T10:00:30Z", "2026-03-01T10:01:00Z"),
            ("0 3 * * 0", "2026-03-01T02:59:59Z", "2026-03-01T03:00:00Z"),
            ("0 3 * * 7", "2026-03-01T03:00:00Z", "2026-03-08T03:00:00Z"),
            (
                "0 3 * * sun",
                "2026-03-02T00:00:00Z",
                "2026-03-08T03:00:00Z",
            ),
            (
                "*/20 1 * * *",
                "2026-03-01T01:20:00Z",
                "2026-03-01T01:40:00Z",
            ),
            (
                "5/20 1 * * *",
                "2026-03-01T01:25:00Z",
                "2026-03-01T01:45:00Z",
            ),
            (
                "30 4 1,15 * *",
                "2026-03-02T00:00:00Z",
                "2026-03-15T04:30:00Z",
            ),
            (
                "30 4 13 * fri",
                "2026-03-07T00:00:00Z",
                "2026-03-13T04:30:00Z",
            ),
            (
                "30 4 14 * fri",
                "2026-03-07T00:00:00Z",
                "2026-03-13T04:30:00Z",
            ),
            (
                "0 0 1-7 JAN *",
                "2026-03-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                "0 22 * * mon-fri",
                "2026-03-06T22:00:00Z",
                "2026-03-09T22:00:00Z",
            ),
            ("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ] {
            assert_eq!(cron(text).next(at(after)), Some(at(next)), "{text}");
            assert!(cron(text).matches(at(next)), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "1,,2 * * * *",
            "+1 * * * *",
            "-1 * * * *",
            "a * * * *",
            "1/ * * * *",
            "1/x * * * *",
            "* * * sun *",
            "0 0 31 2 *",
            "0 0 31 4,6 *",
            "@daily",
        ] {
            assert_eq!(text.parse::<Cron>(), Err(InvalidCron), "{text}");
        }
    }

    #[test]
    fn what_was_missed_is_found() {
        let nightly = cron("0 3 * * *");
        let latest = |since, until| nightly.latest(at(since), at(until));
        let three = Some(at("2026-03-01T03:00:00Z"));
        assert_eq!(
            latest("2026-03-01T02:50:00Z", "2026-03-01T03:40:10Z"),
            three
        );
        assert_eq!(
            latest("2026-03-01T03:00:00Z", "2026-03-01T03:00:59Z"),
            three
        );
        assert_eq!(latest("2026-03-01T03:00:01Z", "2026-03-01T03:59:00Z"), None);
    }

    proptest! {
        #[test]
        fn the_next_time_is_the_first_that_matches(
            minute in 0_u32..60, hour in 0_u32..24, weekday in 0_u32..7, seconds in 0_i64..4_000_000_000,
        ) {
            let cron = cron(&format!("{minute} {hour} * * {weekday}"));
            let after = DateTime::from_timestamp(seconds, 0).unwrap();
            let next = cron.next(after).unwrap();
            prop_assert!(next > after && cron.matches(next));
            prop_assert_eq!(cron.latest(after + TimeDelta::seconds(1), next - TimeDelta::minutes(1)), None);
        }

        #[test]
        fn never_panics(text in "[0-9*/,a-z -]{0,30}") {
            let _ = text.parse::<Cron>();
        }
    }
}
