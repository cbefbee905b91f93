//! What a caller sends, and how slowly.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout};

use crate::{Error, Result};

/// Why a body ended early.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes as they come.
pub type Body = Pin<Box<dyn Stream<Item = std::result::Result<Bytes, BodyError>> + Send>>;

/// Makes a body of any stream of bytes.
pub fn from_stream<E>(
    stream: impl Stream<Item = std::result::Result<Bytes, E>> + Send + 'static,
) -> Body
where
    E: Into<BodyError> + 'static,
{
    stream.map_err(Into::into).boxed()
}

/// How slowly a body may come before it is cut off, so that nobody holds a connection and an upload by sending
/// next to nothing (T18). Only the time in which we wait for the sender counts; while our disk is the slower
/// side, or between two requests, no time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So long a sender may send nothing.
    pub idle: Duration,
    /// Over so much waiting …
    pub window: Duration,
    /// … at least so many bytes must come.
    pub least: u64,
}

impl Default for Pace {
    /// A minute of silence, and one KiB a second: what the worst of lines still gives.
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(1),
            window: Duration::from_mins(1),
            least: 60 << 10,
        }
    }
}

/// A body that is taken at a [`Pace`].
pub(super) struct Paced {
    body: Body,
    pace: Pace,
    waited: Duration,
    came: u64,
}

impl Paced {
    pub(super) fn new(body: Body, pace: Pace) -> Self {
        Self {
            body,
            pace,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// Returns the next bytes; nothing at the end. A body that breaks off, stands still or trickles is an error.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let left = self.pace.window.saturating_sub(self.waited);
        let begun = Instant::now();
        let next = timeout(self.pace.idle.min(left), self.body.next()).await;
        self.waited += begun.elapsed();
        match next {
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => {
                self.came += bytes.len() as u64;
                if self.came >= self.pace.least {
                    (self.waited, self.came) = (Duration::ZERO, 0);
                }
                Ok(Some(bytes))
            }
            Ok(Some(Err(_))) => Err(Error::Conflict("body_interrupted")),
            Err(_) => Err(Error::TooSlow),
        }
    }
}

#[cfg(test)]
mod tests;
