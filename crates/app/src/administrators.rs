//! Administrators.

use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{
    AccountState, Actor, Administrator, AdministratorId, AdministratorPermission, Event,
};
use sofie_store::{
    Tx, administrators,
    sessions::{self as rows, Owner},
};

use crate::{
    App, Context, Error, Result, audit,
    fields::{self, Fields},
    instance::{self, Instance},
    passwords,
    sessions::demand,
};

/// An administrator to make.
#[derive(Clone, Debug)]
pub struct NewAdministrator {
    /// The address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The password.
    pub password: SecretString,
    /// The words of the permissions; the usual ones when not given.
    pub permissions: Option<Vec<String>>,
}

/// Who a browser is to the administration.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The administrator who is logged in.
    pub administrator: Option<Administrator>,
    /// The installation.
    pub instance: Instance,
}

/// Describes the caller to the caller.
pub async fn describe(app: &App, ctx: &Context) -> Result<Standing> {
    let instance = instance::describe(app).await?;
    let administrator = match &ctx.actor {
        Actor::Administrator { id, .. } => {
            let mut tx = app.db().read().await?;
            let found = administrators::find(&mut tx, *id).await?;
            found.map(|found| found.administrator)
        }
        _ => None,
    };
    Ok(Standing {
        administrator,
        instance,
    })
}

/// Makes an administrator.
pub async fn create(app: &App, ctx: &Context, new: NewAdministrator) -> Result<Administrator> {
    ctx.may_administrate(AdministratorPermission::Administrators)?;
    demand(app, ctx).await?;
    let (administrator, hash) = prepare(app, ctx, &new).await?;
    let mut tx = app.db().begin().await?;
    insert(&mut tx, ctx, &administrator, &hash).await?;
    tx.commit().await?;
    Ok(administrator)
}

/// Checks an input and hashes its password.
pub(crate) async fn prepare(
    app: &App,
    ctx: &Context,
    new: &NewAdministrator,
) -> Result<(Administrator, String)> {
    let mut wrong = Fields::default();
    let email = wrong.email("email", &new.email);
    let name = wrong.name("name", &new.name);
    wrong.done()?;
    let (Some(email), Some(name)) = (email, name) else {
        return Err(Error::invalid("email", "invalid"));
    };
    let permissions = match &new.permissions {
        Some(words) => fields::permissions(words)?,
        None => AdministratorPermission::usual(),
    };
    let words = [email.as_str(), &name];
    let hash = passwords::hash(app, &new.password, &words, "password").await?;
    let administrator = Administrator {
        id: AdministratorId::fresh(),
        email,
        name,
        state: AccountState::Active,
        permissions,
        created_at: ctx.now,
        last_login_at: None,
    };
    Ok((administrator, hash))
}

/// Writes an administrator.
pub(crate) async fn insert(
    tx: &mut Tx,
    ctx: &Context,
    administrator: &Administrator,
    hash: &str,
) -> Result<()> {
    let inserted = administrators::insert(tx, administrator, hash).await;
    inserted.map_err(|error| {
        if error.is_constraint("administrators_email_key") {
            Error::invalid("email", "duplicate")
        } else {
            error.into()
        }
    })?;
    let object = Some(("administrator", administrator.id.to_string()));
    let data = json!({ "email": administrator.email, "permissions": words(administrator) });
    audit::record(tx, ctx, Event::AdministratorCreated, object, data).await
}

fn words(administrator: &Administrator) -> Vec<&'static str> {
    administrator
        .permissions
        .iter()
        .map(|p| p.as_str())
        .collect()
}

/// Lists all administrators.
pub async fn list(app: &App, ctx: &Context) -> Result<Vec<Administrator>> {
    ctx.may_administrate(AdministratorPermission::Administrators)?;
    let mut tx = app.db().read().await?;
    Ok(administrators::list(&mut tx).await?)
}

/// Shuts an administrator out or lets one in again, and changes permissions. Somebody must stay who can
/// manage administrators.
pub async fn change(
    app: &App,
    ctx: &Context,
    id: AdministratorId,
    disabled: Option<bool>,
    permissions: Option<&[String]>,
) -> Result<Administrator> {
    ctx.may_administrate(AdministratorPermission::Administrators)?;
    demand(app, ctx).await?;
    let permissions = permissions.map(fields::permissions);
    let permissions = permissions.transpose()?;
    let state = disabled.map(|disabled| {
        if disabled {
            AccountState::Disabled
        } else {
            AccountState::Active
        }
    });
    let mut tx = app.db().begin().await?;
    administrators::lock(&mut tx).await?;
    let before = find(&mut tx, id).await?;
    administrators::update(&mut tx, id, state, permissions.as_deref()).await?;
    let manages = |a: &Administrator| {
        let may = a
            .permissions
            .contains(&AdministratorPermission::Administrators);
        a.state == AccountState::Active && may
    };
    if !administrators::list(&mut tx).await?.iter().any(manages) {
        return Err(Error::Conflict("conflict"));
    }
    if state == Some(AccountState::Disabled) {
        rows::end_all(&mut tx, Owner::Administrator(id), None).await?;
    }
    let after = find(&mut tx, id).await?;
    let told = |a: &Administrator| json!({ "state": a.state.as_str(), "permissions": words(a) });
    let data = json!({ "before": told(&before), "after": told(&after) });
    let object = Some(("administrator", id.to_string()));
    audit::record(&mut tx, ctx, Event::AdministratorChanged, object, data).await?;
    tx.commit().await?;
    Ok(after)
}

async fn find(tx: &mut Tx, id: AdministratorId) -> Result<Administrator> {
    let found = administrators::find(tx, id).await?;
    found
        .map(|found| found.administrator)
        .ok_or(Error::NotFound)
}
