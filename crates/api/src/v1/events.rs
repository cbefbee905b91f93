//! News by server-sent events (UI-5).

use std::{convert::Infallible, time::Duration};

use axum::{
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use sofie_app::{Change, packages};
use sofie_domain::PackageId;
use tokio_stream::wrappers::BroadcastStream;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::packages::PackageBody;
use crate::{Caller, Problem, State, extract::Path};

/// How often a page learns of changes that another process made.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// So much news that is there already counts as one.
const AT_ONCE: usize = 1024;

/// Streams a package as the caller may see it: at once, and after each change. The rights are asked anew
/// each time; when they end, so does the stream.
#[utoipa::path(get, path = "/packages/{id}/events", tag = "packages", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub(crate) async fn package(
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let id = PackageId(id);
    // Asked once before the stream begins, so that a stranger gets a plain 404.
    packages::get(&caller.app, &caller.ctx, id).await?;
    let changes = BroadcastStream::new(caller.app.parts().changes.listen())
        .filter(move |change| {
            let mine = !matches!(change, Ok(Change::Package(other)) if *other != id);
            async move { mine }
        })
        .map(|_| ());
    let ticks = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(ASK_AGAIN)).map(|_| ());
    let wakes = stream::select(changes, ticks);
    // A thousand files that arrive at once are one piece of news, not a thousand views of a thousand files.
    let bodies = wakes
        .ready_chunks(AT_ONCE)
        .then(move |_| {
            let caller = caller.clone();
            async move { fresh(&caller, id).await }
        })
        .take_while(|body| {
            let alive = body.is_some();
            async move { alive }
        })
        .filter_map(|body| async move { body });
    let events = stream::unfold((Box::pin(bodies), String::new()), |(mut bodies, last)| async move {
        loop {
            let body = bodies.next().await?;
            if body != last {
                let event = Event::default().event("package").data(&body);
                return Some((Ok(event), (bodies, body)));
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

async fn fresh(caller: &Caller, id: PackageId) -> Option<String> {
    let caller = caller.again().await?;
    let view = packages::get(&caller.app, &caller.ctx, id).await.ok()?;
    serde_json::to_string(&PackageBody::from(view)).ok()
}

/// Streams hints that something in the lists of the logged-in user may have changed.
#[utoipa::path(get, path = "/events", tag = "packages",
    responses((status = 200, content_type = "text/event-stream"), (status = 401, body = Problem)))]
pub(crate) async fn all(
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.ctx.user()?;
    let changes = BroadcastStream::new(caller.app.parts().changes.listen());
    let events = changes.filter_map(move |change| {
        let caller = caller.clone();
        async move {
            let Ok(Change::Package(id)) = change else { return None };
            let caller = caller.again().await?;
            // Only about packages that the user may see.
            packages::get(&caller.app, &caller.ctx, id).await.ok()?;
            let data = json!({ "package_id": id }).to_string();
            Some(Ok(Event::default().event("changed").data(data)))
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(package)).routes(routes!(all))
}
