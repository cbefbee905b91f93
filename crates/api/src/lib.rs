//! The HTTP door: routes on one page, extractors, wire types and problem details.
//!
//! Handlers take a [`Caller`] and a body, call one use case of `sofie-app` and turn its result into a wire
//! type. They decide nothing.

mod caller;
mod problem;
pub mod v1;

pub use caller::Caller;
pub use problem::{Code, Problem};
