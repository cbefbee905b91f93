//! Detection engines: what each says of a file, and how a file gets to all of them at once.
//!
//! The rule of the house: *clean* is only ever made from a complete, well-formed answer over
//! every byte of the file. Errors, time-outs, limits and silence have outcomes of their own,
//! and there is no default outcome.
//!
//! An adapter implements [`Engine`]; `docs/recipes/add-an-engine.md` tells how to add one.
#![deny(missing_docs)]

mod adapter;
mod again;
mod body;
mod cape;
mod checkpoint;
mod clamd;
mod command;
mod config;
mod engine;
mod fan_out;
mod fortisandbox;
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod icap;
pub mod inspect;
mod kaspersky;
mod kata;
mod kinds;
mod metadefender;
mod names;
mod probes;
mod rest;
mod runtime;
mod sandbox;
mod self_test;
mod text;
mod ticket;
mod tls;
mod verdict;
mod virustotal;

pub use again::{Again, Source};
pub use body::{Body, BodySender, Broken, Gone, body};
pub use config::{Config, Fault, Field, Holds};
pub use engine::{
    Capabilities, Class, Descriptor, Engine, EngineStatus, FileMeta, Load, Scan, Turn, Versions,
};
pub use fan_out::{Examination, examine};
pub use inspect::{Contents, Inspection, Inspector, Programs, YARA, Yara, YaraFailure};
pub use kinds::{KINDS, Kind, kind};
pub use runtime::{Refusal, Runtime, Setup, Times, TypeMode, Types};
pub use self_test::{Canary, SelfTest};
pub use sofie_inspector::{
    Detector, Dlp, DlpError, How, Limits as InspectionLimits, Object, Passwords, PasswordsError,
};
pub use sofie_yara::{RuleError, RuleSet};
pub use ticket::Ticket;
pub use verdict::{
    Category, Coverage, EngineReport, ErrorKind, Finding, Level, LimitKind, Outcome, Skip,
};
