//! The direction of dependencies, from docs/ARCHITECTURE.md.

use crate::workspace::{Package, Workspace};

/// Which of our crates each crate may name outside its tests. A leaf names none.
const EDGES: &[(&str, &[&str])] = &[
    ("sofie-domain", &[]),
    // Where a test can have a debug build killed; a release build has none of it.
    ("sofie-killpoint", &[]),
    ("sofie-vault", &["sofie-killpoint"]),
    ("sofie-queue", &["sofie-killpoint"]),
    ("sofie-inspector", &[]),
    // The same jail, and the objects that the inspector shows.
    ("sofie-yara", &["sofie-inspector"]),
    ("sofie-mail", &[]),
    ("sofie-identity", &[]),
    ("sofie-client", &[]),
    // Only through the jail's protocol: the parsers themselves run in a child process.
    ("sofie-detection", &["sofie-inspector", "sofie-yara"]),
    ("sofie-store", &["sofie-domain"]),
    (
        "sofie-app",
        &[
            "sofie-domain",
            "sofie-store",
            "sofie-vault",
            "sofie-queue",
            "sofie-detection",
            "sofie-mail",
            "sofie-identity",
            "sofie-killpoint",
        ],
    ),
    ("sofie-api", &["sofie-app", "sofie-domain"]),
    (
        "sofie-server",
        &[
            "sofie-api",
            "sofie-app",
            "sofie-client",
            "sofie-detection",
            "sofie-domain",
            "sofie-identity",
            "sofie-inspector",
            "sofie-killpoint",
            "sofie-mail",
            "sofie-queue",
            "sofie-store",
            "sofie-vault",
            "sofie-yara",
        ],
    ),
    (
        "sofie-test-support",
        &[
            "sofie-api",
            "sofie-app",
            "sofie-detection",
            "sofie-domain",
            "sofie-identity",
            "sofie-mail",
            "sofie-queue",
            "sofie-store",
            "sofie-vault",
        ],
    ),
    (
        "sofie-fuzz",
        &[
            "sofie-api",
            "sofie-app",
            "sofie-client",
            "sofie-detection",
            "sofie-domain",
            "sofie-identity",
            "sofie-inspector",
            "sofie-mail",
            "sofie-queue",
            "sofie-vault",
            "sofie-yara",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that only some of our crates may name, tests included.
const OWNED: &[(&str, &[&str])] = &[
    ("sqlx", &["sofie-store"]),
    ("axum", &["sofie-api", "sofie-server", "sofie-test-support"]),
    ("hyper", &["sofie-server"]),
    // The vault serves an object store to its own tests.
    ("hyper-util", &["sofie-server", "sofie-vault"]),
    ("object_store", &["sofie-vault"]),
    ("utoipa", &["sofie-api"]),
    ("utoipa-axum", &["sofie-api"]),
    ("lettre", &["sofie-mail"]),
    ("minijinja", &["sofie-mail"]),
    ("rdkafka", &["sofie-queue"]),
    // The vault asks services to seal keys.
    (
        "reqwest",
        &["sofie-client", "sofie-detection", "sofie-vault"],
    ),
    ("cryptoki", &["sofie-vault"]),
    // xtask makes the manual pages and the completions from the definition of the command line.
    ("clap", &["sofie-server", "xtask"]),
    ("clap_complete", &["xtask"]),
    ("clap_mangen", &["xtask"]),
    ("figment", &["sofie-server"]),
    ("anyhow", &["sofie-server", "xtask"]),
    ("seccompiler", &["sofie-inspector"]),
    ("landlock", &["sofie-inspector"]),
    ("jsonwebtoken", &["sofie-identity"]),
    ("argon2", &["sofie-identity"]),
];

/// What `domain` may never name: it does no I/O and knows no runtime.
const NOT_IN_DOMAIN: &[&str] = &[
    "tokio",
    "futures-util",
    "async-trait",
    "tracing",
    "tower",
    "http",
];

/// Returns each forbidden edge as a sentence.
pub fn check(workspace: &Workspace) -> Vec<String> {
    workspace.packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, allowed)) = EDGES.iter().find(|(of, _)| *of == name) else {
        return vec![format!(
            "{name} is not in the table of layers (xtask/src/layers.rs)"
        )];
    };
    let mut problems = Vec::new();
    for dependency in &package.dependencies {
        let on = dependency.name.as_str();
        let in_tests = dependency.kind.as_deref() == Some("dev");
        if EDGES.iter().any(|(of, _)| *of == on) && !in_tests && !allowed.contains(&on) {
            problems.push(format!("{name} may not depend on {on}"));
        }
        if let Some((_, owners)) = OWNED.iter().find(|(library, _)| *library == on)
            && !owners.contains(&name)
        {
            problems.push(format!(
                "{name} may not name {on}: that is for {}",
                owners.join(", ")
            ));
        }
        if name == "sofie-domain" && !in_tests && NOT_IN_DOMAIN.contains(&on) {
            problems.push(format!("sofie-domain has no runtime: it may not name {on}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, on: &str, kind: Option<&str>) -> Package {
        let dependency = Dependency {
            name: on.to_owned(),
            kind: kind.map(str::to_owned),
        };
        Package {
            name: name.to_owned(),
            dependencies: vec![dependency],
        }
    }

    #[test]
    fn forbidden_edges_are_found() {
        for (name, on, kind) in [
            ("sofie-vault", "sofie-domain", None),
            ("sofie-api", "sofie-store", None),
            ("sofie-app", "sqlx", None),
            ("sofie-app", "sqlx", Some("dev")),
            ("sofie-app", "axum", None),
            ("sofie-domain", "tokio", None),
            ("sofie-newcomer", "serde", None),
        ] {
            assert_eq!(
                check_package(&package(name, on, kind)).len(),
                1,
                "{name} -> {on}"
            );
        }
    }

    #[test]
    fn allowed_edges_pass() {
        for (name, on, kind) in [
            ("sofie-store", "sqlx", None),
            ("sofie-app", "sofie-store", None),
            ("sofie-api", "sofie-test-support", Some("dev")),
            ("sofie-domain", "serde", None),
        ] {
            assert!(
                check_package(&package(name, on, kind)).is_empty(),
                "{name} -> {on}"
            );
        }
    }
}
