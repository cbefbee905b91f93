//! The question: a JSON text with the content in base64, made piece by piece.

use crate::engine::Scan;
use crate::http::{Form, Frame};

/// What stands around a file, which the server may take `milliseconds` for.
pub(super) fn frame(scan: &Scan, milliseconds: u128) -> Frame {
    let name = serde_json::Value::from(scan.meta.name.as_str());
    Frame {
        before: format!(r#"{{"timeout":"{milliseconds}","object":""#).into(),
        after: format!(r#"","name":{name}}}"#).into(),
        form: Form::Base64,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::engine::FileMeta;

    #[test]
    fn any_name_stands_in_a_question_that_can_be_read() {
        for name in [
            "plain.txt",
            "\"quoted\".txt",
            "line\nbreak",
            "\u{202e}fdp.exe",
        ] {
            let meta = FileMeta {
                name: name.to_owned(),
                size: 3,
            };
            let (now, time) = (DateTime::UNIX_EPOCH, Duration::from_secs(1));
            let scan = Scan::new(meta, now, time, CancellationToken::new());
            let frame = frame(&scan, 1000);
            let question = [&frame.before, "YWJj".as_bytes(), &frame.after].concat();
            let read: serde_json::Value = serde_json::from_slice(&question).unwrap();
            assert_eq!(
                (&read["object"], &read["name"]),
                (&"YWJj".into(), &name.into())
            );
            assert_eq!(question.len() as u64, frame.length(3));
        }
    }
}
