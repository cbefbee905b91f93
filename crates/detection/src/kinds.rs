//! The kinds of engines that an administrator can set up. One more is one more line in [`KINDS`].

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::adapter::Adapter;
use crate::cape;
use crate::checkpoint;
use crate::clamd;
use crate::command;
use crate::config::{Config, Fault, Field, Holds};
use crate::engine::Class;
use crate::fortisandbox;
use crate::icap;
use crate::kaspersky;
use crate::kata;
use crate::metadefender;
use crate::rest;
use crate::runtime::{Runtime, Setup};
use crate::virustotal;

/// All of them, in the order in which people see them.
pub const KINDS: &[Kind] = &[
    clamd::KIND,
    icap::KIND,
    kaspersky::KIND,
    command::KIND,
    metadefender::KIND,
    fortisandbox::KIND,
    checkpoint::KIND,
    kata::KIND,
    cape::KIND,
    rest::KIND,
    virustotal::KIND,
];

/// A kind of engine.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its stable name.
    pub name: &'static str,
    /// Its name for people; names of products are the same in every language.
    pub title: &'static str,
    /// The stage that it usually works in.
    pub class: Class,
    /// What has to be known to reach it.
    pub fields: &'static [Field],
    /// The largest file that it usually takes, in bytes.
    pub largest_file: u64,
    /// How many files it usually takes at once.
    pub at_once: u16,
    /// How long it usually may take for a small file, in seconds.
    pub seconds: u16,
    /// Makes what talks to it.
    pub(crate) build: Build,
}

/// Makes what talks to an engine, or tells what of its configuration can't be used.
type Build = fn(&Setup, &Config) -> Result<Arc<dyn Adapter>, Fault>;

/// Finds a kind by its name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// Makes an engine of this kind; nothing is contacted yet.
    ///
    /// # Errors
    /// What of the configuration can't be used.
    pub fn engine(&self, setup: Setup, given: &Map<String, Value>) -> Result<Runtime, Vec<Fault>> {
        let config = Config::read(self.fields, given)?;
        let adapter = (self.build)(&setup, &config).map_err(|fault| vec![fault])?;
        Ok(Runtime::new(setup, adapter))
    }

    /// Tells whether a field is a secret.
    pub fn is_secret(&self, field: &str) -> bool {
        let secret = |one: &&Field| matches!(one.holds, Holds::Secret | Holds::LongSecret);
        self.fields
            .iter()
            .filter(secret)
            .any(|one| one.name == field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
    }
}
