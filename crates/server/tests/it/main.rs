//! The binary as an administrator meets it: started, joined, killed, stopped.

mod process;
mod serve;
mod without_server;
