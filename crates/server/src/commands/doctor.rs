//! `sofie doctor`: looks at everything that must be well, and says so in one line each.

use std::process::ExitCode;

use anyhow::Result;

use crate::ground::Site;

pub async fn run(site: Site) -> Result<ExitCode> {
    let findings = crate::doctor::examine(site).await;
    for finding in &findings {
        println!("{finding}");
    }
    let failed = findings.iter().filter(|finding| finding.failed()).count();
    println!("\n{} checks, {failed} failed", findings.len());
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
