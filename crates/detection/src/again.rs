//! Content that can be had once more, range by range (ADR 008).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::body::Broken;

/// Where a file's content comes from when parts of it are read once more.
#[async_trait]
pub trait Source: Send + Sync {
    /// Reads these bytes, which lie within the file.
    ///
    /// # Errors
    /// [`Broken::Source`] when they can't be had.
    async fn read(&self, range: Range<u64>) -> Result<Bytes, Broken>;
}

/// A [`Source`], or none.
#[derive(Clone, Default)]
pub struct Again(Option<Arc<dyn Source>>);

impl Again {
    /// Content that can be read once more from `source`.
    pub fn from(source: Arc<dyn Source>) -> Self {
        Self(Some(source))
    }

    /// Whether there is anything to read from.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) async fn read(&self, range: Range<u64>) -> Result<Bytes, Broken> {
        match &self.0 {
            Some(source) => source.read(range).await,
            None => Err(Broken::Source),
        }
    }
}

impl fmt::Debug for Again {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Again").field(&self.is_there()).finish()
    }
}
