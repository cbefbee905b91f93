//! Groups of users, and the rules that they have of their own (ACC-15, DET-17).

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use sofie_domain::{
    Action, AdministratorPermission, Direction, Event, Group, GroupId, GroupName, GroupNote,
    GroupRules, Origin, Package, Ruling, Sender, User, UserId, Whose,
};
use sofie_store::{
    Cursor, Page, Tx,
    groups::{self as rows, Membership},
    users,
};

pub use sofie_store::groups::Counted;

use crate::{
    App, Context, Error, Result, audit,
    fields::{Fields, text_code},
    sessions::demand,
};

/// The most groups.
const MOST: usize = 200;

/// What to set of a group; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// What it is called.
    pub name: Option<String>,
    /// What is said of it.
    pub note: Option<String>,
}

/// Lists the groups in their order.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<Counted>> {
    // Who puts users into groups sees them, and so do those who make rules and exceptions for them.
    let see = [
        AdministratorPermission::Settings,
        AdministratorPermission::Quarantine,
    ];
    if !see.iter().any(|one| ctx.may_administrate(*one).is_ok()) {
        ctx.may_administrate(AdministratorPermission::Users)?;
    }
    Ok(rows::list(&mut app.db().read().await?).await?)
}

/// Makes a group without members, behind the others.
pub async fn create(app: &App, ctx: &Context, input: &Input) -> Result<Counted> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    let name = input.name.as_deref().unwrap_or_default();
    let (name, note) = parse(Some(name), input.note.as_deref())?;
    let group = Group {
        id: GroupId::fresh(),
        name: name.unwrap_or_default(),
        note: note.unwrap_or_default(),
        rules: GroupRules::default(),
        version: 1,
        created_at: ctx.now,
    };
    let mut tx = app.db().begin().await?;
    if rows::list(&mut tx).await?.len() >= MOST {
        return Err(Error::Conflict("conflict"));
    }
    rows::insert(&mut tx, &group).await.map_err(taken)?;
    let data = json!({ "name": group.name.as_str() });
    record(&mut tx, ctx, Event::GroupCreated, group.id, data).await?;
    tx.commit().await?;
    Ok(Counted { group, members: 0 })
}

fn parse(name: Option<&str>, note: Option<&str>) -> Result<(Option<GroupName>, Option<GroupNote>)> {
    let mut fields = Fields::default();
    let name = name.map(GroupName::parse).transpose().map_err(text_code);
    let note = note.map(GroupNote::parse).transpose().map_err(text_code);
    if let Err(code) = &name {
        fields.wrong("name", code);
    }
    if let Err(code) = &note {
        fields.wrong("note", code);
    }
    fields.done()?;
    Ok((name.unwrap_or_default(), note.unwrap_or_default()))
}

fn taken(error: sofie_store::Error) -> Error {
    if error.is_constraint("groups_name") {
        Error::invalid("name", "duplicate")
    } else {
        error.into()
    }
}

/// Renames a group, or changes what is said of it.
pub async fn change(
    app: &App,
    ctx: &Context,
    id: GroupId,
    seen: Option<i64>,
    input: &Input,
) -> Result<Counted> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    let (name, note) = parse(input.name.as_deref(), input.note.as_deref())?;
    let mut tx = app.db().begin().await?;
    let mut counted = lock(&mut tx, id, seen).await?;
    let group = &mut counted.group;
    let before = group.name.clone();
    group.name = name.unwrap_or_else(|| before.clone());
    group.note = note.unwrap_or_else(|| group.note.clone());
    rows::update(&mut tx, group).await.map_err(taken)?;
    group.version += 1;
    let data = json!({ "before": before.as_str(), "after": group.name.as_str() });
    record(&mut tx, ctx, Event::GroupChanged, id, data).await?;
    tx.commit().await?;
    Ok(counted)
}

/// Removes a group. Its users are judged by what is left to them from the next check on.
pub async fn remove(app: &App, ctx: &Context, id: GroupId, seen: Option<i64>) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let counted = lock(&mut tx, id, seen).await?;
    rows::remove(&mut tx, id).await?;
    let group = counted.group;
    let data = json!({
        "name": group.name.as_str(), "members": counted.members, "rules": told(&group.rules),
    });
    record(&mut tx, ctx, Event::GroupRemoved, id, data).await?;
    Ok(tx.commit().await?)
}

/// Puts the groups into an order, which must name each of them once: the first with a rule of its own wins.
pub async fn order(app: &App, ctx: &Context, ids: &[GroupId]) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let present = rows::list(&mut tx).await?;
    let mut present: Vec<GroupId> = present.iter().map(|one| one.group.id).collect();
    let mut named = ids.to_vec();
    present.sort_unstable();
    named.sort_unstable();
    if present != named {
        return Err(Error::Conflict("version_conflict"));
    }
    rows::order(&mut tx, ids).await?;
    let data = json!({ "order": ids });
    audit::record(&mut tx, ctx, Event::GroupsOrdered, None, data).await?;
    Ok(tx.commit().await?)
}

/// Lists the users of a group, those added last first.
pub async fn members(
    app: &App,
    ctx: &Context,
    id: GroupId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<User>> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    let mut tx = app.db().read().await?;
    rows::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    Ok(rows::members(&mut tx, id, after, limit).await?)
}

