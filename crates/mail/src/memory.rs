//! A transport that keeps what it is given, for tests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::envelope::Envelope;
use crate::transport::{Accepted, SendError, Transport};

/// Keeps mails in memory; refuses those it was told to.
#[derive(Debug, Default)]
pub struct MemoryTransport {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Envelope>,
    failures: VecDeque<SendError>,
}

impl MemoryTransport {
    /// Returns a transport that has sent nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a coming `send` fail; several failures come in the order they were given.
    pub fn fail_next(&self, error: SendError) {
        self.inner().failures.push_back(error);
    }

    /// Returns what was sent, oldest first.
    pub fn sent(&self) -> Vec<Envelope> {
        self.inner().sent.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for MemoryTransport {
    async fn send(&self, mail: &Envelope) -> Result<Accepted, SendError> {
        let mut inner = self.inner();
        if let Some(error) = inner.failures.pop_front() {
            return Err(error);
        }
        inner.sent.push(mail.clone());
        let response = format!("kept as number {}", inner.sent.len());
        Ok(Accepted { response })
    }
}
