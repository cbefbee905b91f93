//! `sofie outbox`: the mails that were made, the oldest first.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sofie_app::outbox;
use sofie_domain::MailId;

use super::room::{Room, refused};
use crate::ground::Site;

const PAGE: usize = 100;

/// A mail as scripts read it.
#[derive(Debug, Serialize)]
struct Mail {
    to: String,
    subject: String,
    text: String,
    html: String,
    state: String,
    created_at: DateTime<Utc>,
}

pub async fn run(site: Site, json: bool) -> Result<ExitCode> {
    let mails = Room::within(site, all).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&mails)?);
        return Ok(ExitCode::SUCCESS);
    }
    for mail in mails {
        let at = mail.created_at.format("%F %T");
        println!(
            "--- {at} UTC, {}\nTo: {}\nSubject: {}\n\n{}\n",
            mail.state,
            mail.to,
            mail.subject,
            mail.text.trim_end()
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn all(room: Room) -> Result<Vec<Mail>> {
    let mut mails = Vec::new();
    let mut after = None;
    loop {
        let page = outbox::list(&room.app, &room.ctx, after, PAGE)
            .await
            .map_err(refused)?;
        for listed in page.items {
            // A list has no texts.
            let mail = outbox::get(&room.app, &room.ctx, MailId(listed.row.id))
                .await
                .map_err(refused)?
                .mail;
            mails.push(Mail {
                to: mail.row.to_email,
                subject: mail.subject,
                text: mail.text,
                html: mail.html,
                state: mail.row.state,
                created_at: mail.row.created_at,
            });
        }
        after = page.next;
        if after.is_none() {
            mails.reverse();
            return Ok(mails);
        }
    }
}