/// Puts a user into a group, or takes the user out of it; what is so already stays so.
pub async fn set_member(
    app: &App,
    ctx: &Context,
    (id, user): (GroupId, UserId),
    within: bool,
) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    rows::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let found = users::find(&mut tx, user).await?.ok_or(Error::NotFound)?;
    let (changed, event) = if within {
        let added = rows::add_member(&mut tx, id, user, ctx.now).await?;
        (added, Event::GroupMemberAdded)
    } else {
        let removed = rows::remove_member(&mut tx, id, user).await?;
        (removed, Event::GroupMemberRemoved)
    };
    if changed {
        let data = json!({ "user": user, "email": found.email.as_str() });
        record(&mut tx, ctx, event, id, data).await?;
    }
    Ok(tx.commit().await?)
}

/// Returns the groups of users by name, each user's in their order.
pub async fn of_users(
    app: &App,
    ctx: &Context,
    ids: &[UserId],
) -> Result<HashMap<UserId, Vec<(GroupId, String)>>> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    Ok(rows::of_users(&mut app.db().read().await?, ids).await?)
}

/// A rule as it holds for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRule {
    /// Its name, as findings have it.
    pub name: &'static str,
    /// What happens to what the user sends.
    pub outgoing: Because,
    /// What happens to what people without an account send to the user.
    pub incoming: Because,
}

/// What happens, and because of which group; none for the rules of the installation.
pub type Because = (Action, Option<(GroupId, String)>);

/// Tells which rules hold for a user, and why (ACC-15).
pub async fn rules_of_user(app: &App, ctx: &Context, user: UserId) -> Result<Vec<UserRule>> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    let settings = app.settings().await?;
    let mut tx = app.db().read().await?;
    users::find(&mut tx, user).await?.ok_or(Error::NotFound)?;
    let mut named = rows::of_users(&mut tx, &[user]).await?;
    let named = named.remove(&user).unwrap_or_default();
    let mut all = rows::list(&mut tx).await?;
    // Both are in the order of the groups.
    all.retain(|one| named.iter().any(|(id, _)| *id == one.group.id));
    let rules: Vec<GroupRules> = all.iter().map(|one| one.group.rules.clone()).collect();
    let because = |ruling: &Ruling| -> Because {
        let group = ruling.group.and_then(|place| all.get(place));
        let named = group.map(|one| (one.group.id, one.group.name.as_str().to_owned()));
        (ruling.action, named)
    };
    let outgoing = settings.rulings(Direction::Outgoing, &rules);
    let incoming = settings.rulings(Direction::Incoming, &rules);
    let pairs = outgoing.iter().zip(&incoming);
    let rule = |(out, within): (&Ruling, &Ruling)| UserRule {
        name: out.name,
        outgoing: because(out),
        incoming: because(within),
    };
    Ok(pairs.map(rule).collect())
}

/// Gives a group rules of its own by the keys of their settings; `null` takes one away, and it is inherited again.
pub async fn change_rules(
    app: &App,
    ctx: &Context,
    id: GroupId,
    seen: Option<i64>,
    values: &BTreeMap<String, Value>,
) -> Result<Counted> {
    ctx.may_administrate(AdministratorPermission::Settings)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let mut counted = lock(&mut tx, id, seen).await?;
    let group = &mut counted.group;
    let after = proposed(&group.rules, values)?;
    if after == group.rules {
        return Ok(counted);
    }
    let data = json!({ "before": told(&group.rules), "after": told(&after) });
    group.rules = after;
    rows::update(&mut tx, group).await?;
    group.version += 1;
    record(&mut tx, ctx, Event::GroupRulesChanged, id, data).await?;
    tx.commit().await?;
    Ok(counted)
}

/// Returns what the rules of a group would be after a change.
pub(crate) fn proposed(
    before: &GroupRules,
    values: &BTreeMap<String, Value>,
) -> Result<GroupRules> {
    let mut rules = before.clone();
    for (key, value) in values {
        let fits = match value {
            Value::Null => rules.forget(key),
            Value::String(word) => rules.set(key, word).is_ok(),
            _ => false,
        };
        if !fits {
            return Err(Error::invalid("values", "not_allowed"));
        }
    }
    Ok(rules)
}

/// A package as far as groups count for it.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Whose rules it is judged by.
    pub whose: Whose,
    /// Where it comes from, for exceptions.
    pub origin: Origin,
}

/// Finds out by whose rules a package is judged.
pub(crate) async fn standing(tx: &mut Tx, package: &Package) -> Result<Standing> {
    let mut found = rows::concerned(tx, &[package.id]).await?;
    let memberships = found.remove(&package.id).unwrap_or_default();
    let groups = match package.sender {
        Sender::User { .. } => memberships.iter().flatten().map(|(id, _)| *id).collect(),
        Sender::Guest { .. } => Vec::new(),
    };
    let email = package.sender.email().clone();
    let origin = Origin { email, groups };
    let users = memberships.into_iter().map(rules_of).collect();
    let direction = package.sender.direction();
    let whose = Whose { direction, users };
    Ok(Standing { whose, origin })
}

fn rules_of(membership: Membership) -> Vec<GroupRules> {
    membership.into_iter().map(|(_, rules)| rules).collect()
}

async fn lock(tx: &mut Tx, id: GroupId, seen: Option<i64>) -> Result<Counted> {
    let counted = rows::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if seen.is_some_and(|seen| seen != counted.group.version) {
        return Err(Error::Conflict("version_conflict"));
    }
    Ok(counted)
}

fn told(rules: &GroupRules) -> Value {
    json!(rules.iter().collect::<BTreeMap<_, _>>())
}

async fn record(tx: &mut Tx, ctx: &Context, event: Event, id: GroupId, data: Value) -> Result<()> {
    audit::record(tx, ctx, event, Some(("group", id.to_string())), data).await
}
