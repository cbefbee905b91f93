//! A package as one caller may see it.

use std::collections::HashMap;

use sofie_domain::{
    Deliverable, File, FileCheck, FilePath, Life, Note, Package, PackageId, PackageState,
    PackageType, Relation, Sender, Title, Viewer, Withheld, deliverable, worst,
};
use sofie_store::{Tx, files, files::Group, packages, packages::Box, rounds, users};

use super::{
    Finding, findings, is_sender,
    sight::{knows, may_unlock},
};
use crate::{App, Context, Error, Result, keys, viewers};

/// So many unfinished uploads are asked how far they are; the rest counts as not begun.
const ASKED_UPLOADS: usize = 64;

/// In which role the caller sees a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sent it or puts it together.
    Sender,
    /// May fetch it.
    Recipient,
    /// Looks after it.
    Administrator,
    /// Decides whether it leaves.
    Approver,
}

/// What the caller may do with a package now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
pub struct Can {
    /// Change the draft.
    pub edit: bool,
    /// Send it.
    pub send: bool,
    /// Remove or withdraw it.
    pub delete: bool,
    /// Bring it back from the recycle bin.
    pub restore: bool,
    /// Change its expiry.
    pub extend: bool,
    /// Mail a notice again.
    pub notify: bool,
    /// Fetch at least one file.
    pub download: bool,
    /// Fetch the archive.
    pub zip: bool,
    /// Try a password on files that could not be looked into.
    pub unlock: bool,
}

/// Files and bytes of a package, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many files.
    pub files: u64,
    /// Their bytes, as announced.
    pub size: u64,
    /// Bytes that are stored.
    pub received: u64,
    /// Files whose checks are over.
    pub checked: u64,
}

/// A package without its files.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The package; its recipients are those that the caller may see.
    pub package: Package,
    /// In which role the caller sees it.
    pub role: Role,
    /// The one word for people.
    pub state: PackageState,
    /// The worst check of its files.
    pub check: FileCheck,
    /// The name of its sender, if that is a user.
    pub sender_name: Option<String>,
    /// The address of a public or internal package, for its sender; not in lists.
    pub link: Option<String>,
    /// Files and bytes.
    pub totals: Totals,
    /// What the caller may do.
    pub can: Can,
}

/// A file as one caller may see it.
#[derive(Clone, Debug)]
pub struct FileView {
    /// The file.
    pub file: File,
    /// Bytes that are stored.
    pub received: u64,
    /// Why the caller can't fetch it; none if it can be fetched.
    pub withheld: Option<Withheld>,
    /// Whether the caller may give a password with which it can be looked into.
    pub locked: bool,
    /// What the engines found.
    pub findings: Vec<Finding>,
}

/// A package with its files.
#[derive(Clone, Debug)]
pub struct View {
    /// The package.
    pub summary: Summary,
    /// Its note.
    pub note: Note,
    /// Its files; empty while the caller has not given the password or waits for the first verdict.
    pub files: Vec<FileView>,
}

/// Returns a package, if the caller may know of it.
pub async fn get(app: &App, ctx: &Context, id: PackageId) -> Result<View> {
    let mut tx = app.db().read().await?;
    let package = packages::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let viewer = viewers::viewer(&mut tx, ctx, &package).await?;
    if !knows(app, &mut tx, ctx, (&package, viewer.relation)).await? {
        return Err(Error::NotFound);
    }
    view_for(app, &mut tx, ctx, package, &viewer).await
}

/// Returns the package to its own sender, after a change in the same transaction.
pub(super) async fn own(app: &App, tx: &mut Tx, ctx: &Context, package: Package) -> Result<View> {
    let viewer = Viewer {
        relation: Relation::Sender,
        password: true,
        access: true,
    };
    view_for(app, tx, ctx, package, &viewer).await
}

/// Returns the package as `viewer`, who may know of it, sees it.
pub async fn view_for(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    package: Package,
    viewer: &Viewer,
) -> Result<View> {
    let stored = files::of_package(tx, package.id).await?;
    let received = received(app, tx, &package, &stored).await?;
    let mut findings = findings::of_package(app, tx, viewer.relation, package.id).await?;
    let held = stored.iter().any(|file| file.check.held());
    let locked = if held && may_unlock(app, &package, viewer).await? {
        rounds::locked_files(tx, package.id).await?
    } else {
        Vec::new()
    };
    let unlock = !locked.is_empty();
    let files: Vec<FileView> = stored
        .into_iter()
        .zip(received)
        .map(|(file, received)| FileView {
            received,
            withheld: deliverable(&package, &file, viewer, ctx.now).err(),
            findings: findings.remove(&file.id).unwrap_or_default(),
            locked: locked.contains(&file.id),
            file,
        })
        .collect();
    let link = match viewer.relation {
        Relation::Sender => link(app, tx, &package).await?,
        _ => None,
    };
    let withdrawn = packages::withdrawn(tx, &[package.id]).await?;
    let names = match &package.sender {
        Sender::User { id, .. } => users::names(tx, &[*id]).await?.remove(id),
        Sender::Guest { .. } => None,
    };
    let groups: Vec<Group> = files.iter().map(|f| group(&f.file)).collect();
    let locked = password_missing(&package, viewer) || unchecked(&package, viewer);
    let note = package.note.clone();
    let mut summary = Summary::new(package, viewer, &groups, withdrawn.len() == 1, ctx);
    summary.totals.received = files.iter().map(|f| f.received).sum();
    summary.sender_name = names;
    summary.link = link;
    summary.can.unlock = unlock;
    Ok(View {
        summary,
        note: if locked { Note::default() } else { note },
        files: if locked { Vec::new() } else { files },
    })
}

