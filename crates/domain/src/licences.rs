//! What a licence allows, and how an installation stands to its own (ADM-12).
//!
//! Without a licence everything works. One that was installed and no longer holds leaves the installation in
//! *demo mode*: what is there can be fetched, looked at and deleted, and nothing new comes in.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use crate::words::words;

/// How long everything goes on after a licence ended or was last heard of.
const GRACE: TimeDelta = TimeDelta::days(30);
/// How long before its end administrators are told.
const SOON: TimeDelta = TimeDelta::days(14);
/// A licence server that is asked every day may be silent so long before anybody is told.
const PATIENCE: TimeDelta = TimeDelta::days(2);

/// What somebody who holds the signing key promises an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Names this licence, also when it is issued anew.
    pub id: String,
    /// To whom it was given.
    pub holder: String,
    /// What was given.
    pub edition: String,
    /// The most users; any number without it.
    pub users: Option<u64>,
    /// When it was signed.
    pub issued: DateTime<Utc>,
    /// When it ends.
    pub expires: DateTime<Utc>,
    /// The names of hosts that it is for; any without one.
    pub hosts: Vec<String>,
    /// Words for what else it allows; none means anything yet.
    pub features: Vec<String>,
}

/// A fault in the fields of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the licence's {0} is not right")]
pub struct InvalidLicence(pub &'static str);

impl Licence {
    /// The most characters of a text in it.
    const MOST_TEXT: usize = 200;
    /// The last year that all calendars agree on how to write.
    const LAST_YEAR: i32 = 9999;
    /// The most hosts and the most features.
    const MOST_WORDS: usize = 100;

    /// Makes sure that every field can be what it says.
    pub fn check(&self) -> Result<(), InvalidLicence> {
        let line = |text: &str| {
            let length = text.chars().count();
            (1..=Self::MOST_TEXT).contains(&length) && !text.chars().any(char::is_control)
        };
        let lines =
            |list: &[String]| list.len() <= Self::MOST_WORDS && list.iter().all(|t| line(t));
        let host = |host: &String| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
            host.chars().all(fits)
        };
        for (fits, field) in [
            (line(&self.id), "id"),
            (line(&self.holder), "holder"),
            (line(&self.edition), "edition"),
            (self.users != Some(0), "users"),
            (self.issued.timestamp() > 0, "issued"),
            (
                self.issued < self.expires && self.expires.year() <= Self::LAST_YEAR,
                "expires",
            ),
            (lines(&self.hosts) && self.hosts.iter().all(host), "hosts"),
            (lines(&self.features), "features"),
        ] {
            if !fits {
                return Err(InvalidLicence(field));
            }
        }
        Ok(())
    }

    /// Tells whether it is for a host, which may be unknown.
    #[must_use]
    pub fn is_for(&self, host: Option<&str>) -> bool {
        let named = |host: &str| self.hosts.iter().any(|one| one.eq_ignore_ascii_case(host));
        self.hosts.is_empty() || host.is_some_and(named)
    }

    /// Tells whether so many users are no more than it allows.
    #[must_use]
    pub fn allows(&self, users: u64) -> bool {
        self.users.is_none_or(|most| users <= most)
    }
}

/// What an installation keeps of its licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLicence {
    /// The licence; none if what is kept is not one that any known key signed.
    pub licence: Option<Licence>,
    /// When it was installed.
    pub installed_at: DateTime<Utc>,
    /// When the licence server last answered with a licence.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// When the licence server took it back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The latest moment that this installation has seen.
    pub seen_at: DateTime<Utc>,
}

/// What else it depends on how an installation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// What the clock says.
    pub now: DateTime<Utc>,
    /// The host under which people reach the installation, if that is known.
    pub host: Option<&'a str>,
    /// How many users there are who are not disabled.
    pub users: u64,
    /// Whether a licence server is asked every day.
    pub refreshes: bool,
}

words! {
    /// Why a licence does not hold, or soon won't.
    LicenceFault {
        /// No known key signed it, or it was changed.
        Invalid = "invalid",
        /// The licence server took it back.
        Revoked = "revoked",
        /// It is for another host.
        OtherHost = "other_host",
        /// There are more users than it allows.
        TooManyUsers = "too_many_users",
        /// Its time is over.
        Expired = "expired",
        /// The licence server has given no licence for too long.
        NotRefreshed = "not_refreshed",
    }
}

/// How an installation stands to its licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenceStanding {
    /// There is none, and none is needed.
    Unlicensed,
    /// It holds.
    Valid,
    /// It holds, and ends soon.
    ExpiresSoon(DateTime<Utc>),
    /// It does not hold, and everything goes on until then.
    Grace(LicenceFault, DateTime<Utc>),
    /// Nothing new comes in.
    Demo(LicenceFault),
}

impl LicenceStanding {
    /// Tells whether nothing new comes in.
    #[must_use]
    pub fn is_demo(self) -> bool {
        matches!(self, Self::Demo(_))
    }

    /// Returns the word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unlicensed => "unlicensed",
            Self::Valid => "valid",
            Self::ExpiresSoon(_) => "expires_soon",
            Self::Grace(..) => "grace",
            Self::Demo(_) => "demo",
        }
    }

    /// Returns why it does not hold, if so.
    #[must_use]
    pub fn fault(self) -> Option<LicenceFault> {
        match self {
            Self::Grace(fault, _) | Self::Demo(fault) => Some(fault),
            _ => None,
        }
    }

    /// Returns when it gets worse, if it will.
    #[must_use]
    pub fn until(self) -> Option<DateTime<Utc>> {
        match self {
            Self::ExpiresSoon(until) | Self::Grace(_, until) => Some(until),
            _ => None,
        }
    }
}

/// Tells how an installation stands to its licence.
///
/// Time never goes back here: a clock that was set back counts as what it said before.
#[must_use]
pub fn licence_standing(held: Option<&HeldLicence>, at: Circumstances<'_>) -> LicenceStanding {
    use LicenceFault as Fault;
    let Some(held) = held else {
        return LicenceStanding::Unlicensed;
    };
    let Some(licence) = &held.licence else {
        return LicenceStanding::Demo(Fault::Invalid);
    };
    if held.revoked_at.is_some() {
        return LicenceStanding::Demo(Fault::Revoked);
    }
    if !licence.is_for(at.host) {
        return LicenceStanding::Demo(Fault::OtherHost);
    }
    if !licence.allows(at.users) {
        return LicenceStanding::Demo(Fault::TooManyUsers);
    }
    let now = at.now.max(held.seen_at).max(licence.issued);
    let heard = at
        .refreshes
        .then(|| held.refreshed_at.unwrap_or(held.installed_at));
    let over = |fault, since: DateTime<Utc>, patience| {
        (since + patience < now).then(|| (since + GRACE, fault))
    };
    let over = [
        over(Fault::Expired, licence.expires, TimeDelta::zero()),
        heard.and_then(|heard| over(Fault::NotRefreshed, heard, PATIENCE)),
    ];
    let over = over.into_iter().flatten().min_by_key(|(until, _)| *until);
    match over {
        Some((until, fault)) if until < now => LicenceStanding::Demo(fault),
        Some((until, fault)) => LicenceStanding::Grace(fault, until),
        None if licence.expires - now < SOON => LicenceStanding::ExpiresSoon(licence.expires),
        None => LicenceStanding::Valid,
    }
}

#[cfg(test)]
mod tests;
