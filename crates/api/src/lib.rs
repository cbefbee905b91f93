//! The HTTP door: routes on one page, extractors, wire types and problem details.
//!
//! Handlers take a [`Caller`] and a body, call one use case of `sofie-app` and turn its result into a wire
//! type. They decide nothing.

pub mod access;
mod arrival;
mod caller;
pub mod cookies;
mod disposition;
pub mod extract;
mod front_end;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod middleware;
mod openapi;
mod options;
mod problem;
mod ranges;
mod router;
pub mod v1;

pub use arrival::{InvalidNetwork, Network};
pub use caller::Caller;
pub use extract::JsonBody;
pub use front_end::{FrontEnd, NoFrontEnd};
pub use openapi::openapi;
pub use options::{Metrics, Options, State};
pub use problem::{Code, FieldProblem, Problem};
pub use router::router;
