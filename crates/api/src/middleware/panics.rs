//! A handler that panics is a fault of ours, not the end of the connection.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::Problem;

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
/// Turns a panic into the answer for an internal fault.
pub fn answer_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    let words = format!("a handler panicked: {}", text.unwrap_or("no message"));
    Problem::from(sofie_app::Error::internal(words)).into_response()
}
