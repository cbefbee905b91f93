//! The licence: how the installation stands to it, and what follows (ADM-12, ADR 016).
//!
//! Whoever has no licence meets nothing of this: one row is looked for every few seconds, and nobody is asked.

mod cache;
mod refresh;
mod signed;

use serde_json::json;
use sofie_domain::{
    AdministratorPermission, Circumstances, Event, HeldLicence, Licence, LicenceStanding, Settings,
    licence_standing,
};
use sofie_identity::BadSignedText;
use sofie_store::{
    Tx,
    licences::{self as rows, LicenceRow},
};

pub use cache::Licences;
pub(crate) use refresh::watch;
pub use refresh::{LicenceServer, Question};
pub use signed::{BadLicence, LICENCE, Paper, REVOCATION, Revocation, issue, open, revoke};
pub use sofie_identity::{CheckingKey, TextSigner};

use crate::{App, Context, Error, Result, audit, sessions::demand};

/// The setting with the address of the licence server.
pub(crate) const REFRESH_URL: &str = "licence.refresh_url";

/// What the installation has, and how it stands to it.
#[derive(Clone, Debug)]
pub struct LicenceView {
    /// What is installed.
    pub held: Option<HeldLicence>,
    /// How many users there are who are not disabled.
    pub users: u64,
    /// How the installation stands to it.
    pub standing: LicenceStanding,
}

impl App {
    /// Returns how the installation stands to its licence; what another process did is seen within five seconds.
    pub async fn licence(&self) -> Result<LicenceView> {
        let known = self.parts().licences.known(self.db()).await?;
        let mut view = LicenceView {
            held: known.held,
            users: known.users,
            standing: LicenceStanding::Unlicensed,
        };
        if view.held.is_some() {
            let settings = self.settings().await?;
            view.standing = standing(self, &settings, view.held.as_ref(), view.users);
        }
        Ok(view)
    }
}

fn standing(
    app: &App,
    settings: &Settings,
    held: Option<&HeldLicence>,
    users: u64,
) -> LicenceStanding {
    let configured = settings.text("instance.base_url");
    let url = if configured.is_empty() {
        &app.parts().local_url
    } else {
        &configured
    };
    let at = Circumstances {
        now: app.now(),
        host: host(url),
        users,
        refreshes: !settings.text(REFRESH_URL).is_empty(),
    };
    licence_standing(held, at)
}

/// Returns the host of an address, without a port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    (!host.is_empty()).then_some(host)
}

/// Reads what is kept; a text that no known key signed is kept without a licence.
fn held(row: &LicenceRow, keys: &[CheckingKey]) -> HeldLicence {
    let licence = match open(&row.text, keys) {
        Ok(Paper::Licence(licence)) => Some(licence),
        _ => None,
    };
    HeldLicence {
        licence,
        installed_at: row.installed_at,
        refreshed_at: row.refreshed_at,
        revoked_at: row.revoked_at,
        seen_at: row.seen_at,
    }
}

/// Shows the licence.
pub async fn show(app: &App, ctx: &Context) -> Result<LicenceView> {
    ctx.may_administrate(AdministratorPermission::Licence)?;
    app.licence().await
}

/// Installs a licence in the place of the one that there is, if it lets the installation work.
pub async fn install(app: &App, ctx: &Context, text: &str) -> Result<LicenceView> {
    ctx.may_administrate(AdministratorPermission::Licence)?;
    demand(app, ctx).await?;
    let keys = app.parts().licences.keys();
    let licence = match open(text, keys) {
        Ok(Paper::Licence(licence)) => licence,
        Ok(Paper::Revocation(_)) => return Err(Error::invalid("text", "invalid")),
        Err(error) => return Err(Error::invalid("text", code(error))),
    };
    let mut tx = app.db().begin().await?;
    let before = rows::lock(&mut tx).await?;
    let before = before.map(|row| held(&row, keys));
    if is_revoked(before.as_ref(), &licence) {
        return Err(Error::invalid("text", "revoked"));
    }
    let fresh = HeldLicence {
        licence: Some(licence.clone()),
        installed_at: ctx.now,
        refreshed_at: None,
        revoked_at: None,
        seen_at: ctx.now,
    };
    let users = rows::users(&mut tx).await?;
    let settings = app.settings().await?;
    if let LicenceStanding::Demo(fault) = standing(app, &settings, Some(&fresh), users) {
        return Err(Error::invalid("text", fault.as_str()));
    }
    rows::install(&mut tx, text, ctx.now).await?;
    let data = json!({ "before": before.and_then(|b| b.licence).as_ref().map(told), "after": told(&licence) });
    audit::record(&mut tx, ctx, Event::LicenceInstalled, None, data).await?;
    tx.commit().await?;
    app.parts().licences.forget().await;
    app.licence().await
}

/// Whether a licence is the one that was taken back, or an older one of the same id.
fn is_revoked(before: Option<&HeldLicence>, licence: &Licence) -> bool {
    let revoked = before.filter(|before| before.revoked_at.is_some());
    let revoked = revoked.and_then(|before| before.licence.as_ref());
    revoked.is_some_and(|old| old.id == licence.id && licence.issued <= old.issued)
}

fn code(error: BadLicence) -> &'static str {
    match error {
        BadLicence::Text(BadSignedText::UnknownKey) => "unknown_key",
        BadLicence::Text(BadSignedText::WrongSignature) => "wrong_signature",
        BadLicence::Text(BadSignedText::Malformed)
        | BadLicence::Payload
        | BadLicence::Fields(_) => "invalid",
    }
}

/// Removes the licence: the installation is of the default edition again.
pub async fn remove(app: &App, ctx: &Context) -> Result<()> {
    ctx.may_administrate(AdministratorPermission::Licence)?;
    demand(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let row = rows::lock(&mut tx).await?.ok_or(Error::NotFound)?;
    rows::remove(&mut tx).await?;
    let before = held(&row, app.parts().licences.keys()).licence;
    let data = json!({ "before": before.as_ref().map(told) });
    audit::record(&mut tx, ctx, Event::LicenceRemoved, None, data).await?;
    tx.commit().await?;
    app.parts().licences.forget().await;
    Ok(())
}

/// Makes sure that one more user may be let in. Whoever else asks the same waits for the end of the transaction.
pub(crate) async fn room_for_user(app: &App, tx: &mut Tx) -> Result<()> {
    let Some(row) = rows::lock(tx).await? else {
        return Ok(());
    };
    let held = held(&row, app.parts().licences.keys());
    let users = rows::users(tx).await?;
    let settings = app.settings().await?;
    if standing(app, &settings, Some(&held), users).is_demo() {
        return Err(Error::Refused("demo_mode"));
    }
    match &held.licence {
        Some(licence) if licence.allows(users + 1) => Ok(()),
        _ => Err(Error::Conflict("user_limit")),
    }
}

/// What the audit log tells about a licence.
fn told(licence: &Licence) -> serde_json::Value {
    json!({
        "id": licence.id,
        "holder": licence.holder,
        "edition": licence.edition,
        "users": licence.users,
        "issued": licence.issued,
        "expires": licence.expires,
        "hosts": licence.hosts,
    })
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_host_is_without_its_port() {
        for (url, expected) in [
            ("https://files.example.org", Some("files.example.org")),
            ("https://files.example.org:8443/", Some("files.example.org")),
            ("http://[::1]:9090", Some("[::1]")),
            ("http://[::1]", Some("[::1]")),
            ("https:///x", None),
            ("", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
