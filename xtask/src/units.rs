//! The walls of systemd's units: each process stands behind the same.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const FOLDER: &str = "packaging/systemd";
const FIRST: &str = "sofie.service";

/// Returns each unit whose walls are not those of `sofie.service` as a sentence.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let folder = root.join(FOLDER);
    let wanted = walls(&folder.join(FIRST))?;
    let mut problems = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let path = entry?.path();
        if walls(&path)? != wanted {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            problems.push(format!(
                "{FOLDER}/{name} has other walls than {FIRST}: from `# Walls` to `[Install]` they are the same"
            ));
        }
    }
    Ok(problems)
}

fn walls(path: &Path) -> Result<String> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (_, after) = text
        .split_once("\n# Walls")
        .with_context(|| format!("{} has no walls", path.display()))?;
    let (walls, _) = after
        .split_once("\n[Install]")
        .with_context(|| format!("{} can't be enabled", path.display()))?;
    Ok(walls.to_owned())
}
