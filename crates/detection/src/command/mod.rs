//! Scanners that are programs: one process per file.
//!
//! A program, its arguments and what its exit codes mean are a [`preset::Preset`], part of this product: who may set up engines
//! must not be able to run what they like on the server. No shell is involved; the file's name is never part of a
//! command line, and the content never a file on a disk: the program reads a sealed piece of memory, or a file on a
//! `tmpfs`. (Memory of both kinds may be swapped out: a server that is careful has no swap, or encrypts it.)
//!
//! Programs like these may clean or remove what they look at unless told otherwise, so every preset has the switch
//! that forbids it, and what is on a `tmpfs` is compared afterwards.

mod engine;
mod handover;
mod preset;
mod run;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::adapter::Adapter;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::Class;
use crate::kinds::Kind;
use crate::runtime::Setup;
use handover::HandOver;

/// The whole file is in memory while a program looks at it: the largest file times the files at once.
pub(crate) const KIND: Kind = Kind {
    name: "command",
    title: "Program on this machine",
    class: Class::Antivirus,
    fields: &[
        Field {
            name: "preset",
            holds: Holds::Choice {
                words: preset::NAMES,
                default: "eset_odscan",
            },
            required: true,
        },
        Field {
            name: "hand_over",
            holds: Holds::Choice {
                words: &["memory", "tmpfs"],
                default: "memory",
            },
            required: true,
        },
        Field {
            name: "directory",
            holds: Holds::Text {
                default: "/dev/shm",
            },
            required: false,
        },
    ],
    largest_file: 100 << 20,
    at_once: 1,
    seconds: 300,
    build,
};

/// The most memory that may be full of files at once, in bytes.
const MOST_MEMORY: u64 = 4 << 30;

fn build(setup: &Setup, config: &Config) -> Result<Arc<dyn Adapter>, Fault> {
    if setup.largest_file.saturating_mul(setup.at_once.into()) > MOST_MEMORY {
        return Err(Fault::invalid("largest_file"));
    }
    let preset = preset::find(config.text("preset")).ok_or(Fault::invalid("preset"))?;
    let hand_over = match config.text("hand_over") {
        "tmpfs" => {
            let directory = config.text("directory").into();
            HandOver::tmpfs(directory).ok_or(Fault::invalid("directory"))?
        }
        _ => HandOver::Memory,
    };
    Ok(Arc::new(engine::Program {
        id: setup.id.clone(),
        preset,
        hand_over,
        times: setup.times,
    }))
}
