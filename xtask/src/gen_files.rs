//! The derived files, each with the command that makes it from the code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::cargo;

const OPENAPI: &str = "docs/api/openapi.json";
const SCHEMA: &str = "frontend/src/api/schema.ts";
const SETTINGS: &str = "docs/manual/settings.md";

/// Writes every derived file that is not current; there is nothing to complain about.
pub fn write() -> Result<Vec<String>> {
    for (path, content) in derive()? {
        if fs::read_to_string(&path).ok().as_ref() != Some(&content) {
            let folder = path.parent().context("a derived file lies in a folder")?;
            fs::create_dir_all(folder)?;
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
            println!("wrote {}", path.display());
        }
    }
    Ok(Vec::new())
}

/// Returns each derived file that is not what the code says.
pub fn check() -> Result<Vec<String>> {
    let stale = |(path, content): (PathBuf, String)| {
        let current = fs::read_to_string(&path).is_ok_and(|there| there == content);
        (!current).then(|| {
            format!(
                "{} is not current: run `make gen` and commit",
                path.display()
            )
        })
    };
    let problems: Vec<String> = derive()?.into_iter().filter_map(stale).collect();
    if problems.is_empty() {
        println!("derived files: current");
    }
    Ok(problems)
}

fn derive() -> Result<Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies in the workspace")?;
    let openapi = sofie(root, "openapi")?;
    let schema = typescript(root, &openapi)?;
    let settings = sofie(root, "settings-reference")?;
    Ok(vec![
        (root.join(OPENAPI), openapi),
        (root.join(SCHEMA), schema),
        (root.join(SETTINGS), settings),
    ])
}

/// What the binary prints; `SOFIE_BINARY` names one that is already built.
fn sofie(root: &Path, subcommand: &str) -> Result<String> {
    let mut command = if let Some(binary) = std::env::var_os("SOFIE_BINARY") {
        Command::new(binary)
    } else {
        let mut run = Command::new(cargo());
        run.args(["run", "--quiet", "--package", "sofie-server", "--"]);
        run
    };
    printed(command.arg(subcommand).current_dir(root))
}

/// The types of the API for the front end, by openapi-typescript from its own locked packages.
fn typescript(root: &Path, openapi: &str) -> Result<String> {
    let frontend = root.join("frontend");
    let tool = frontend.join("node_modules/.bin/openapi-typescript");
    if !tool.exists() {
        bail!("the front end's packages are not installed: run scripts/frontend.sh deps");
    }
    let target = root.join("target/xtask");
    fs::create_dir_all(&target)?;
    let document = target.join("openapi.json");
    fs::write(&document, openapi)?;
    printed(Command::new(tool).arg(&document).current_dir(&frontend))
}

fn printed(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("the output is not UTF-8")
}
