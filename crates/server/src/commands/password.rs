//! Passwords that a command takes from a file, so that no list of processes shows them.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use secrecy::SecretString;

/// Reads the first line of the file, or of the standard input for `-`.
pub fn read(file: &Path) -> Result<SecretString> {
    let shown = file.display();
    let mut text = String::new();
    if file == Path::new("-") {
        io::stdin()
            .read_to_string(&mut text)
            .context("cannot read the password from the standard input")?;
    } else {
        text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    }
    let password = text.lines().next().filter(|line| !line.is_empty());
    let password = password.ok_or_else(|| anyhow!("{shown} has no password on its first line"))?;
    Ok(password.to_owned().into())
}
