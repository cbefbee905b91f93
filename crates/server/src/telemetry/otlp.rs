//! The form in which OpenTelemetry takes spans: OTLP 1.x as JSON (opentelemetry.io/docs/specs/otlp, "JSON Protobuf
//! Encoding"): ids hexadecimal, 64-bit numbers as text, enums as numbers.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::span::{Kind, Span, Value};

const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const CONSUMER: u8 = 5;
const ERROR: u8 = 2;

/// Writes a request to export spans.
pub fn request(spans: &[Span]) -> Json {
    let resource = [
        ("service.name", "sofie"),
        ("service.version", env!("CARGO_PKG_VERSION")),
    ];
    let resource: Vec<Json> = resource
        .into_iter()
        .map(|(key, text)| json!({ "key": key, "value": { "stringValue": text } }))
        .collect();
    let spans: Vec<Json> = spans.iter().map(one).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "sofie" }, "spans": spans }],
    }] })
}

fn one(span: &Span) -> Json {
    let attributes = span.attributes.0.iter().map(|(key, value)| {
        let value = match value {
            Value::Text(text) => json!({ "stringValue": text }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
        };
        json!({ "key": key, "value": value })
    });
    let kind = match span.kind {
        Kind::Request => SERVER,
        Kind::Job => CONSUMER,
        Kind::Mail => CLIENT,
    };
    let mut written = json!({
        "traceId": format!("{:032x}", span.place.trace),
        "spanId": format!("{:016x}", span.place.span),
        "name": span.name(),
        "kind": kind,
        "startTimeUnixNano": nanoseconds(span.begun),
        "endTimeUnixNano": nanoseconds(span.ended),
        "attributes": attributes.collect::<Vec<_>>(),
        "status": if span.is_fault() { json!({ "code": ERROR }) } else { json!({}) },
    });
    if let Some(parent) = span.place.parent {
        written["parentSpanId"] = format!("{parent:016x}").into();
    }
    written
}

fn nanoseconds(at: DateTime<Utc>) -> String {
    at.timestamp_nanos_opt().unwrap_or(0).to_string()
}
