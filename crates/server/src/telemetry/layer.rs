//! Listens to spans, and hands those on that have ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sofie_domain::Clock;
use tokio::sync::mpsc::Sender;
use tracing::span::{Attributes as Attrs, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::span::{Attributes, Kind, Place, Span};

/// Keeps what spans tell until they end. What the queue has no room for is counted and forgotten: nobody waits.
#[derive(Debug)]
pub struct Spans {
    pub queue: Sender<Span>,
    pub lost: Arc<AtomicU64>,
    pub clock: Arc<dyn Clock>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attrs: &Attrs<'_>, id: &Id, ctx: Context<'_, S>) {
        let (Some(kind), Some(span)) = (Kind::of(attrs.metadata().name()), ctx.span(id)) else {
            return;
        };
        let mut attributes = Attributes::default();
        attrs.record(&mut attributes);
        let mut around = span.scope().skip(1);
        let around = around.find_map(|one| one.extensions().get::<Span>().map(|span| span.place));
        let place = Place::of(kind, &attributes, around, Uuid::now_v7());
        if let Some(place) = place {
            let now = self.clock.now();
            span.extensions_mut().insert(Span {
                kind,
                place,
                begun: now,
                ended: now,
                attributes,
                failed: false,
            });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<Span>()
        {
            values.record(&mut known.attributes);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let Some(scope) = ctx.event_scope(event) else {
            return;
        };
        for span in scope {
            if let Some(known) = span.extensions_mut().get_mut::<Span>() {
                event.record(&mut known.attributes);
                known.failed |= *event.metadata().level() == Level::ERROR;
                return;
            }
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(&id) else { return };
        let Some(mut ended) = span.extensions_mut().remove::<Span>() else {
            return;
        };
        ended.ended = self.clock.now();
        if self.queue.try_send(ended).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}
