//! What a caller sends.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::time::timeout;

use crate::{Error, Result};

/// So long a caller may send nothing.
const IDLE: Duration = Duration::from_mins(1);

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

/// Returns the next bytes; nothing at the end. A body that breaks off or stands still is an error.
pub(super) async fn next(body: &mut Body) -> Result<Option<Bytes>> {
    match timeout(IDLE, body.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
        Ok(Some(Err(_))) | Err(_) => Err(Error::Conflict("body_interrupted")),
    }
}
