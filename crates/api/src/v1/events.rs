//! News by server-sent events (UI-5).

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use sofie_app::{Change, packages};
use sofie_domain::PackageId;
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::{Instant, sleep, timeout},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::packages::PackageBody;
use crate::{Caller, Problem, State, extract::Path};

/// How often a page asks for changes that another process made.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// News is collected for so long, because changes come in bursts.
const COLLECT: Duration = Duration::from_millis(250);

/// How often a stream without news asks whether its session has ended, and looks at what has no stamp.
const STILL_THERE: Duration = Duration::from_secs(30);

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
    let watch = Watch {
        news: caller.app.parts().changes.listen(),
        caller,
        id,
        looked: None,
        shown: String::new(),
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let body = watch.next().await?;
        let event = Event::default().event("package").data(&body);
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// An open page of one package.
struct Watch {
    caller: Caller,
    id: PackageId,
    news: Receiver<Change>,
    /// When the package was last read, and its stamp just before.
    looked: Option<(Instant, Option<packages::Stamp>)>,
    shown: String,
}

impl Watch {
    /// Returns the package as the caller may see it, once that is something new; none at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((at, stamp)) = self.looked {
                self.wait(at, stamp).await?;
            }
            // Read before the package: what changes in between is noticed the next time.
            let stamp = packages::stamp(&self.caller.app, self.id).await.ok()?;
            self.looked = Some((Instant::now(), stamp));
            let body = fresh(&self.caller, self.id).await?;
            if body != self.shown {
                self.shown.clone_from(&body);
                return Some(body);
            }
        }
    }

    /// Waits until the package may look different: on news of this process, on another stamp, and after a while
    /// in any case.
    async fn wait(&mut self, looked: Instant, stamp: Option<packages::Stamp>) -> Option<()> {
        loop {
            match timeout(ASK_AGAIN, self.hear()).await {
                Ok(heard) => {
                    heard?;
                    // A thousand files that arrive at once are one piece of news, not a thousand views of them.
                    sleep(COLLECT).await;
                    while self.news.try_recv().is_ok() {}
                    return Some(());
                }
                Err(_) if looked.elapsed() >= STILL_THERE => return Some(()),
                Err(_) => {
                    let present = packages::stamp(&self.caller.app, self.id).await.ok()?;
                    if present != stamp {
                        return Some(());
                    }
                }
            }
        }
    }

    /// Waits for news of the package; none when there will be no more.
    async fn hear(&mut self) -> Option<()> {
        loop {
            match self.news.recv().await {
                Ok(Change::Package(id)) if id != self.id => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return Some(()),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

async fn fresh(caller: &Caller, id: PackageId) -> Option<String> {
    let caller = caller.again().await?;
    let view = packages::get(&caller.app, &caller.ctx, id).await.ok()?;
    serde_json::to_string(&PackageBody::from(view)).ok()
}

/// Streams hints that something in the lists of the logged-in user may have changed. The stream ends with the
/// session.
#[utoipa::path(get, path = "/events", tag = "packages",
    responses((status = 200, content_type = "text/event-stream"), (status = 401, body = Problem)))]
pub(crate) async fn all(
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.ctx.user()?;
    let news = caller.app.parts().changes.listen();
    let batches = stream::unfold((caller, news), |(caller, mut news)| async move {
        let changed = collect(&mut news).await?;
        let caller = caller.again().await?;
        let mut events = Vec::new();
        for id in changed {
            // Only about packages that the user may see.
            if matches!(
                packages::may_see(&caller.app, &caller.ctx, id).await,
                Ok(true)
            ) {
                let data = json!({ "package_id": id }).to_string();
                events.push(Ok(Event::default().event("changed").data(data)));
            }
        }
        Some((stream::iter(events), (caller, news)))
    });
    Ok(Sse::new(batches.flatten()).keep_alive(KeepAlive::default()))
}

/// Waits for news and returns the packages that changed, each once; nothing after a while without news, none
/// when there will be no more.
async fn collect(news: &mut Receiver<Change>) -> Option<BTreeSet<PackageId>> {
    let mut changed = BTreeSet::new();
    let Ok(first) = timeout(STILL_THERE, news.recv()).await else {
        return Some(changed);
    };
    match first {
        Ok(Change::Package(id)) => {
            changed.insert(id);
        }
        // What is lost is lost: news is a hint only.
        Err(RecvError::Lagged(_)) => {}
        Err(RecvError::Closed) => return None,
    }
    sleep(COLLECT).await;
    for _ in 0..AT_ONCE {
        match news.try_recv() {
            Ok(Change::Package(id)) => {
                changed.insert(id);
            }
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    Some(changed)
}

/// The routes of this noun.
pub(crate) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(package))
        .routes(routes!(all))
}
