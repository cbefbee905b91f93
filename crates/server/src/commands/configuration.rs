//! `sofie config check | show | default`

use std::process::ExitCode;

use anyhow::Result;

use super::firewall;
use crate::cli::Configuration;
use crate::config::DEFAULTS;
use crate::ground::Site;
use crate::storage;

pub fn run(command: Configuration) -> ExitCode {
    let printed = match command {
        // Needs more than the configuration.
        Configuration::Firewall { place, json } => {
            return super::with_site(&place, true, |site| firewall::run(site, json));
        }
        Configuration::Default => Ok(DEFAULTS.to_owned()),
        Configuration::Check(place) => Site::find(&place).and_then(|site| check(&site)),
        Configuration::Show(place) => Site::find(&place).and_then(|site| site.config.show()),
    };
    match printed {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(super::WRONG_CONFIGURATION)
        }
    }
}

fn check(site: &Site) -> Result<String> {
    site.config.kafka.options()?;
    site.config.storage.check()?;
    site.config.licence.keys()?;
    site.config.telemetry.traces()?;
    site.config.keys.check()?;
    for connect in [
        site.config.database.server()?,
        site.config.database.owner()?,
    ]
    .into_iter()
    .flatten()
    {
        connect.ensure_safe()?;
    }
    Ok(format!(
        "the configuration is right\ndata directory: {}\nkey file: {}\nfiles: {}",
        site.dir.display(),
        site.kek_file().display(),
        storage::place(site, site.config.storage.kind)
    ))
}
