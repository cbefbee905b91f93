//! `sofie config firewall`: the table of what a firewall must let through.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;
use sofie_store::engines;

use super::room::Room;
use crate::config::StorageKind;
use crate::firewall::{self, Endpoint, Known, Learned, Rule, Way};
use crate::ground::Site;

pub async fn run(site: Site, as_json: bool) -> Result<ExitCode> {
    let mut known = configured(&site)?;
    match learn(&site).await {
        Ok(learned) => known.settings = learned,
        Err(error) => eprintln!("the settings can't be read, so their part is missing: {error:#}"),
    }
    if known.settings.is_none() {
        eprintln!("Mail, engines and the licence server are settings, which are not known yet.");
    }
    let rules = firewall::table(&known);
    if as_json {
        println!("{}", serde_json::to_string(&rules)?);
    } else {
        print!("{}", in_columns(&rules));
    }
    Ok(ExitCode::SUCCESS)
}

fn configured(site: &Site) -> Result<Known> {
    let config = &site.config;
    let socket = |address: &std::net::SocketAddr| Endpoint::parse(&address.to_string());
    let database = match config.database.server()? {
        Some(connect) => connect.endpoint()?,
        None => None,
    };
    let brokers = config.kafka.options()?.map(|kafka| kafka.brokers);
    let brokers = brokers.unwrap_or_default();
    let store = (config.storage.kind == StorageKind::S3)
        .then_some(config.storage.endpoint.as_deref())
        .flatten();
    Ok(Known {
        listen: socket(&config.http.listen),
        proxies: config.http.trusted_ranges(),
        metrics: config.metrics.listen.as_ref().and_then(socket),
        database: database.map(|(host, port)| Endpoint { host, port }),
        brokers: brokers.split(',').filter_map(Endpoint::parse).collect(),
        store: store.and_then(Endpoint::parse),
        seals: config
            .keys
            .services()
            .iter()
            .filter_map(|text| Endpoint::parse(text))
            .collect(),
        settings: None,
    })
}

/// Asks the database, if there is one already: looking makes no installation.
async fn learn(site: &Site) -> Result<Option<Learned>> {
    let private = site.cluster_options().is_some();
    if private && !site.dir.join("postgres").is_dir() {
        return Ok(None);
    }
    Room::within(site.clone(), async |room| {
        let settings = room.app.settings().await?;
        let host = settings.text("mail.smtp_host");
        let port = u16::try_from(settings.integer("mail.smtp_port"))?;
        let mut tx = room.app.db().read().await?;
        let enabled = engines::list(&mut tx).await?.into_iter();
        let enabled = enabled.filter(|engine| engine.enabled);
        Ok(Some(Learned {
            base_url: settings.text("instance.base_url"),
            smtp: (!host.is_empty()).then_some(Endpoint { host, port }),
            refresh_url: settings.text("licence.refresh_url"),
            engines: enabled
                .map(|engine| (engine.name, addresses(engine.config.get("addresses"))))
                .collect(),
        }))
    })
    .await
}

fn addresses(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    let list = list.into_iter().flatten().filter_map(Value::as_str);
    list.map(str::to_owned).collect()
}

fn in_columns(rules: &[Rule]) -> String {
    let head = ["way", "from", "to", "port", "for", "source"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(rules.iter().map(|rule| {
        let way = match rule.way {
            Way::In => "in",
            Way::Out => "out",
            Way::Local => "local",
        };
        [
            way.to_owned(),
            rule.from.clone(),
            rule.to.clone(),
            format!("{}/{}", rule.port, rule.protocol),
            rule.purpose.clone(),
            rule.source.to_owned(),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..6).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}
