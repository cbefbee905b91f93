//! File sizes: a budget is met by finding the missing idea, never by cutting a file in half.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Lines of a Rust file without its tests.
const RUST_LINES: usize = 400;
/// Lines of a TypeScript file that is not a test and not generated.
const TYPESCRIPT_LINES: usize = 300;

/// Returns each file over its budget as a sentence.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for folder in ["crates", "xtask", "frontend/src", "tests", "bench"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            visit(&folder, &mut |file| {
                problems.extend(check_file(root, file)?);
                Ok(())
            })?;
        }
    }
    Ok(problems)
}

fn visit(folder: &Path, act: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "node_modules" && name != "target" && name != "dist" {
                visit(&path, act)?;
            }
        } else {
            act(&path)?;
        }
    }
    Ok(())
}

fn check_file(root: &Path, file: &Path) -> Result<Option<String>> {
    let shown = file
        .strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string();
    let Some(budget) = budget(&shown) else {
        return Ok(None);
    };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let lines = lines_without_tests(&text);
    Ok((lines > budget).then(|| format!("{shown} has {lines} lines, the budget is {budget}")))
}

/// The budget of a file by its path, if it has one.
fn budget(path: &str) -> Option<usize> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.')?;
    let is_test = stem == "tests"
        || stem.rsplit('.').next() == Some("test")
        || path.contains("/tests/")
        || path.starts_with("tests/");
    match extension {
        "rs" if !is_test => Some(RUST_LINES),
        "ts" | "tsx" if !is_test && path != "frontend/src/api/schema.ts" => Some(TYPESCRIPT_LINES),
        _ => None,
    }
}

/// Counts up to the inline test module, which stands last in a file.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
    });
    tests.unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_tests_do_not_count() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        assert_eq!(lines_without_tests(text), 2);
        assert_eq!(
            lines_without_tests("#[cfg(test)]\nmod tests;\nfn a() {}\n"),
            3
        );
    }

    #[test]
    fn only_our_own_sources_have_a_budget() {
        assert_eq!(budget("crates/app/src/packages.rs"), Some(RUST_LINES));
        assert_eq!(budget("frontend/src/main.tsx"), Some(TYPESCRIPT_LINES));
        for path in [
            "crates/app/src/packages/tests.rs",
            "crates/api/tests/it/main.rs",
            "frontend/src/api/schema.ts",
            "frontend/src/lib/size.test.ts",
            "crates/store/migrations/1.sql",
        ] {
            assert_eq!(budget(path), None, "{path}");
        }
    }
}
