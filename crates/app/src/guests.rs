//! The guest form: people without an account send to users, after a code has proved their address (PKG-3).

use chrono::TimeDelta;
use serde_json::json;
use sofie_domain::{EmailAddress, Event};
use sofie_identity::PlainToken;
use sofie_store::{guest_codes, visitors};

use crate::{
    App, Context, Error, Result, audit, limits, limits::Limit, mailed_codes, mailed_codes::Kept,
    notices, visits,
};

/// Mails a code to an address that somebody says is theirs; returns the secret of the browser's new cookie, if
/// it had none.
pub async fn send_code(
    app: &App,
    ctx: &Context,
    email: &EmailAddress,
) -> Result<Option<PlainToken>> {
    if !app.settings().await?.bool("guest_form.enabled") {
        return Err(Error::NotFound);
    }
    let address = limits::address(ctx.ip);
    let window = TimeDelta::minutes(10);
    let budgets = [
        Limit {
            key: format!("guest_code:to:{email}"),
            max: 5,
            window,
        },
        Limit {
            key: format!("guest_code:from:{address}"),
            max: 20,
            window,
        },
    ];
    limits::attempt(app, ctx, &budgets).await?;
    let mut tx = app.db().begin().await?;
    let (visitor, cookie) = visits::ensure_visitor(&mut tx, ctx).await?;
    let (code, hash) = mailed_codes::new(app, visitor.0);
    guest_codes::set(&mut tx, visitor, email, hash.as_bytes(), ctx.now).await?;
    notices::guest_code(app, &mut tx, ctx, email, &code).await?;
    let object = Some(("visitor", visitor.to_string()));
    audit::record(
        &mut tx,
        ctx,
        Event::CodeSent,
        object,
        json!({ "to": email }),
    )
    .await?;
    tx.commit().await?;
    app.parts().waker.wake(crate::jobs::queues::MAIL);
    Ok(cookie)
}

/// Compares a code; when it is right, the address counts as proved in this browser.
pub async fn verify(app: &App, ctx: &Context, code: &str) -> Result<()> {
    let wrong = || Error::Refused("wrong_code");
    let visitor = ctx.visitor.ok_or_else(wrong)?;
    let mut tx = app.db().begin().await?;
    let stored = guest_codes::attempt(&mut tx, visitor)
        .await?
        .ok_or_else(wrong)?;
    let kept = Kept {
        bound_to: visitor.0,
        hash: Some(&stored.hash),
        sent_at: Some(stored.sent_at),
        tries: stored.tries,
    };
    let right = mailed_codes::agrees(app, &kept, code, ctx.now);
    let (object, data) = (
        ("visitor", visitor.to_string()),
        json!({ "try": stored.tries }),
    );
    if right {
        audit::record(&mut tx, ctx, Event::AddressProved, Some(object), data).await?;
        visitors::prove(&mut tx, visitor, &stored.email, ctx.now).await?;
        guest_codes::forget(&mut tx, visitor).await?;
    } else {
        audit::record_often(&mut tx, ctx, Event::CodeWrong, object, ("guest", data)).await?;
    }
    tx.commit().await?;
    if right { Ok(()) } else { Err(wrong()) }
}
