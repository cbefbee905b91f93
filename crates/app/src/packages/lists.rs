//! Lists of packages.

use sofie_domain::{Actor, AdministratorPermission, Package, PackageId, Sender, UserId};
use sofie_store::{
    Cursor, Page, Tx, files,
    packages::{self, Box, Wanted},
    users,
};

use super::{Summary, views};
use crate::{App, Context, Error, Result, limits, limits::Limit};

/// A search looks at so many of the newest packages of the list, and goes on from there with the cursor:
/// titles are sealed, so the database can't search them.
const SEARCH_WINDOW: usize = 1_000;
/// So many searches a minute one caller may make, the next pages of one among them.
const SEARCHES: u32 = 120;
/// The longest text to search for, in characters; no title or address is longer.
const SEARCH_TEXT: usize = 254;

/// Which of a user's packages to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Received.
    Inbox,
    /// Sent.
    Sent,
    /// Not sent yet.
    Drafts,
    /// In the recycle bin.
    Deleted,
}

/// Lists packages of the caller, newest first; with `search` only those whose title or an address has it.
///
/// A page of a search may be short, or empty, and still have a next one.
pub async fn list(
    app: &App,
    ctx: &Context,
    which: Which,
    search: &str,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Summary>> {
    let Actor::User { id, email, .. } = &ctx.actor else {
        return Err(Error::Unauthenticated);
    };
    let which = match which {
        Which::Inbox => Box::Inbox(email.clone()),
        Which::Sent => Box::Sent(*id),
        Which::Drafts => Box::Drafts(*id),
        Which::Deleted => Box::Deleted(*id),
    };
    page(app, ctx, &which, search, (after, limit)).await
}

/// Lists packages that wait for the caller, who may approve.
pub(crate) async fn list_to_approve(
    app: &App,
    ctx: &Context,
    user: UserId,
    search: &str,
    (after, limit): (Option<Cursor>, usize),
) -> Result<Page<Summary>> {
    page(app, ctx, &Box::ToApprove(user), search, (after, limit)).await
}

/// Lists packages for an administrator.
pub async fn list_all(
    app: &App,
    ctx: &Context,
    which: &Box,
    search: &str,
    (after, limit): (Option<Cursor>, usize),
) -> Result<Page<Summary>> {
    ctx.administrator_who_may(AdministratorPermission::Packages)?;
    page(app, ctx, which, search, (after, limit)).await
}

async fn page(
    app: &App,
    ctx: &Context,
    which: &Box,
    search: &str,
    (after, limit): (Option<Cursor>, usize),
) -> Result<Page<Summary>> {
    let text = search.trim().to_lowercase();
    if !text.is_empty() {
        return find(app, ctx, which, &text, (after, limit)).await;
    }
    let mut tx = app.db().read().await?;
    let page = packages::list(&mut tx, which, after, limit).await?;
    let items = page.items.into_iter().map(|(_, package)| package).collect();
    let items = summaries(&mut tx, ctx, which, items).await?;
    let next = page.next;
    Ok(Page { items, next })
}

async fn find(
    app: &App,
    ctx: &Context,
    which: &Box,
    text: &str,
    (after, limit): (Option<Cursor>, usize),
) -> Result<Page<Summary>> {
    if text.chars().count() > SEARCH_TEXT {
        return Err(Error::invalid("q", "too_long"));
    }
    let caller = ctx.actor.id().ok_or(Error::Unauthenticated)?;
    let budget = Limit::per_minute(format!("search:{caller}"), SEARCHES);
    limits::attempt(app, ctx, &[budget]).await?;
    let wanted = Wanted {
        text,
        window: SEARCH_WINDOW,
        limit,
    };
    let mut tx = app.db().read().await?;
    let page = packages::search(&mut tx, which, wanted, after).await?;
    let items = summaries(&mut tx, ctx, which, page.items).await?;
    let next = page.next;
    Ok(Page { items, next })
}

async fn summaries(
    tx: &mut Tx,
    ctx: &Context,
    which: &Box,
    items: Vec<Package>,
) -> Result<Vec<Summary>> {
    let ids: Vec<PackageId> = items.iter().map(|package| package.id).collect();
    let mut groups = files::groups(tx, &ids).await?;
    let withdrawn = packages::withdrawn(tx, &ids).await?;
    let senders: Vec<_> = items
        .iter()
        .filter_map(|package| match &package.sender {
            Sender::User { id, .. } => Some(*id),
            Sender::Guest { .. } => None,
        })
        .collect();
    let names = users::names(tx, &senders).await?;
    Ok(items
        .into_iter()
        .map(|package| {
            let viewer = views::listed(ctx, which, &package);
            let of_package = groups.remove(&package.id).unwrap_or_default();
            let withdrawn = withdrawn.contains(&package.id);
            let name = match &package.sender {
                Sender::User { id, .. } => names.get(id).cloned(),
                Sender::Guest { .. } => None,
            };
            let mut summary = Summary::new(package, &viewer, &of_package, withdrawn, ctx);
            summary.sender_name = name;
            summary
        })
        .collect())
}
