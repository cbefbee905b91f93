//! `sofie licence show | install | remove`, and `keygen | issue | revoke` for those who give licences.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail, ensure};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sofie_app::Error;
use sofie_app::keys::derive;
use sofie_app::licences::{self, LicenceView, Revocation, TextSigner};
use sofie_domain::{Clock, Licence};
use sofie_vault::{EscrowCost, open_secrets, random_secret, seal_secrets};
use uuid::Uuid;

use super::room::{Room, refused};
use super::{keys, password};
use crate::cli::{self, Issue, SigningKey};
use crate::clock::SystemClock;
use crate::ground::Site;

/// Whose the sealed key is.
const OWNER: &str = "licences";

pub async fn show(site: Site, as_json: bool) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let view = licences::show(&room.app, &room.ctx)
            .await
            .map_err(refused)?;
        if as_json {
            println!("{}", as_value(&view));
        } else {
            print!("{}", in_lines(&view));
        }
        Ok(if view.standing.is_demo() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    })
    .await
}

pub async fn install(site: Site, text: String) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let view = licences::install(&room.app, &room.ctx, &text)
            .await
            .map_err(in_words)?;
        print!("{}", in_lines(&view));
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn remove(site: Site) -> Result<ExitCode> {
    Room::within(site, async |room| {
        licences::remove(&room.app, &room.ctx)
            .await
            .map_err(|error| match error {
                Error::NotFound => anyhow!("no licence is installed"),
                other => refused(other),
            })?;
        println!("the licence is removed: this is the default edition again");
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// Reads the file, or the standard input for `-`.
pub fn read(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .context("cannot read the licence from the standard input")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// What those do who give licences; needs no installation.
pub fn give(command: cli::Licence) -> Result<()> {
    match command {
        cli::Licence::Keygen { to, password_file } => keygen(&to, &password_file),
        cli::Licence::Issue(asked) => issue(asked),
        cli::Licence::Revoke { key, id } => {
            let issued = SystemClock.now();
            print!(
                "{}",
                licences::revoke(&signer(&key)?, &Revocation { id, issued })?
            );
            Ok(())
        }
        _ => bail!("this command needs an installation"),
    }
}

fn keygen(to: &Path, password_file: &Path) -> Result<()> {
    ensure!(!to.exists(), "{} exists already", to.display());
    let password = keys::sealing_password(password_file)?;
    let seed = random_secret().context("there is no randomness")?;
    let public = TextSigner::from_seed(&seed)?.checking_key()?;
    let remarks = [
        "The key that signs licences of SOFiE, sealed by a password; `sofie licence issue` takes it.",
        &format!("It is checked by {public}"),
    ];
    let sealing = (
        password.expose_secret().as_bytes(),
        EscrowCost::default(),
        derive as _,
    );
    let text = seal_secrets((OWNER, &remarks), &[&seed], sealing)?;
    keys::write_new(to, &text).with_context(|| format!("cannot write {}", to.display()))?;
    println!("{public}");
    Ok(())
}

fn signer(key: &SigningKey) -> Result<TextSigner> {
    let shown = key.key.display();
    let password: SecretString = password::read(&key.password_file)?;
    let text = fs::read_to_string(&key.key).with_context(|| format!("cannot read {shown}"))?;
    let opened = open_secrets(&text, password.expose_secret().as_bytes(), derive)
        .with_context(|| format!("cannot open {shown}"))?;
    match opened.secrets.as_slice() {
        [seed] if opened.owner == OWNER => Ok(TextSigner::from_seed(seed)?),
        _ => bail!("{shown} is not a key that signs licences"),
    }
}

fn issue(asked: Issue) -> Result<()> {
    let licence = Licence {
        id: asked.id.unwrap_or_else(|| Uuid::now_v7().to_string()),
        holder: asked.holder,
        edition: asked.edition,
        users: asked.users,
        issued: SystemClock.now(),
        expires: end_of(&asked.expires)?,
        hosts: asked.hosts,
        features: Vec::new(),
    };
    licence.check()?;
    print!("{}", licences::issue(&signer(&asked.key)?, &licence)?);
    Ok(())
}

/// The end of a day, in UTC.
fn end_of(day: &str) -> Result<DateTime<Utc>> {
    let day: NaiveDate = day
        .parse()
        .with_context(|| format!("{day:?} is not a day such as 2027-12-31"))?;
    let next = day.checked_add_days(Days::new(1));
    let next = next.context("there is no day after this one")?;
    Ok(next.and_time(NaiveTime::MIN).and_utc())
}

fn as_value(view: &LicenceView) -> serde_json::Value {
    let held = view.held.as_ref();
    let licence = held.and_then(|held| held.licence.as_ref());
    json!({
        "standing": view.standing.as_str(),
        "fault": view.standing.fault().map(sofie_domain::LicenceFault::as_str),
        "until": view.standing.until(),
        "users": view.users,
        "installed_at": held.map(|held| held.installed_at),
        "refreshed_at": held.and_then(|held| held.refreshed_at),
        "licence": licence.map(|l| json!({
            "id": l.id, "holder": l.holder, "edition": l.edition, "users": l.users, "issued": l.issued,
            "expires": l.expires, "hosts": l.hosts, "features": l.features,
        })),
    })
}

fn in_lines(view: &LicenceView) -> String {
    let standing = view.standing;
    let mut lines = vec![match (standing.fault(), standing.until()) {
        (Some(fault), Some(until)) => {
            format!(
                "standing: {} until {until}: {}",
                standing.as_str(),
                fault.as_str()
            )
        }
        (Some(fault), None) => format!("standing: {}: {}", standing.as_str(), fault.as_str()),
        (None, Some(until)) => format!("standing: {}, {until}", standing.as_str()),
        (None, None) => format!("standing: {}", standing.as_str()),
    }];
    let held = view.held.as_ref();
    if let Some(licence) = held.and_then(|held| held.licence.as_ref()) {
        let most = licence.users.map(|most| most.to_string());
        let most = most.unwrap_or_else(|| "any number".to_owned());
        lines.push(format!("id: {}", licence.id));
        lines.push(format!("holder: {}", licence.holder));
        lines.push(format!("edition: {}", licence.edition));
        lines.push(format!("users: {} of {most}", view.users));
        lines.push(format!("expires: {}", licence.expires));
        if !licence.hosts.is_empty() {
            lines.push(format!("hosts: {}", licence.hosts.join(", ")));
        }
    }
    lines.join("\n") + "\n"
}

fn in_words(error: Error) -> anyhow::Error {
    let word = match &error {
        Error::Invalid(fields) => fields.first().map(|field| field.code),
        _ => None,
    };
    match word {
        Some("unknown_key") => anyhow!(
            "the licence is signed by a key that is not known here: licence.public_keys in the configuration has the known ones"
        ),
        Some("wrong_signature") => anyhow!("the licence was changed after it was signed"),
        Some("revoked") => anyhow!("the licence was taken back"),
        Some("other_host") => {
            anyhow!("the licence is for another host than the one in the setting instance.base_url")
        }
        Some("too_many_users") => {
            anyhow!("there are more users than the licence allows: disable some first")
        }
        Some("expired") => anyhow!("the licence has ended"),
        Some(_) => anyhow!("this is not a licence that this release knows, or it is incomplete"),
        None => refused(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_holds_to_the_end_of_its_last_day() {
        assert_eq!(
            end_of("2027-12-31").unwrap().to_rfc3339(),
            "2028-01-01T00:00:00+00:00"
        );
        for bad in ["", "31.12.2027", "2027-02-30", "+262142-12-31"] {
            assert!(end_of(bad).is_err(), "{bad}");
        }
    }
}
