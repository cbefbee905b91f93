//! A file's content on its way to one engine: bounded, and with an explicit end.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::mpsc;

/// Why content stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The file could not be read.
    #[error("reading the file's content: it broke off")]
    Source,
    /// The engine took too long to accept some bytes and was left behind.
    #[error("handing content to the engine: it is too slow")]
    TooSlow,
}

/// The receiver went away; it wants no more content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("handing content to the engine: it hung up")]
pub struct Gone;

enum Piece {
    Data(Bytes),
    End,
}

/// The receiving side.
#[derive(Debug)]
pub struct Body {
    pieces: mpsc::Receiver<Piece>,
    reason: Arc<OnceLock<Broken>>,
    ended: bool,
    touched: bool,
}

/// The sending side; dropped without [`BodySender::finish`], the content is broken.
#[derive(Debug)]
pub struct BodySender {
    pieces: mpsc::Sender<Piece>,
    reason: Arc<OnceLock<Broken>>,
}

/// A way for content that holds at most `capacity` pieces.
pub fn body(capacity: usize) -> (BodySender, Body) {
    let (sender, receiver) = mpsc::channel(capacity);
    let reason = Arc::new(OnceLock::new());
    let body = Body {
        pieces: receiver,
        reason: Arc::clone(&reason),
        ended: false,
        touched: false,
    };
    (
        BodySender {
            pieces: sender,
            reason,
        },
        body,
    )
}

impl Body {
    /// The whole of a small content.
    pub fn of(content: &[u8]) -> Self {
        let (sender, body) = body(2);
        let pieces = [Piece::Data(Bytes::copy_from_slice(content)), Piece::End];
        for piece in pieces {
            // The way was made for two pieces, and its other end is in this function.
            let _ = sender.pieces.try_send(piece);
        }
        body
    }

    /// Whether a piece was taken from it.
    pub(crate) fn touched(&self) -> bool {
        self.touched
    }

    /// The next piece, never empty; none at the true end only.
    ///
    /// # Errors
    /// When the content broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        while !self.ended {
            match self.pieces.recv().await {
                Some(Piece::Data(data)) if data.is_empty() => {}
                Some(Piece::Data(data)) => {
                    self.touched = true;
                    return Ok(Some(data));
                }
                Some(Piece::End) => self.ended = true,
                None => return Err(self.reason.get().copied().unwrap_or(Broken::Source)),
            }
        }
        Ok(None)
    }
}

impl BodySender {
    /// Hands over a piece; waits while the way is full.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn send(&self, data: Bytes) -> Result<(), Gone> {
        self.pieces.send(Piece::Data(data)).await.map_err(|_| Gone)
    }

    /// Says that all content was sent.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn finish(&self) -> Result<(), Gone> {
        self.pieces.send(Piece::End).await.map_err(|_| Gone)
    }

    /// Gives up; the other side learns why, after what is already on the way.
    pub fn abandon(self, reason: Broken) {
        let _ = self.reason.set(reason);
    }
}
