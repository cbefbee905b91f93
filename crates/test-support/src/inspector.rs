//! The program of the inspector and of the search by rules.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

const NAME: &str = "sofie-yara-probe";

/// Returns the program that is what `sofie inspect` and `sofie yara-scan` are, built anew when its sources changed.
pub(crate) fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(find).clone()
}

fn find() -> PathBuf {
    let tests = std::env::current_exe().expect("the test's own path");
    let folder = tests
        .ancestors()
        .nth(2)
        .expect("tests lie in target/PROFILE/deps");
    let program = folder.join(NAME);
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources = ["inspector", "yara"].map(|name| newest(&crates.join(name)));
    let (built, changed) = (changed(&program), sources.into_iter().max().flatten());
    if built.is_none() || built < changed {
        build(folder);
        // Cargo leaves a program alone that the change did not touch.
        let file = std::fs::File::options().append(true).open(&program);
        let file = file.expect("the program is there");
        let time = changed.expect("there are sources");
        file.set_modified(time).expect("the program is ours");
    }
    program
}

/// Builds the program into the folder of the tests, which is `TARGET/debug` or `TARGET/release`.
fn build(folder: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--workspace"])
        .args(["--bin", NAME])
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(folder))
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let done = cargo.status().expect("cargo starts");
    assert!(done.success(), "the inspector could not be built");
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).expect("the sources are there");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter_map(|path| {
            if path.is_dir() {
                newest(&path)
            } else {
                changed(&path)
            }
        })
        .max()
}
