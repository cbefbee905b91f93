//! The pool, and which of its connections are still good.
//!
//! A primary that was demoted keeps its connections and refuses changes on them for ever; only a new connection finds
//! the new primary. A server that is gone without a word answers nothing at all. So connections are asked before they
//! are used: each that lay idle, now and then one that did not, and for a while all when one was found bad.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection, postgres::PgPoolOptions};

/// A connection that was used less than this ago is taken to be good.
const TRUSTED: Duration = Duration::from_secs(1);
/// However busy they are, one is asked this often.
const PATROL: Duration = Duration::from_secs(2);
/// So long no connection is trusted after one was found bad.
const SUSPICION: Duration = Duration::from_secs(10);
/// How long a connection may take to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Returns a pool of at most `connections`, of which a caller waits at most five seconds for one, and who watches them.
pub(crate) fn pool(connections: u32) -> (PgPoolOptions, Arc<Watch>) {
    let watch = Arc::new(Watch::new(Instant::now()));
    let (before, after) = (Arc::clone(&watch), Arc::clone(&watch));
    let options = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_mins(5))
        // A question to the database before each question to the database is one too many; a connection that
        // breaks in use is thrown away when it is given back.
        .test_before_acquire(false)
        .before_acquire(move |connection, about| {
            let watch = Arc::clone(&before);
            Box::pin(async move {
                if !watch.wants_to_know(about.idle_for, Instant::now()) {
                    return Ok(true);
                }
                let good = takes_changes(connection).await;
                if !good {
                    watch.suspect(Instant::now());
                }
                Ok(good)
            })
        })
        // What is given back is asked whether it still answers, and would be waited for without end.
        .after_release(move |connection, _| {
            let suspected = after.suspects(Instant::now());
            Box::pin(async move {
                if suspected {
                    let answer = tokio::time::timeout(ANSWER, connection.ping()).await;
                    answer.map_err(|_| sqlx::Error::PoolTimedOut)??;
                }
                Ok(true)
            })
        });
    (options, watch)
}

async fn takes_changes(connection: &mut PgConnection) -> bool {
    let asked = sqlx::query_scalar("select current_setting('transaction_read_only') = 'off'");
    let answer = tokio::time::timeout(ANSWER, asked.fetch_one(connection)).await;
    matches!(answer, Ok(Ok(true)))
}

/// When the connections of a pool are asked.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The next patrol, and the end of the suspicion.
    times: Mutex<(Instant, Instant)>,
}

impl Watch {
    fn new(now: Instant) -> Self {
        let times = Mutex::new((now + PATROL, now));
        Self { times }
    }

    fn wants_to_know(&self, idle: Duration, now: Instant) -> bool {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let patrol = now >= times.0;
        if patrol {
            times.0 = now + PATROL;
        }
        patrol || idle >= TRUSTED || now < times.1
    }

    /// Whether one was found bad lately.
    fn suspects(&self, now: Instant) -> bool {
        now < self.times.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Notes that one was found bad.
    pub(crate) fn suspect(&self, now: Instant) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.1 = now + SUSPICION;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_connections_are_asked_now_and_then_and_all_when_one_was_bad() {
        let begin = Instant::now();
        let watch = Watch::new(begin);
        let busy = |seconds| {
            let now = begin + Duration::from_secs(seconds);
            watch.wants_to_know(Duration::ZERO, now)
        };
        assert!(!busy(1));
        assert!(watch.wants_to_know(TRUSTED, begin), "it lay idle");
        assert!(busy(2) && !busy(2) && !busy(3) && busy(4));
        watch.suspect(begin + Duration::from_secs(4));
        assert!(busy(5) && busy(5) && busy(13), "all are suspected");
        let suspects = |seconds| watch.suspects(begin + Duration::from_secs(seconds));
        assert!(suspects(13) && !suspects(14));
        assert!(!busy(14), "that is over");
        assert!(busy(15) && !busy(15), "a patrol");
    }
}
