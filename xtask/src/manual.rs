//! Manual pages and completions, from the definition of the command line.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;

#[path = "../../crates/server/src/cli.rs"]
mod cli;

/// Writes `man/*.1` and `completions/*` below `folder`.
pub fn write(folder: &Path) -> Result<()> {
    let pages = folder.join("man");
    let completions = folder.join("completions");
    for made in [&pages, &completions] {
        fs::create_dir_all(made).with_context(|| format!("cannot make {}", made.display()))?;
    }
    clap_mangen::generate_to(visible(), &pages).context("cannot write the manual pages")?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut visible(), "sofie", &completions)
            .with_context(|| format!("cannot write the completion for {shell}"))?;
    }
    Ok(())
}

/// The command without its hidden parts, which completions would offer, and without `help` as a command, which would
/// have a page for each command again.
fn visible() -> Command {
    let all = cli::Cli::command();
    let shown = all.get_subcommands().filter(|part| !part.is_hide_set());
    let shown: Vec<Command> = shown.cloned().collect();
    // A part can't be taken out of a command: this one is made of what is shown. The command has no options of its own.
    Command::new("sofie")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .after_help(all.get_after_help().cloned().unwrap_or_default())
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands(shown)
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::cli::Cli;

    #[test]
    fn each_visible_command_has_a_page_and_is_completed() {
        let folder = std::env::temp_dir().join(format!("sofie-manual-{}", std::process::id()));
        super::write(&folder).unwrap();
        let bash = std::fs::read_to_string(folder.join("completions/sofie.bash")).unwrap();
        let command = Cli::command();
        let visible = |command: &&Command| !command.is_hide_set();
        for name in command
            .get_subcommands()
            .filter(visible)
            .map(Command::get_name)
        {
            assert!(
                folder.join(format!("man/sofie-{name}.1")).is_file(),
                "{name}"
            );
            assert!(bash.contains(name), "{name}");
        }
        assert!(command.get_arguments().next().is_none());
        assert!(!bash.contains("settings"));
        assert!(!folder.join("man/sofie-inspect.1").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
