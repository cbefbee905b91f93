//! Log-in sessions of users and administrators (ACC-3).

use chrono::TimeDelta;
use sofie_domain::{Actor, EmailAddress, Settings, User, UserPermission};

use crate::{
    App, Context, Result,
    instance::{self, Instance},
};

pub(crate) mod begin;
mod identify;
mod keys;
mod log_in;
mod own;
mod proof;

pub use begin::{Begun, Cookie};
pub use identify::{Credentials, Source, identify, identify_again};
pub use keys::CookieKeys;
pub(crate) use keys::rotate;
pub use log_in::{log_in, log_out};
pub use own::{OwnSession, end, list};
pub use proof::confirm;
pub(crate) use proof::demand;
pub use sofie_identity::AccountKind;

/// Who a browser is to this installation, and what its pages may offer.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The user who is logged in.
    pub user: Option<User>,
    /// The browser of somebody without an account; the inner option is the proved address.
    pub visitor: Option<Option<EmailAddress>>,
    /// What the user may do.
    pub permissions: Vec<UserPermission>,
    /// The installation.
    pub instance: Instance,
}

/// Describes the caller to the caller.
pub async fn describe(app: &App, ctx: &Context) -> Result<Standing> {
    let instance = instance::describe(app).await?;
    let mut standing = Standing {
        user: None,
        visitor: None,
        permissions: ctx.user_permissions.clone(),
        instance,
    };
    match &ctx.actor {
        Actor::User { id, .. } => {
            let mut tx = app.db().read().await?;
            standing.user = sofie_store::users::find(&mut tx, *id).await?;
        }
        Actor::Visitor { email, .. } => standing.visitor = Some(email.clone()),
        _ => {}
    }
    Ok(standing)
}

/// Returns how long a session lives without a call.
pub(crate) fn idle(settings: &Settings, kind: AccountKind) -> TimeDelta {
    TimeDelta::minutes(settings.integer(match kind {
        AccountKind::User => "sessions.user_idle_minutes",
        AccountKind::Administrator => "sessions.administrator_idle_minutes",
    }))
}
