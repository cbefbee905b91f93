//! Another policy, tried on what was sent lately (DET-22).
//!
//! Only what engines said then is judged anew: nothing is read or scanned again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sofie_domain::{
    Action, AdministratorPermission, Direction, EngineVerdict, FileId, GroupId, GroupRules,
    PackageId, Policy, Settings, Whose, approvable, harshest, rejects, rules_alone,
};
use sofie_store::{
    groups::{self as rows, Membership},
    trials::{self, Sent},
};

use crate::{App, Context, Error, FieldError, Result, groups, settings::proposed};

/// The longest time to look back, in days.
const MOST_DAYS: u16 = 90;
/// The most packages that a trial looks at; the newest ones.
const MOST_PACKAGES: usize = 10_000;
/// How many packages are looked at together.
const TOGETHER: i64 = 500;
/// The most packages that are named.
const MOST_NAMED: usize = 100;

/// What would have been different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// How many packages were looked at.
    pub packages: usize,
    /// Whether there were more.
    pub more: bool,
    /// Of how many packages more files would have been held.
    pub held_more: usize,
    /// Of how many packages fewer files would have been held.
    pub held_less: usize,
    /// How many packages would have gone back to their senders.
    pub returned: usize,
    /// The newest packages with a difference; none for callers who may not see packages.
    pub affected: Vec<Affected>,
}

/// A package that the policy would have treated otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The package.
    pub id: PackageId,
    /// Who sent it.
    pub sender: String,
    /// When it was sent and complete.
    pub submitted_at: DateTime<Utc>,
    /// By the policy in force.
    pub before: Fate,
    /// By the policy on trial.
    pub after: Fate,
    /// Which rules make the difference.
    pub because: BTreeSet<&'static str>,
}

/// What a policy makes of a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// How many files it holds.
    pub held: usize,
    /// Whether it sends the package back.
    pub returned: bool,
    /// Whether approval is all that the held files lack.
    pub approval: bool,
}

/// Tells what would have happened to the packages of the last days if the settings, or the rules of a group, had these
/// values. Each package is judged by the rules of the groups that it concerns today.
pub async fn trial(
    app: &App,
    ctx: &Context,
    days: u16,
    (group, values): (Option<GroupId>, &BTreeMap<String, Value>),
) -> Result<Trial> {
    ctx.may_administrate(AdministratorPermission::Settings)?;
    let named = ctx.may_administrate(AdministratorPermission::Packages);
    let mut on_trial = OnTrial::read(app, group, values).await?;
    let since = ctx.now - look_back(days)?;
    let most_named = if named.is_ok() { MOST_NAMED } else { 0 };
    let mut trial = Trial::default();
    let mut last: Option<Sent> = None;
    loop {
        // A unit of work for each part: a long look back must not hold a connection.
        let mut tx = app.db().read().await?;
        let sent = trials::sent_since(&mut tx, since, last.as_ref(), TOGETHER).await?;
        trial.more = trial.packages >= MOST_PACKAGES && !sent.is_empty();
        if trial.more || sent.is_empty() {
            return Ok(trial);
        }
        last = sent.last().cloned();
        let ids: Vec<_> = sent.iter().map(|package| package.id).collect();
        let files = by_package(trials::said(&mut tx, &ids).await?);
        let mut concerned = rows::concerned(&mut tx, &ids).await?;
        trial.packages += sent.len();
        for package in sent {
            let users = concerned.remove(&package.id).unwrap_or_default();
            let pair = on_trial.pair(package.incoming, &users);
            let said = files.get(&package.id).map(Vec::as_slice);
            trial.count(
                package,
                compare(&pair, said.unwrap_or_default()),
                most_named,
            );
        }
    }
}

fn look_back(days: u16) -> Result<TimeDelta> {
    let wrong = |code| Err(Error::Invalid(vec![FieldError::new("days", code)]));
    match days {
        0 => wrong("too_small"),
        1..=MOST_DAYS => Ok(TimeDelta::days(i64::from(days))),
        _ => wrong("too_large"),
    }
}

/// The policy in force and the one on trial.
type Pair = (Policy, Policy);

/// Which way a package goes, and the groups of the users whom it concerns.
type Kin = (Direction, Vec<Vec<GroupId>>);

