//! The key files, and what seals them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sofie_vault::{KekError, KekFiles, KekSource, KekSourceError, Keks, Seal, SealError};

use super::Finding;
use crate::ground::Site;

const WHAT: &str = "key file";

/// Looks at the keys as they lie there, and at each service or device that may seal some.
pub fn examine(site: &Site) -> Vec<Finding> {
    let files = match site.config.keys.check().and_then(|()| site.kek_files()) {
        Ok(files) => files,
        Err(error) => {
            let advice = "correct the section [keys]: `sofie config default` explains each value";
            return vec![Finding::fail(WHAT, format!("{error:#}"), advice)];
        }
    };
    let mut all: Vec<Finding> = files.seals().iter().map(|seal| service(&**seal)).collect();
    match files.load() {
        Ok(keks) => all.extend(key_files(site, &files, &keks)),
        Err(error) => all.push(unusable(&error)),
    }
    all
}

fn service(seal: &dyn Seal) -> Finding {
    let what = format!("keys.{}", seal.kind());
    match seal.examine() {
        Ok(view) if view.doubts.is_empty() => Finding::ok(what, view.place),
        Ok(view) => {
            let advice = "see to the key and to our rights there";
            let detail = format!("{}: {}", view.place, view.doubts.join("; "));
            Finding::warn(what, detail, advice)
        }
        Err(error) => Finding::fail(what, error.to_string(), advice(&error)),
    }
}

/// What to do about a service that does not do what it shall.
fn advice(error: &SealError) -> &'static str {
    match error {
        SealError::Away { .. } => {
            "start or unseal it, and see to its address, the network and its certificate; processes that run go on"
        }
        SealError::Refused { .. } => {
            "see whether the key is enabled there and who we are to it: our token, role or PIN, and the policy"
        }
        SealError::Unknown(_) => {
            "fill in its section below [keys], or take the key out of escrow: `sofie keys import --seal none`"
        }
        _ => "correct the section below [keys], or the file that it names",
    }
}

fn key_files(site: &Site, files: &KekFiles, keks: &Keks) -> Vec<Finding> {
    if keks.is_empty() {
        let detail = format!("{}: the key file is missing", files.first().display());
        let advice = "put back the copy of it, or name its place in keys.kek_file";
        return vec![Finding::fail(WHAT, detail, advice)];
    }
    if let Some(finding) = misplaced(site, files.first()) {
        return vec![finding];
    }
    let closed = keks.closed.iter().map(|closed| {
        let detail = format!("{} (key {}): {}", closed.place, closed.id, closed.error);
        // Not fatal by itself: whether anything hangs on the key, the database tells.
        Finding::warn("sealed key", detail, advice(&closed.error))
    });
    let mut all: Vec<Finding> = closed.collect();
    let shown = keks.found.iter().map(|found| {
        let seal = found.seal.as_ref();
        let seal = seal.map_or_else(String::new, |seal| format!(", sealed by {seal}"));
        format!("{} (key {}{seal})", found.place, found.kek.id())
    });
    let shown: Vec<String> = shown.collect();
    if !shown.is_empty() {
        let detail = format!("{}; keep a copy apart from the data", shown.join(", "));
        all.push(Finding::ok(WHAT, detail));
    }
    all
}

fn unusable(error: &KekSourceError) -> Finding {
    let advice = match error.source {
        KekError::TooOpen { .. } => "chmod 400, its owner being the account of the service",
        KekError::Io(_) => "let the account of the service own it, or run this as that account",
        _ => "put back the copy of it",
    };
    Finding::fail(WHAT, format!("{error}: {}", error.source), advice)
}

/// A key that lies with what it protects, or that the service itself can't read.
fn misplaced(site: &Site, file: &Path) -> Option<Finding> {
    let (key, data) = (
        fs::canonicalize(file).ok()?,
        fs::canonicalize(&site.dir).ok()?,
    );
    if key.starts_with(&data) {
        let detail = format!("{} is in the data directory", key.display());
        let advice = "move it elsewhere and name its place in keys.kek_file: a copy of the data would be one of the key";
        return Some(Finding::fail(WHAT, detail, advice));
    }
    let owner = |path: &Path| fs::metadata(path).map(|meta| meta.uid()).ok();
    let (of_key, of_data) = (owner(&key)?, owner(&data)?);
    (of_key != of_data).then(|| {
        let detail = format!(
            "{} belongs to the account {of_key}, the data directory to {of_data}",
            key.display()
        );
        Finding::fail(WHAT, detail, format!("chown {of_data} {}", key.display()))
    })
}
