//! Links in archives: whether what they lead to stays within the archive's own tree.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The links of one archive, as far as it was read. Only fingerprints of their names are kept:
/// two names with the same one can at worst raise a suspicion.
#[derive(Default)]
pub struct Links {
    seen: HashSet<u64>,
}

/// How a link's target is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A symbolic link: from the folder that holds the link.
    Folder,
    /// A hard link: from the root of the archive.
    Root,
}

impl Links {
    /// Notes a link. Whether it stays within the archive, whatever was unpacked before it.
    pub(crate) fn stays(&mut self, name: &str, target: &str, from: From) -> bool {
        let through = self.leads_through(name);
        let own: Vec<String> = parts(name).collect();
        self.seen.extend(fingerprints(&own).last());
        let drive = target.as_bytes().get(1) == Some(&b':');
        if through || target.is_empty() || target.starts_with(['/', '\\']) || drive {
            return false;
        }
        // Behind a step into a folder, which may be a link itself, `..` leads anywhere.
        let all: Vec<String> = parts(target).collect();
        let up = all.iter().take_while(|part| *part == "..").count();
        let again = all[up..].iter().any(|part| part == "..");
        let height = match from {
            From::Folder => own.len().saturating_sub(1),
            From::Root => 0,
        };
        !again && up <= height && own.iter().all(|part| part != "..")
    }

    /// Whether a member's folders are links of this archive.
    pub(crate) fn leads_through(&self, name: &str) -> bool {
        if self.seen.is_empty() {
            return false;
        }
        let own: Vec<String> = parts(name).collect();
        let folders = own.len().saturating_sub(1);
        fingerprints(&own[..folders]).any(|folder| self.seen.contains(&folder))
    }
}

/// The parts of a path as the least careful systems see them: either slash, any case.
fn parts(path: &str) -> impl Iterator<Item = String> {
    path.split(['/', '\\'])
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_lowercase)
}

/// The fingerprint of each folder on the way, and of the whole path.
fn fingerprints(parts: &[String]) -> impl Iterator<Item = u64> {
    let mut hasher = DefaultHasher::new();
    parts.iter().map(move |part| {
        part.hash(&mut hasher);
        hasher.finish()
    })
}

#[cfg(test)]
mod tests;
