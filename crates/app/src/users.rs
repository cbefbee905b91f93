//! Users, as administrators manage them and as they manage themselves.

use secrecy::SecretString;
use serde_json::json;
use sofie_domain::{AccountState, AdministratorPermission, Event, User, UserId, UserPermission};
use sofie_queue::Job as _;
use sofie_store::{
    Cursor, Page, Tx, secret_links,
    sessions::{self as rows, Owner},
    users::{self, Change},
};

use crate::{
    App, Context, Error, Result, audit,
    fields::{self, Fields},
    instance::LANGUAGES,
    jobs::DeliverMail,
    licences, passwords,
    sessions::demand,
};

/// A user to make.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The password; without it an invitation is mailed.
    pub password: Option<SecretString>,
    /// The words of the permissions; the usual ones when not given.
    pub permissions: Option<Vec<String>>,
}

/// What an administrator changes; fields that are none stay as they are.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The person's name.
    pub name: Option<String>,
    /// Shuts the user out, or lets the user in again.
    pub disabled: Option<bool>,
    /// The words of the permissions.
    pub permissions: Option<Vec<String>>,
}

/// Makes a user.
pub async fn create(app: &App, ctx: &Context, new: NewUser) -> Result<User> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    demand(app, ctx).await?;
    let mut wrong = Fields::default();
    let email = wrong.email("email", &new.email);
    let name = wrong.name("name", &new.name);
    wrong.done()?;
    let (Some(email), Some(name)) = (email, name) else {
        return Err(Error::invalid("email", "invalid"));
    };
    let permissions = match &new.permissions {
        Some(words) => fields::permissions(words)?,
        None => UserPermission::usual(),
    };
    let hash = match &new.password {
        Some(password) => {
            Some(passwords::hash(app, password, &[email.as_str(), &name], "password").await?)
        }
        None => None,
    };
    let user = User {
        id: UserId::fresh(),
        email,
        name,
        state: if hash.is_some() {
            AccountState::Active
        } else {
            AccountState::Invited
        },
        locale: None,
        permissions,
        created_at: ctx.now,
        last_login_at: None,
    };
    insert(app, ctx, &user, hash.as_deref()).await?;
    Ok(user)
}

async fn insert(app: &App, ctx: &Context, user: &User, hash: Option<&str>) -> Result<()> {
    let mut tx = app.db().begin().await?;
    licences::room_for_user(app, &mut tx).await?;
    let inserted = users::insert(&mut tx, user, hash).await;
    inserted.map_err(|error| {
        if error.is_constraint("users_email_key") {
            Error::invalid("email", "duplicate")
        } else {
            error.into()
        }
    })?;
    let data = json!({ "email": user.email, "permissions": words(&user.permissions) });
    record(&mut tx, ctx, Event::UserCreated, user.id, data).await?;
    if hash.is_none() {
        passwords::mail_link(app, &mut tx, ctx, user).await?;
        let data = json!({ "email": user.email });
        record(&mut tx, ctx, Event::UserInvited, user.id, data).await?;
    }
    tx.commit().await?;
    app.parts().licences.forget().await;
    app.parts().waker.wake(DeliverMail::QUEUE);
    Ok(())
}

fn words(permissions: &[UserPermission]) -> Vec<&'static str> {
    permissions.iter().map(|p| p.as_str()).collect()
}

async fn record(
    tx: &mut Tx,
    ctx: &Context,
    event: Event,
    id: UserId,
    data: serde_json::Value,
) -> Result<()> {
    audit::record(tx, ctx, event, Some(("user", id.to_string())), data).await
}

/// Lists users, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    text: Option<&str>,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<User>> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    let mut tx = app.db().read().await?;
    Ok(users::list(&mut tx, text, after, limit).await?)
}

/// Changes a user. Shutting a user out ends every session at once; tokens and links stop working with it. That
/// alone, and a new name, need no fresh proof: it may be urgent.
pub async fn change(app: &App, ctx: &Context, id: UserId, change: UserChange) -> Result<User> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    if change.permissions.is_some() || change.disabled == Some(false) {
        demand(app, ctx).await?;
    }
    let mut wrong = Fields::default();
    let name = change.name.as_deref().map(|name| wrong.name("name", name));
    wrong.done()?;
    let permissions = change.permissions.as_deref();
    let permissions = permissions.map(fields::permissions);
    let mut tx = app.db().begin().await?;
    let found = users::find_with_password(&mut tx, id).await?;
    let before = found.ok_or(Error::NotFound)?;
    let state = change.disabled.map(|disabled| match before.password {
        _ if disabled => AccountState::Disabled,
        Some(_) => AccountState::Active,
        None => AccountState::Invited,
    });
    let update = Change {
        name: name.flatten(),
        locale: None,
        state,
        permissions: permissions.transpose()?,
    };
    if change.disabled == Some(false) && before.user.state == AccountState::Disabled {
        licences::room_for_user(app, &mut tx).await?;
    }
    users::update(&mut tx, id, &update).await?;
    if state == Some(AccountState::Disabled) {
        rows::end_all(&mut tx, Owner::User(id), None).await?;
        secret_links::revoke_of(&mut tx, id).await?;
    }
    let after = users::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let data = json!({ "before": told(&before.user), "after": told(&after) });
    record(&mut tx, ctx, Event::UserChanged, id, data).await?;
    tx.commit().await?;
    app.parts().licences.forget().await;
    Ok(after)
}

/// What the audit log tells about a user before and after a change.
fn told(user: &User) -> serde_json::Value {
    json!({
        "name": user.name,
        "state": user.state.as_str(),
        "permissions": words(&user.permissions),
    })
}

/// Changes what a user may change about itself.
pub async fn change_self(
    app: &App,
    ctx: &Context,
    name: Option<&str>,
    locale: Option<&str>,
) -> Result<()> {
    let id = ctx.user()?;
    let mut wrong = Fields::default();
    let name = name.map(|name| wrong.name("name", name));
    if locale.is_some_and(|locale| !LANGUAGES.contains(&locale)) {
        wrong.wrong("locale", "not_allowed");
    }
    wrong.done()?;
    let update = Change {
        name: name.flatten(),
        locale: locale.map(|locale| Some(locale.to_owned())),
        ..Change::default()
    };
    let mut tx = app.db().begin().await?;
    let before = users::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    users::update(&mut tx, id, &update).await?;
    let after = users::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let data = json!({ "before": told(&before), "after": told(&after) });
    record(&mut tx, ctx, Event::UserChanged, id, data).await?;
    Ok(tx.commit().await?)
}

/// Mails a user a link to set a password: the invitation again, or a new password.
pub async fn send_link(app: &App, ctx: &Context, id: UserId) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let user = users::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let event = match user.state {
        AccountState::Disabled => return Err(Error::Conflict("conflict")),
        AccountState::Invited => Event::UserInvited,
        AccountState::Active => Event::UserPasswordResetAsked,
    };
    passwords::mail_link(app, &mut tx, ctx, &user).await?;
    record(&mut tx, ctx, event, id, json!({ "email": user.email })).await?;
    tx.commit().await?;
    app.parts().waker.wake(DeliverMail::QUEUE);
    Ok(())
}

/// Ends every session of a user.
pub async fn end_sessions(app: &App, ctx: &Context, id: UserId) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Users)?;
    let mut tx = app.db().begin().await?;
    users::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let ended = rows::end_all(&mut tx, Owner::User(id), None).await?;
    let data = json!({ "ended": ended });
    record(&mut tx, ctx, Event::SessionEnded, id, data).await?;
    Ok(tx.commit().await?)
}
