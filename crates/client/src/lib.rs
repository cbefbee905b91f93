//! Sends and fetches packages over the HTTP API, for `sofie send`, `sofie status` and `sofie get`.
//!
//! Knows the API's wire format and nothing else of the server. Reads no environment: where state is kept
//! and what the address of the server is are arguments. What runs long tells a [`Progress`].

mod backoff;
mod certificate;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod get;
mod http;
mod links;
mod names;
mod outcome;
pub mod outside;
mod part;
mod place;
mod post;
mod progress;
mod send;
mod sources;
mod state;
mod upload;
mod visit;
mod wire;

pub use error::{Error, Result};
pub use get::{Fetched, FetchedFile, GetOptions, get};
pub use http::Server;
pub use outcome::{FileOutcome, Outcome};
pub use post::Poster;
pub use progress::{Bars, Phase, Progress, Silent};
pub use send::{SendOptions, parse_days, send, status};
pub use wire::{Finding, PackageType};
