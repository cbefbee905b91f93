//! The binary as an administrator meets it: started, joined, killed, stopped.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod process;
mod serve;
mod without_server;
