//! The question: a JSON text with the content in base64, made piece by piece.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::engine::Scan;

/// What stands around the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub before: Bytes,
    pub after: Bytes,
    /// Of the whole question.
    pub length: u64,
}

impl Frame {
    /// The frame for a file, which the server may take `milliseconds` for.
    pub(super) fn new(scan: &Scan, milliseconds: u128) -> Self {
        let before = format!(r#"{{"timeout":"{milliseconds}","object":""#);
        let name = serde_json::Value::from(scan.meta.name.as_str());
        let after = format!(r#"","name":{name}}}"#);
        let content = scan.meta.size.div_ceil(3) * 4;
        Self {
            length: before.len() as u64 + content + after.len() as u64,
            before: before.into(),
            after: after.into(),
        }
    }
}

/// Encodes pieces; what does not fill three bytes waits for the next piece.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    waiting: Vec<u8>,
}

impl Encoder {
    pub(super) fn piece(&mut self, piece: &[u8]) -> Bytes {
        self.waiting.extend_from_slice(piece);
        let whole = self.waiting.len() / 3 * 3;
        let text = STANDARD.encode(&self.waiting[..whole]);
        self.waiting.drain(..whole);
        text.into()
    }

    pub(super) fn end(self) -> Bytes {
        STANDARD.encode(self.waiting).into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::engine::FileMeta;

    proptest! {
        #[test]
        fn any_pieces_make_the_question_that_was_announced(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..8),
            name in ".{0,20}",
        ) {
            let content = pieces.concat();
            let meta = FileMeta { name: name.clone(), size: content.len() as u64 };
            let now = DateTime::UNIX_EPOCH;
            let scan = Scan::new(meta, now, Duration::from_secs(1), CancellationToken::new());
            let frame = Frame::new(&scan, 1000);
            let mut encoder = Encoder::default();
            let mut question = frame.before.to_vec();
            for piece in &pieces {
                question.extend(encoder.piece(piece));
            }
            question.extend(encoder.end());
            question.extend(&frame.after);
            prop_assert_eq!(question.len() as u64, frame.length);
            let read: serde_json::Value = serde_json::from_slice(&question).unwrap();
            prop_assert_eq!(STANDARD.decode(read["object"].as_str().unwrap()).unwrap(), content);
            prop_assert_eq!(read["name"].as_str(), Some(name.as_str()));
        }
    }
}
