//! What `cargo metadata` says of the workspace.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Workspace {
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    pub packages: Vec<Package>,
}

#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None` is a normal dependency; `dev` and `build` are the others.
    pub kind: Option<String>,
}

impl Workspace {
    pub fn load() -> Result<Self> {
        let output = Command::new(cargo())
            .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
            .output()
            .context("cannot run cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("cannot read the answer of cargo metadata")
    }

    /// The crates that `docs/ARCHITECTURE.md` forgot.
    pub fn missing_from_crate_map(&self) -> Result<Vec<String>> {
        let map = self.root.join("docs/ARCHITECTURE.md");
        let text =
            fs::read_to_string(&map).with_context(|| format!("cannot read {}", map.display()))?;
        let named = |package: &&Package| {
            let short = package.name.trim_start_matches("sofie-");
            text.contains(&format!("{short}/")) || text.contains(&format!("`{}`", package.name))
        };
        Ok(self
            .packages
            .iter()
            .filter(|package| !named(package))
            .map(|package| {
                format!(
                    "docs/ARCHITECTURE.md does not name the crate {}",
                    package.name
                )
            })
            .collect())
    }
}

/// The cargo that runs us.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells its tools its own path in the environment"
)]
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
