//! `sofie doctor`: looks at everything that must be well, and says so in one line each, with what to do about it.

use std::process::ExitCode;

use anyhow::Result;

use super::{WRONG_CONFIGURATION, fail, with_site};
use crate::cli::Doctor;
use crate::doctor::{self, Finding};
use crate::ground::Site;

/// Looks from outside, or at the installation here.
pub fn run(command: &Doctor) -> ExitCode {
    let json = command.json;
    if let Some(url) = &command.url {
        return match tokio::runtime::Runtime::new() {
            Ok(runtime) => {
                let seen = runtime.block_on(doctor::from_outside(url, command.http_port));
                // What was never answered is not waited for.
                runtime.shutdown_background();
                tell(&seen, json).unwrap_or_else(|error| fail(&error))
            }
            Err(error) => fail(&error.into()),
        };
    }
    if let Err(error) = Site::find(&command.place) {
        let told = tell(&[doctor::misconfigured(&error)], json);
        return told.map_or_else(
            |error| fail(&error),
            |_| ExitCode::from(WRONG_CONFIGURATION),
        );
    }
    with_site(&command.place, true, |site| async move {
        tell(&Box::pin(doctor::examine(site)).await, json)
    })
}

fn tell(findings: &[Finding], json: bool) -> Result<ExitCode> {
    let count = |is: fn(&Finding) -> bool| findings.iter().filter(|one| is(one)).count();
    let (warned, failed) = (count(Finding::warned), count(Finding::failed));
    if json {
        println!("{}", serde_json::to_string(findings)?);
    } else {
        for finding in findings {
            println!("{finding}");
        }
        println!(
            "\n{} checks, {warned} warned, {failed} failed",
            findings.len()
        );
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
