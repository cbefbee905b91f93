//! What is done about the licence again and again: it is refreshed, the time is noted, administrators are told.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::json;
use sofie_domain::{
    AccountState, AdministratorPermission, Event, HeldLicence, Licence, LicenceStanding,
};
use sofie_mail::Template;
use sofie_store::{Tx, administrators, licences as rows};

use super::{REFRESH_URL, held, signed, signed::Paper, standing, told};
use crate::{
    App, Context, Result, audit,
    jobs::queues,
    outbox::{self, Post},
};

/// A licence is not asked for again before it is so old. A little less than a day: the schedule comes every hour.
const DAILY: TimeDelta = TimeDelta::minutes(24 * 60 - 30);
/// So much the licence server's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// All that a licence server is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The licence's id.
    pub licence: String,
    /// How many users there are who are not disabled.
    pub users: u64,
}

/// Gives licences in the place of those that it gave before.
#[async_trait::async_trait]
pub trait LicenceServer: std::fmt::Debug + Send + Sync {
    /// Asks at an address; returns the text of the answer, whatever it is.
    async fn ask(
        &self,
        url: &str,
        question: &Question,
    ) -> std::result::Result<String, Box<dyn std::error::Error + Send + Sync>>;
}

/// Refreshes the licence if that is due, notes what time it is, and tells administrators how the licence stands
/// when that has changed.
pub(crate) async fn watch(app: &App, ctx: &Context) -> Result<()> {
    let mut tx = app.db().read().await?;
    let Some(row) = rows::find(&mut tx).await? else {
        return Ok(());
    };
    let users = rows::users(&mut tx).await?;
    drop(tx);
    let held = held(&row, app.parts().licences.keys());
    refresh(app, ctx, &held, users).await?;
    note(app, ctx).await
}

async fn refresh(app: &App, ctx: &Context, held: &HeldLicence, users: u64) -> Result<()> {
    let url = app.settings().await?.text(REFRESH_URL);
    let due = held.refreshed_at.is_none_or(|at| at + DAILY <= ctx.now);
    let (Some(licence), Some(server)) = (&held.licence, app.parts().licences.server()) else {
        return Ok(());
    };
    if url.is_empty() || !due {
        return Ok(());
    }
    match ask(app, &server, &url, (licence, users)).await {
        Some(paper) => accept(app, ctx, licence, paper).await,
        None => Ok(()),
    }
}

/// Asks the server; anything but a signed answer is none.
async fn ask(
    app: &App,
    server: &Arc<dyn LicenceServer>,
    url: &str,
    (licence, users): (&Licence, u64),
) -> Option<(Paper, String)> {
    let question = Question {
        licence: licence.id.clone(),
        users,
    };
    let text = match server.ask(url, &question).await {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!(error = %error, "the licence server could not be asked");
            return None;
        }
    };
    match signed::open(&text, app.parts().licences.keys()) {
        Ok(paper) => Some((paper, text)),
        Err(error) => {
            tracing::warn!(error = %error, "the answer of the licence server is ignored");
            None
        }
    }
}

/// Takes over what is about the same licence and newer than it. An old answer that somebody kept is none.
async fn accept(
    app: &App,
    ctx: &Context,
    asked: &Licence,
    (paper, text): (Paper, String),
) -> Result<()> {
    let (id, issued) = match &paper {
        Paper::Licence(licence) => (&licence.id, licence.issued),
        Paper::Revocation(revocation) => (&revocation.id, revocation.issued),
    };
    let mut tx = app.db().begin().await?;
    let row = rows::lock(&mut tx).await?;
    let now = row.and_then(|row| held(&row, app.parts().licences.keys()).licence);
    // Somebody may have installed another one while the server was asked.
    let same = now.as_ref() == Some(asked) && *id == asked.id;
    if !same || issued <= asked.issued || issued > ctx.now + AHEAD {
        tracing::warn!(
            "the answer of the licence server is not newer than the licence; it is ignored"
        );
        return Ok(());
    }
    let event = match &paper {
        Paper::Licence(licence) => {
            rows::refresh(&mut tx, &text, ctx.now).await?;
            (Event::LicenceRefreshed, json!({ "after": told(licence) }))
        }
        Paper::Revocation(_) => {
            rows::revoke(&mut tx, ctx.now).await?;
            (Event::LicenceRevoked, json!({ "before": told(asked) }))
        }
    };
    audit::record(&mut tx, ctx, event.0, None, event.1).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes the time, and tells administrators of a standing that they were not told of.
async fn note(app: &App, ctx: &Context) -> Result<()> {
    let settings = app.settings().await?;
    let mut tx = app.db().begin().await?;
    let Some(row) = rows::lock(&mut tx).await? else {
        return Ok(());
    };
    rows::see(&mut tx, ctx.now).await?;
    let held = held(&row, app.parts().licences.keys());
    let users = rows::users(&mut tx).await?;
    let standing = standing(app, &settings, Some(&held), users);
    let word = match standing.fault() {
        Some(fault) => format!("{}:{}", standing.as_str(), fault.as_str()),
        None => standing.as_str().to_owned(),
    };
    if row.told.as_deref() != Some(&word) {
        rows::tell(&mut tx, &word).await?;
        let data = json!({ "before": row.told, "after": word, "until": standing.until() });
        audit::record(&mut tx, ctx, Event::LicenceStandingChanged, None, data).await?;
        tell(app, &mut tx, ctx, (&held, standing)).await?;
    }
    tx.commit().await?;
    app.parts().licences.forget().await;
    app.parts().waker.wake(queues::MAIL);
    Ok(())
}

/// Mails those administrators who can do something about it.
async fn tell(
    app: &App,
    tx: &mut Tx,
    ctx: &Context,
    (held, standing): (&HeldLicence, LicenceStanding),
) -> Result<()> {
    if matches!(
        standing,
        LicenceStanding::Unlicensed | LicenceStanding::Valid
    ) {
        return Ok(());
    }
    let link = format!("{}/admin/licence", app.base_url().await?);
    for one in administrators::list(tx).await? {
        let may = (one.permissions).contains(&AdministratorPermission::Licence);
        if one.state != AccountState::Active || !may {
            continue;
        }
        let template = Template::Licence(sofie_mail::Licence {
            holder: held.licence.as_ref().map(|licence| licence.holder.clone()),
            demo: standing.is_demo(),
            fault: standing.fault().map(|fault| fault.as_str().to_owned()),
            until: standing.until(),
            link: link.clone(),
        });
        let post = Post {
            template,
            to: &one.email,
            locale: None,
            dedupe_key: format!(
                "licence:{}:{}:{}",
                standing.as_str(),
                ctx.now.timestamp(),
                one.email
            ),
            reply_to: None,
            about: None,
        };
        outbox::post(app, tx, ctx, post).await?;
    }
    Ok(())
}
