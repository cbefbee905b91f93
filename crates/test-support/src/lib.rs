//! A whole app for tests: the real router and use cases on a PostgreSQL database of the test's own, encrypted
//! files in memory, a clock that stands still, and clients typed by who they are.
//!
//! ```no_run
//! # async fn demo() {
//! use sofie_test_support::TestApp;
//!
//! let app = TestApp::start().await;
//! let alice = app.user("alice@example.org").await;
//! let answer = alice.get("/api/v1/session").await.expect(200);
//! assert_eq!(answer.json()["user"]["email"], "alice@example.org");
//! # }
//! ```

#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test ends by a panic"
)]

mod clamd;
mod client;
mod clock;
mod databases;
mod inspector;
pub mod licences;
mod postgres;
mod test_app;

pub use clamd::TestClamd;
pub use client::{Answer, Client, Request};
pub use clock::FrozenClock;
pub use databases::{EmptyDatabase, TestDatabase};
pub use test_app::{PASSWORD, TestApp, TestOptions};
