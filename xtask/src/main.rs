//! The project's own tools: `cargo xtask check`, `gen [--check]`, `manual DIR` and `sbom FILE`.

mod gen_files;
mod layers;
mod licences;
mod manual;
mod sbom;
mod sizes;
mod units;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str =
    "usage: cargo xtask check        layers, licences, sizes, units and the crate map of docs/ARCHITECTURE.md
       cargo xtask gen          writes every derived file again
       cargo xtask gen --check  fails when a derived file is not current
       cargo xtask manual DIR   writes the manual pages and the completions of shells
       cargo xtask sbom FILE    writes what the binary is made of, as CycloneDX";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["check"] => check(),
        ["gen"] => gen_files::write(),
        ["gen", "--check"] => gen_files::check(),
        ["manual", folder] => manual::write(Path::new(folder)).map(|()| Vec::new()),
        ["sbom", file] => sbom::write(Path::new(file)).map(|()| Vec::new()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            for problem in &problems {
                eprintln!("error: {problem}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Everything that is checked without building the project; returns what is wrong.
fn check() -> Result<Vec<String>> {
    let workspace = workspace::Workspace::load()?;
    let mut problems = layers::check(&workspace);
    problems.extend(licences::check(&workspace.root)?);
    problems.extend(sizes::check(&workspace.root)?);
    problems.extend(units::check(&workspace.root)?);
    problems.extend(workspace.missing_from_crate_map()?);
    if problems.is_empty() {
        println!(
            "layers, licences, sizes, units and crate map: ok ({} crates)",
            workspace.packages.len()
        );
    }
    Ok(problems)
}
