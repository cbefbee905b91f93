//! Groups of users, and whose rules a package is judged by.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sofie_domain::{Group, GroupId, GroupName, GroupNote, GroupRules, PackageId, User, UserId};
use uuid::Uuid;

use crate::{Cursor, Error, Page, Result, Tx, page::fetch, row::convert, users};

/// A group with the number of its members.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The group.
    pub group: Group,
    /// How many users are in it.
    pub members: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    note: String,
    rules: Value,
    version: i64,
    created_at: DateTime<Utc>,
    members: i64,
}

fn wrong(column: &'static str) -> Error {
    Error::Inconsistent {
        table: "groups",
        column,
    }
}

/// Reads rules from their column.
fn rules(value: &Value) -> Result<GroupRules> {
    let stored = value.as_object().ok_or(wrong("rules"))?;
    let pairs = stored.iter();
    // What is no text is no word that we know.
    let pairs = pairs.map(|(key, word)| (key.as_str(), word.as_str().unwrap_or_default()));
    Ok(GroupRules::stored(pairs))
}

fn column(rules: &GroupRules) -> Value {
    let pairs = rules.iter();
    let pairs = pairs.map(|(key, word)| (key.to_owned(), Value::from(word)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

impl TryFrom<Row> for Counted {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let group = Group {
            id: GroupId(row.id),
            name: GroupName::parse(&row.name).map_err(|_| wrong("name"))?,
            note: GroupNote::parse(&row.note).map_err(|_| wrong("note"))?,
            rules: rules(&row.rules)?,
            version: row.version,
            created_at: row.created_at,
        };
        let members = convert("groups", "members", row.members)?;
        Ok(Self { group, members })
    }
}

macro_rules! select {
    ($end:literal) => {
        concat!(
            "select g.id, g.name, g.note, g.rules, g.version, g.created_at,
                    (select count(*) from group_members m where m.group_id = g.id) as members
               from groups g ",
            $end
        )
    };
}

/// Returns all groups in their order.
pub async fn list(tx: &mut Tx) -> Result<Vec<Counted>> {
    let rows: Vec<Row> = sqlx::query_as(select!("order by g.position, g.id"))
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Returns a group.
pub async fn find(tx: &mut Tx, id: GroupId) -> Result<Option<Counted>> {
    let row: Option<Row> = sqlx::query_as(select!("where g.id = $1"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// Returns a group and locks it until the end of the transaction.
pub async fn lock(tx: &mut Tx, id: GroupId) -> Result<Option<Counted>> {
    let row: Option<Row> = sqlx::query_as(select!("where g.id = $1 for update of g"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// Adds a group behind the others; fails with the constraint `groups_name` when the name is taken.
pub async fn insert(tx: &mut Tx, group: &Group) -> Result<()> {
    sqlx::query(
        "insert into groups (id, name, note, position, rules, created_at)
         values ($1, $2, $3, (select coalesce(max(position), 0) + 1 from groups), $4, $5)",
    )
    .bind(group.id.0)
    .bind(group.name.as_str())
    .bind(group.note.as_str())
    .bind(column(&group.rules))
    .bind(group.created_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a changed group, which this transaction has locked, and counts the change; fails like [`insert`].
pub async fn update(tx: &mut Tx, group: &Group) -> Result<()> {
    let done = sqlx::query(
        "update groups set name = $3, note = $4, rules = $5, version = version + 1
          where id = $1 and version = $2",
    )
    .bind(group.id.0)
    .bind(group.version)
    .bind(group.name.as_str())
    .bind(group.note.as_str())
    .bind(column(&group.rules))
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Removes a group; its users are in one less.
pub async fn remove(tx: &mut Tx, id: GroupId) -> Result<()> {
    sqlx::query("delete from groups where id = $1")
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Puts the groups into this order; those that are not named come after them.
pub async fn order(tx: &mut Tx, ids: &[GroupId]) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query("update groups set position = coalesce(array_position($1, id), 100000 + position)")
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Puts a user into a group; tells whether it was not in it before.
pub async fn add_member(
    tx: &mut Tx,
    group: GroupId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into group_members (group_id, user_id, added_at) values ($1, $2, $3)
         on conflict do nothing",
    )
    .bind(group.0)
    .bind(user.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a user out of a group; tells whether it was in it.
pub async fn remove_member(tx: &mut Tx, group: GroupId, user: UserId) -> Result<bool> {
    let done = sqlx::query("delete from group_members where group_id = $1 and user_id = $2")
        .bind(group.0)
        .bind(user.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Lists the users of a group, those added last first.
pub async fn members(
    tx: &mut Tx,
    group: GroupId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<User>> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        "select user_id, ordinal from group_members
          where group_id = $1 and ($2::bigint is null or ordinal < $2) order by ordinal desc limit $3",
    )
    .bind(group.0)
    .bind(after.map(|cursor| cursor.0))
    .bind(fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    let page = Page::cut(rows, limit, |row| row.1);
    let ids: Vec<UserId> = page.items.iter().map(|(id, _)| UserId(*id)).collect();
    let mut found = users::by_ids(tx, &ids).await?;
    Ok(Page {
        items: ids.iter().filter_map(|id| found.remove(id)).collect(),
        next: page.next,
    })
}

/// Returns the groups of users by name, each user's in their order.
pub async fn of_users(
    tx: &mut Tx,
    ids: &[UserId],
) -> Result<HashMap<UserId, Vec<(GroupId, String)>>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "select m.user_id, g.id, g.name from group_members m join groups g on g.id = m.group_id
          where m.user_id = any($1) order by g.position, g.id",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let mut groups: HashMap<UserId, Vec<(GroupId, String)>> = HashMap::new();
    for (user, id, name) in rows {
        let of_user = groups.entry(UserId(user)).or_default();
        of_user.push((GroupId(id), name));
    }
    Ok(groups)
}

/// The groups of a user with their rules, in their order.
pub type Membership = Vec<(GroupId, GroupRules)>;

/// Returns by whose rules packages are judged: one membership for each user whom a package concerns, that is its
/// sender, or else who asked for it, or else its recipients. Nobody of ours has none.
pub async fn concerned(
    tx: &mut Tx,
    packages: &[PackageId],
) -> Result<HashMap<PackageId, Vec<Membership>>> {
    type Row = (Uuid, Option<Uuid>, Option<Uuid>, Option<Value>);
    let ids: Vec<Uuid> = packages.iter().map(|id| id.0).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "with concerned as (
             select p.id, coalesce(p.sender_user_id, q.user_id) as user_id
               from packages p left join requests q on q.id = p.request_id
              where p.id = any($1) and (p.sender_user_id is not null or p.request_id is not null)
             union
             select p.id, u.id
               from packages p join recipients r on r.package_id = p.id left join users u on u.email = r.email
              where p.id = any($1) and p.sender_user_id is null and p.request_id is null
         )
         select c.id, c.user_id, g.id, g.rules
           from concerned c left join group_members m on m.user_id = c.user_id
                            left join groups g on g.id = m.group_id
          order by c.id, c.user_id, g.position, g.id",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let mut all: HashMap<PackageId, Vec<Membership>> = HashMap::new();
    let mut last = None;
    for (package, user, group, own) in rows {
        let users = all.entry(PackageId(package)).or_default();
        if last.replace((package, user)) != Some((package, user)) {
            users.push(Vec::new());
        }
        if let (Some(membership), Some(id), Some(own)) = (users.last_mut(), group, own) {
            membership.push((GroupId(id), rules(&own)?));
        }
    }
    Ok(all)
}
