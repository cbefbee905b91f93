//! `sofie verify`: whether the database and the stored files agree.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use sofie_app::integrity::{self, Problem, Report};

use super::room::{Room, refused};
use crate::ground::Site;

pub async fn run(site: Site, deep: bool, as_json: bool) -> Result<ExitCode> {
    Room::within(site, async |room| examine(&room, deep, as_json).await).await
}

/// Prints each problem as it is found, then the report.
pub(super) async fn examine(room: &Room, deep: bool, as_json: bool) -> Result<ExitCode> {
    let tell = |problem: &Problem| {
        let (kind, blob, detail) = (problem.kind.as_str(), &problem.blob, &problem.detail);
        match problem.file {
            Some((package, file)) => {
                eprintln!("{kind}: file {file} of package {package}, blob {blob}: {detail}");
            }
            None => eprintln!("{kind}: blob {blob}: {detail}"),
        }
    };
    let report = integrity::verify(&room.app, &room.ctx, deep, tell)
        .await
        .map_err(refused)?;
    if as_json {
        println!("{}", as_value(&report, deep));
    } else {
        println!("{}", in_words(&report, deep));
    }
    Ok(if report.sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn in_words(report: &Report, deep: bool) -> String {
    let how = if deep {
        "every byte decrypted and compared"
    } else {
        "names, lengths and frames compared"
    };
    let mut lines = vec![format!(
        "{} files, {} bytes: {how}",
        report.files, report.bytes
    )];
    for (count, what) in [
        (report.unfinished, "uploads on their way"),
        (report.doomed, "blobs about to be removed"),
        (report.young, "blobs too young to say"),
    ] {
        if count > 0 {
            lines.push(format!("{count} {what}"));
        }
    }
    for (kind, count) in &report.problems {
        lines.push(format!("FAIL {kind}: {count}"));
    }
    if report.sound() {
        lines.push("all is well".to_owned());
    }
    lines.join("\n")
}

fn as_value(report: &Report, deep: bool) -> serde_json::Value {
    json!({
        "sound": report.sound(),
        "deep": deep,
        "files": report.files,
        "bytes": report.bytes,
        "unfinished": report.unfinished,
        "doomed": report.doomed,
        "young": report.young,
        "problems": report.problems,
    })
}
