//! Delivered packages that engines should look at again (DET-19).

use sofie_store::due;

use crate::{
    App, Context, Result, checks,
    jobs::{self, RescanPackage, queues},
};

/// So many packages wait for a later look at most: what is asked for now may have changed by its turn.
const BATCH: i64 = 50;

/// Asks for a later look at the packages that wait longest for one.
pub(super) async fn rescan(app: &App, ctx: &Context) -> Result<()> {
    let before = checks::due_before(app, ctx).await?;
    let mut tx = app.db().begin().await?;
    let found = due::rescans(&mut tx, (before, ctx.now), BATCH).await?;
    for package_id in &found {
        let job = RescanPackage {
            package_id: *package_id,
        };
        let key = Some(package_id.to_string());
        jobs::enqueue(&mut tx, ctx, &job, key, ctx.now).await?;
    }
    tx.commit().await?;
    if !found.is_empty() {
        app.parts().waker.wake(queues::RESCANS);
    }
    Ok(())
}
