//! The rows of jobs, for administrators.

use serde_json::json;
use sofie_domain::{AdministratorPermission, Event, JobId};
use sofie_store::{
    Cursor, Page,
    jobs::{self, Filter, Row},
};

use crate::{App, Context, Error, Result, audit};

/// Lists jobs, newest first.
pub async fn list(
    app: &App,
    ctx: &Context,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Row>> {
    ctx.administrator_who_may(AdministratorPermission::Logs)?;
    let mut tx = app.db().read().await?;
    Ok(jobs::list(&mut tx, filter, after, limit).await?)
}

/// Lets a dead job wait again, due at once, its attempts forgiven.
pub async fn retry(app: &App, ctx: &Context, id: JobId) -> Result<Row> {
    ctx.administrator_who_may(AdministratorPermission::Settings)?;
    let mut tx = app.db().begin().await?;
    let row = jobs::revive(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let data = json!({ "name": row.name });
    audit::record(
        &mut tx,
        ctx,
        Event::JobRetried,
        Some(("job", id.to_string())),
        data,
    )
    .await?;
    tx.commit().await?;
    app.parts().waker.wake_all();
    Ok(row)
}