/// What is in force, and what is tried in its place.
struct OnTrial {
    before: Arc<Settings>,
    after: Settings,
    /// The group whose rules are tried.
    group: Option<(GroupId, GroupRules)>,
    /// The policies that were needed so far.
    pairs: HashMap<Kin, Arc<Pair>>,
}

impl OnTrial {
    async fn read(
        app: &App,
        group: Option<GroupId>,
        values: &BTreeMap<String, Value>,
    ) -> Result<Self> {
        let before = app.settings().await?;
        let (after, group) = match group {
            None => (proposed(&before, values)?, None),
            Some(id) => {
                let found = rows::find(&mut app.db().read().await?, id).await?;
                let rules = found.ok_or(Error::NotFound)?.group.rules;
                let rules = groups::proposed(&rules, values)?;
                (Settings::clone(&before), Some((id, rules)))
            }
        };
        let pairs = HashMap::new();
        Ok(Self {
            before,
            after,
            group,
            pairs,
        })
    }

    fn pair(&mut self, incoming: bool, users: &[Membership]) -> Arc<Pair> {
        let direction = if incoming {
            Direction::Incoming
        } else {
            Direction::Outgoing
        };
        let ids = |one: &Membership| one.iter().map(|(id, _)| *id).collect();
        let kin = (direction, users.iter().map(ids).collect());
        if let Some(known) = self.pairs.get(&kin) {
            return Arc::clone(known);
        }
        let whose = |change: &dyn Fn(&(GroupId, GroupRules)) -> GroupRules| Whose {
            direction,
            users: users
                .iter()
                .map(|one| one.iter().map(change).collect())
                .collect(),
        };
        let tried = |(id, rules): &(GroupId, GroupRules)| match &self.group {
            Some((group, tried)) if group == id => tried.clone(),
            _ => rules.clone(),
        };
        let before = whose(&|(_, rules)| rules.clone());
        let before = self.before.policy(&before, Vec::new());
        let after = self.after.policy(&whose(&tried), Vec::new());
        let pair = Arc::new((before, after));
        self.pairs.insert(kin, Arc::clone(&pair));
        pair
    }
}

type Said = Vec<EngineVerdict>;

/// Puts what was said together, file by file.
fn by_package(rows: Vec<(PackageId, FileId, EngineVerdict)>) -> BTreeMap<PackageId, Vec<Said>> {
    let mut files: BTreeMap<PackageId, Vec<Said>> = BTreeMap::new();
    let mut last = None;
    for (package, file, verdict) in rows {
        let said = files.entry(package).or_default();
        if last.replace(file) != Some(file) {
            said.push(Vec::new());
        }
        if let Some(said) = said.last_mut() {
            said.push(verdict);
        }
    }
    files
}

fn compare((before, after): &Pair, files: &[Said]) -> (Fate, Fate, BTreeSet<&'static str>) {
    let fate = |policy: &Policy| {
        let held = |said: &&Said| rules_alone(policy, said).held();
        let held: Vec<_> = files.iter().filter(held).collect();
        Fate {
            held: held.len(),
            returned: held.iter().any(|said| rejects(policy, said)),
            approval: !held.is_empty() && held.iter().all(|said| approvable(policy, said)),
        }
    };
    // One row at a time: a rule makes a difference if it alone does. A remark is none.
    let differs = |row: &&EngineVerdict| {
        let row = std::slice::from_ref(*row);
        let of = |policy| harshest(policy, row).max(Action::Flag);
        of(before) != of(after)
    };
    let rows = files.iter().flatten().filter(differs);
    let because = rows.filter_map(|row| row.outcome.rule()).collect();
    (fate(before), fate(after), because)
}

impl Trial {
    fn count(
        &mut self,
        package: Sent,
        (before, after, because): (Fate, Fate, BTreeSet<&'static str>),
        most_named: usize,
    ) {
        self.held_more += usize::from(after.held > before.held);
        self.held_less += usize::from(after.held < before.held);
        self.returned += usize::from(after.returned && !before.returned);
        if before != after && self.affected.len() < most_named {
            self.affected.push(Affected {
                id: package.id,
                sender: package.sender,
                submitted_at: package.submitted_at,
                before,
                after,
                because,
            });
        }
    }
}
