//! Licences, banned crates and sources of everything that is built, by the tables of deny.toml.
//!
//! `cargo deny check` reads the same file; this needs nothing installed. Advisories need a database from the network
//! and are cargo-deny's alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::workspace::cargo;

/// Where crates may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Returns each crate that deny.toml does not allow as a sentence.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let path = root.join("deny.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let rules: Rules = toml::from_str(&text).context("cannot read deny.toml")?;
    let built = built(root)?;
    let packages = packages(root)?;
    let used = packages
        .iter()
        .filter(|package| built.contains(&package.label()));
    Ok(used.flat_map(|package| rules.check(package)).collect())
}

impl Package {
    fn label(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}

impl Rules {
    fn check(&self, package: &Package) -> Vec<String> {
        let label = package.label();
        let mut problems = Vec::new();
        let licence = package.license.as_deref().unwrap_or("no licence");
        if !self.allows(licence) {
            problems.push(format!(
                "{label}: its licence ({licence}) is not in deny.toml"
            ));
        }
        if let Some(banned) = self
            .bans
            .deny
            .iter()
            .find(|banned| banned.name == package.name)
        {
            problems.push(format!("{label} is banned: {}", banned.reason));
        }
        if let Some(source) = package
            .source
            .as_deref()
            .filter(|source| *source != REGISTRY)
        {
            problems.push(format!("{label} comes from {source}"));
        }
        problems
    }

    /// Whether an SPDX expression can be met with allowed licences: `AND` binds tighter than `OR`, and an old `/`
    /// is `OR`. What can't be read is not allowed.
    fn allows(&self, expression: &str) -> bool {
        let spaced = expression
            .replace('/', " OR ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        let allowed = self.any(&mut rest);
        allowed && rest.is_empty()
    }

    fn any(&self, rest: &mut &[&str]) -> bool {
        let mut allowed = self.all(rest);
        while take(rest, "OR") {
            allowed |= self.all(rest);
        }
        allowed
    }

    fn all(&self, rest: &mut &[&str]) -> bool {
        let mut allowed = self.one(rest);
        while take(rest, "AND") {
            allowed &= self.one(rest);
        }
        allowed
    }

    fn one(&self, rest: &mut &[&str]) -> bool {
        if take(rest, "(") {
            let allowed = self.any(rest);
            return take(rest, ")") && allowed;
        }
        let Some((first, more)) = rest.split_first() else {
            return false;
        };
        *rest = more;
        if let [with @ "WITH", exception, more @ ..] = *rest {
            *rest = more;
            return self
                .licenses
                .allow
                .contains(&format!("{first} {with} {exception}"));
        }
        self.licenses.allow.contains(*first)
    }
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, more)) if *first == word => {
            *rest = more;
            true
        }
        _ => false,
    }
}

/// What is really built, features considered: Cargo.lock and `cargo metadata` name more.
fn built(root: &Path) -> Result<BTreeSet<String>> {
    tree(root, &["--workspace"])
}

/// The crates of others that are in the binary, `name v1.2.3` each, and their licences.
pub fn in_binary(root: &Path) -> Result<BTreeMap<String, Option<String>>> {
    let built = tree(
        root,
        &["--package=sofie-server", "--edges=normal,no-proc-macro"],
    )?;
    let used = packages(root)?
        .into_iter()
        .filter(|package| package.source.is_some() && built.contains(&package.label()));
    Ok(used
        .map(|package| (package.label(), package.license))
        .collect())
}

fn tree(root: &Path, of: &[&str]) -> Result<BTreeSet<String>> {
    let mut arguments = vec!["tree", "--locked", "--prefix=none", "--format={p}"];
    arguments.extend(of);
    let text = run(root, &arguments)?;
    // `name v1.2.3 (where from) (*)`.
    let label = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(text.lines().map(label).collect())
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let text = run(root, &["metadata", "--format-version=1", "--locked"])?;
    let metadata: Metadata =
        serde_json::from_str(&text).context("cannot read the answer of cargo metadata")?;
    Ok(metadata.packages)
}

fn run(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(cargo())
        .args(arguments)
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "cargo {} failed: {}",
        arguments[0],
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("cargo speaks UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        toml::from_str(
            r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"]
            [bans]
            deny = [{ crate = "openssl", reason = "one TLS" }]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        for (expression, allowed) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0/MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("GPL-3.0 AND MIT OR ISC", true),
            ("ISC AND (GPL-3.0 OR MIT)", true),
            ("ISC AND (GPL-3.0 OR GPL-2.0)", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("(MIT", false),
            ("MIT MIT", false),
            ("", false),
            ("no licence", false),
        ] {
            assert_eq!(rules().allows(expression), allowed, "{expression}");
        }
    }

    #[test]
    fn bans_and_foreign_sources_are_found() {
        let package = |name: &str, source: Option<&str>| Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("MIT".to_owned()),
            source: source.map(str::to_owned),
        };
        let check = |package| rules().check(&package).len();
        assert_eq!(check(package("a", Some(REGISTRY))), 0);
        assert_eq!(check(package("sofie-app", None)), 0);
        assert_eq!(check(package("openssl", Some(REGISTRY))), 1);
        assert_eq!(check(package("a", Some("git+https://example.org/a"))), 1);
    }
}