fn outside(viewer: &Viewer) -> bool {
    matches!(
        viewer.relation,
        Relation::Recipient(_) | Relation::LinkHolder
    )
}

/// Before the first verdict nothing that the sender wrote leaves, be it only a name (promise 1).
fn unchecked(package: &Package, viewer: &Viewer) -> bool {
    outside(viewer) && package.activated_at.is_none()
}

pub(super) fn password_missing(package: &Package, viewer: &Viewer) -> bool {
    outside(viewer) && package.has_password && !viewer.password
}

async fn link(app: &App, tx: &mut Tx, package: &Package) -> Result<Option<String>> {
    if package.kind == PackageType::Private {
        return Ok(None);
    }
    let Some(secret) = packages::link(tx, package.id).await? else {
        return Ok(None);
    };
    Ok(Some(format!("{}/p#{secret}", app.base_url().await?)))
}

/// Returns how many bytes of each file are stored; unfinished uploads are asked themselves.
async fn received(app: &App, tx: &mut Tx, package: &Package, stored: &[File]) -> Result<Vec<u64>> {
    let unfinished = stored.iter().filter(|file| file.completed_at.is_none());
    let specs = if package.life == Life::Uploading && unfinished.clone().next().is_some() {
        keys::blob_specs(app, tx, package.id).await?
    } else {
        HashMap::new()
    };
    let mut known = HashMap::new();
    for file in unfinished.take(ASKED_UPLOADS) {
        if let Some(spec) = specs.get(&file.id) {
            // An upload that can't be read says so to whoever goes on with it.
            let len = app.parts().vault.durable_len(spec).await.unwrap_or(0);
            known.insert(file.id, len);
        }
    }
    let of = |file: &File| match file.completed_at {
        Some(_) => file.size,
        None => known.get(&file.id).copied().unwrap_or(0),
    };
    Ok(stored.iter().map(of).collect())
}

fn group(file: &File) -> Group {
    Group {
        check: file.check,
        complete: file.completed_at.is_some(),
        count: 1,
        size: file.size,
    }
}

impl Summary {
    /// Sums a package up for a caller, given its files by state.
    pub(super) fn new(
        mut package: Package,
        viewer: &Viewer,
        groups: &[Group],
        withdrawn: bool,
        ctx: &Context,
    ) -> Self {
        let role = match viewer.relation {
            Relation::Sender => Role::Sender,
            Relation::Administrator { .. } => Role::Administrator,
            Relation::Approver => Role::Approver,
            _ => Role::Recipient,
        };
        let checks: Vec<FileCheck> = groups.iter().map(|g| g.check).collect();
        let can = can(&package, role, (viewer, groups, withdrawn), ctx);
        let state = package.state(&checks, ctx.now);
        if role == Role::Recipient {
            package.recipients.retain(|r| !r.blind);
        }
        if viewer.relation == Relation::LinkHolder {
            // A link gets around: who else was written to is not for whoever holds it.
            package.recipients.clear();
        }
        if unchecked(&package, viewer) {
            package.title = Title::default();
        }
        Self {
            state,
            check: worst(checks),
            role,
            sender_name: None,
            link: None,
            totals: totals(groups),
            can,
            package,
        }
    }
}

fn totals(groups: &[Group]) -> Totals {
    let mut totals = Totals::default();
    for group in groups {
        totals.files += group.count;
        totals.size = totals.size.saturating_add(group.size);
        if group.complete {
            totals.received = totals.received.saturating_add(group.size);
        }
        if group.check != FileCheck::Pending {
            totals.checked += group.count;
        }
    }
    totals
}

fn can(
    package: &Package,
    role: Role,
    (viewer, groups, withdrawn): (&Viewer, &[Group], bool),
    ctx: &Context,
) -> Can {
    let fetch = groups
        .iter()
        .any(|group| sample(package, group, viewer, ctx).is_some());
    let sender = role == Role::Sender;
    let draft = package.life == Life::Uploading && package.send_requested_at.is_none();
    let sent = matches!(package.life, Life::Submitted | Life::Active);
    let alive = sent && !package.expired(ctx.now);
    Can {
        edit: sender && draft,
        send: sender && draft,
        delete: sender && (package.life == Life::Uploading || sent)
            || role == Role::Administrator && sent,
        restore: sender && withdrawn && !package.expired(ctx.now),
        extend: sender && alive,
        notify: sender && alive && package.life == Life::Active && !package.recipients.is_empty(),
        download: fetch,
        zip: fetch,
        // Only the page of one package asks which of its files are locked.
        unlock: false,
    }
}

/// Asks about one file that stands for all of its group.
fn sample(package: &Package, group: &Group, viewer: &Viewer, ctx: &Context) -> Option<Deliverable> {
    let file = File {
        id: sofie_domain::FileId(package.id.0),
        package_id: package.id,
        path: FilePath::parse("-").ok()?,
        size: group.size,
        completed_at: group.complete.then_some(ctx.now),
        media_type: None,
        sha256: None,
        crc32: None,
        check: group.check,
        release: None,
    };
    deliverable(package, &file, viewer, ctx.now).ok()
}

/// Returns how the caller stands to a package in one of the caller's own lists.
pub(super) fn listed(ctx: &Context, which: &Box, package: &Package) -> Viewer {
    let relation = match which {
        Box::ToApprove(_) => Relation::Approver,
        _ => sofie_domain::relation(package, &ctx.actor, &ctx.administrator_permissions, None),
    };
    debug_assert!(is_sender(ctx, package) == (relation == Relation::Sender));
    Viewer {
        relation,
        password: false,
        access: false,
    }
}
