//! The bill of materials: each library that is in the binary, crates and packages of the front end, as CycloneDX.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::licences;
use crate::workspace::Workspace;

#[derive(Deserialize)]
struct CargoLock {
    package: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// The SHA-256 of its archive; our own crates have none.
    checksum: Option<String>,
}

#[derive(Deserialize)]
struct NpmLock {
    packages: BTreeMap<String, NpmPackage>,
}

#[derive(Deserialize)]
struct NpmPackage {
    version: Option<String>,
    license: Option<String>,
    /// `sha512-` and base64.
    integrity: Option<String>,
    /// Needed to build and to test only.
    #[serde(default)]
    dev: bool,
    /// Loaded only where somebody installs it beside us.
    #[serde(default)]
    optional: bool,
}

/// Writes the bill of materials of the binary.
pub fn write(file: &Path) -> Result<()> {
    let root = Workspace::load()?.root;
    let lock = read(&root.join("Cargo.lock"))?;
    let lock: CargoLock = toml::from_str(&lock).context("cannot read Cargo.lock")?;
    let npm = read(&root.join("frontend/package-lock.json"))?;
    let npm: NpmLock = serde_json::from_str(&npm).context("cannot read package-lock.json")?;

    let used = licences::in_binary(&root)?;
    let mut components = Vec::new();
    for (label, licence) in &used {
        let (name, version) = label.split_once(" v").context("a crate has a version")?;
        let found = lock
            .package
            .iter()
            .find(|one| one.name == name && one.version == version);
        let found = found.with_context(|| format!("Cargo.lock does not name {label}"))?;
        components.push(found.component(licence.as_deref()));
    }
    components.extend(npm.components()?);
    let document = document(&components);
    let text = serde_json::to_string_pretty(&document).context("cannot write the bill")?;
    fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    println!("{}: {} components", file.display(), components.len());
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// No time and no random number: the same sources give the same file.
fn document(components: &[Value]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": format!("sofie@{version}"),
                "name": "sofie",
                "version": version,
                "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
            },
        },
        "components": components,
    })
}

impl Crate {
    fn component(&self, licence: Option<&str>) -> Value {
        let purl = format!("pkg:cargo/{}@{}", self.name, self.version);
        let mut made = component(&self.name, &self.version, &purl, licence);
        if let Some(checksum) = &self.checksum {
            made["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        made
    }
}

impl NpmLock {
    fn components(&self) -> Result<Vec<Value>> {
        let shipped = self.packages.iter().filter(|(path, package)| {
            path.starts_with("node_modules/") && !package.dev && !package.optional
        });
        shipped
            .map(|(path, package)| package.component(path))
            .collect()
    }
}

impl NpmPackage {
    /// `path` is `node_modules/@scope/name`, below that of another package or not.
    fn component(&self, path: &str) -> Result<Value> {
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        let version = self
            .version
            .as_deref()
            .with_context(|| format!("{name} has no version"))?;
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        let mut made = component(name, version, &purl, self.license.as_deref());
        if let Some(digest) = self
            .integrity
            .as_deref()
            .and_then(|text| text.strip_prefix("sha512-"))
        {
            made["hashes"] = json!([{ "alg": "SHA-512", "content": hex_of_base64(digest)? }]);
        }
        Ok(made)
    }
}

fn component(name: &str, version: &str, purl: &str, licence: Option<&str>) -> Value {
    let mut made = json!({
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    });
    if let Some(licence) = licence {
        // An old way to write OR.
        let expression = licence.replace(" / ", " OR ").replace('/', " OR ");
        made["licenses"] = json!([{ "expression": expression }]);
    }
    made
}

/// CycloneDX wants digests in hex, npm has them in base64.
fn hex_of_base64(text: &str) -> Result<String> {
    let digest = STANDARD.decode(text).context("not base64")?;
    Ok(hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_translated() {
        assert_eq!(hex_of_base64("Zm9vYg==").unwrap(), "666f6f62");
        assert_eq!(hex_of_base64("+/8=").unwrap(), "fbff");
        assert!(hex_of_base64("Zm9v!").is_err());
    }

    #[test]
    fn only_what_is_shipped_is_named() {
        let lock: NpmLock = serde_json::from_value(json!({ "packages": {
            "": { "version": "1.0.0" },
            "node_modules/@a/b": { "version": "2.0.0", "license": "MIT", "integrity": "sha512-Zm9v" },
            "node_modules/@a/b/node_modules/c": { "version": "3.0.0" },
            "node_modules/tool": { "version": "1.0.0", "dev": true },
        }}))
        .unwrap();
        let components = lock.components().unwrap();
        assert_eq!(components.len(), 2);
        assert_eq!(components[0]["purl"], "pkg:npm/%40a/b@2.0.0");
        assert_eq!(components[0]["hashes"][0]["content"], "666f6f");
        assert_eq!(components[0]["licenses"][0]["expression"], "MIT");
        assert_eq!(components[1]["purl"], "pkg:npm/c@3.0.0");
    }

    #[test]
    fn old_licence_expressions_become_spdx() {
        let made = component("a", "1.0.0", "pkg:cargo/a@1.0.0", Some("MIT/Apache-2.0"));
        assert_eq!(made["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
