//! The outbox: mails as rows, from the transition that asks for one to the word of the server.

use chrono::{DateTime, Utc};
use sofie_domain::{EmailAddress, MailId, PackageId, RecipientId};
use uuid::Uuid;

use crate::{Cursor, Page, Result, Tx, page, row};

/// A mail to put into the outbox.
#[derive(Debug)]
pub struct NewMail<'a> {
    /// Identifies the mail.
    pub id: MailId,
    /// The kind of mail.
    pub kind: &'a str,
    /// One transition mails one person once: a second mail with the same key is dropped.
    pub dedupe_key: &'a str,
    /// To whom.
    pub to: &'a EmailAddress,
    /// Where answers go.
    pub reply_to: Option<&'a EmailAddress>,
    /// What it is known by at servers.
    pub message_id: &'a str,
    /// Its language.
    pub locale: &'a str,
    /// Subject, text and HTML.
    pub parts: [&'a str; 3],
    /// The package it is about.
    pub package_id: Option<PackageId>,
    /// The recipient it goes to.
    pub recipient_id: Option<RecipientId>,
}

/// A mail without its words.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of NewMail")]
pub struct MailRow {
    pub id: Uuid,
    pub seq: i64,
    pub kind: String,
    pub to_email: String,
    pub reply_to: Option<String>,
    pub message_id: String,
    pub subject_sealed: Vec<u8>,
    pub state: String,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
}

/// A mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Everything but the words.
    pub row: MailRow,
    /// The subject.
    pub subject: String,
    /// The plain text and the HTML; empty in lists.
    pub text: String,
    /// See `text`.
    pub html: String,
}

/// How an attempt to send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// There is no server to send to.
    Held,
    /// It waits.
    Queued,
    /// It is with the server, which has not answered.
    Sending,
    /// The server took it.
    Sent,
    /// It will not be tried again.
    Failed,
}

impl MailState {
    /// Returns the word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// Puts a mail into the outbox; tells whether it is new.
pub async fn insert(tx: &mut Tx, mail: &NewMail<'_>, now: DateTime<Utc>) -> Result<bool> {
    let [subject, text, html] = mail.parts;
    let subject = tx.seal("mails.subject", mail.id, subject)?;
    let text = tx.seal("mails.text", mail.id, text)?;
    let html = tx.seal("mails.html", mail.id, html)?;
    let done = sqlx::query(
        "insert into mails (id, kind, dedupe_key, to_email, reply_to, message_id, locale, subject_sealed,
                            text_sealed, html_sealed, package_id, recipient_id, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'queued', $13)
         on conflict (dedupe_key) do nothing",
    )
    .bind(mail.id.0)
    .bind(mail.kind)
    .bind(mail.dedupe_key)
    .bind(mail.to.as_str())
    .bind(mail.reply_to.map(EmailAddress::as_str))
    .bind(mail.message_id)
    .bind(mail.locale)
    .bind(subject)
    .bind(text)
    .bind(html)
    .bind(mail.package_id.map(|id| id.0))
    .bind(mail.recipient_id.map(|id| id.0))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Tells whether a mail of this key was put into the outbox before.
pub async fn exists(tx: &mut Tx, dedupe_key: &str) -> Result<bool> {
    let exists = "select exists (select from mails where dedupe_key = $1)";
    Ok(sqlx::query_scalar(exists)
        .bind(dedupe_key)
        .fetch_one(tx.conn())
        .await?)
}

/// Reads a mail with its words.
pub async fn find(tx: &mut Tx, id: MailId) -> Result<Option<Mail>> {
    let found: Option<MailRow> = sqlx::query_as(
        "select id, seq, kind, to_email, reply_to, message_id, subject_sealed, state, attempts, created_at,
                sent_at, last_error
           from mails where id = $1",
    )
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = found else { return Ok(None) };
    let (text, html): (Vec<u8>, Vec<u8>) =
        sqlx::query_as("select text_sealed, html_sealed from mails where id = $1")
            .bind(id.0)
            .fetch_one(tx.conn())
            .await?;
    Ok(Some(Mail {
        subject: tx.open("mails.subject", id, &row.subject_sealed)?,
        text: tx.open("mails.text", id, &text)?,
        html: tx.open("mails.html", id, &html)?,
        row,
    }))
}

/// Returns the package that a mail is about.
pub async fn package(tx: &mut Tx, id: MailId) -> Result<Option<PackageId>> {
    let found: Option<Option<Uuid>> =
        sqlx::query_scalar("select package_id from mails where id = $1")
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.flatten().map(PackageId))
}

/// Lists mails with their subjects, newest first.
pub async fn list(tx: &mut Tx, after: Option<Cursor>, limit: usize) -> Result<Page<Mail>> {
    let rows: Vec<MailRow> = sqlx::query_as(
        "select id, seq, kind, to_email, reply_to, message_id, subject_sealed, state, attempts, created_at,
                sent_at, last_error
           from mails
          where $1::bigint is null or seq < $1
          order by seq desc
          limit $2",
    )
    .bind(after.map(|cursor| cursor.0))
    .bind(page::fetch(limit))
    .fetch_all(tx.conn())
    .await?;
    let mut mails = Vec::with_capacity(rows.len());
    for row in rows {
        let subject = tx.open("mails.subject", row.id, &row.subject_sealed)?;
        mails.push(Mail {
            row,
            subject,
            text: String::new(),
            html: String::new(),
        });
    }
    Ok(Page::cut(mails, limit, |mail| mail.row.seq))
}

/// Takes a mail for sending: it must wait, be held or be left over from a killed process. Counts the attempt.
pub async fn take(tx: &mut Tx, id: MailId) -> Result<bool> {
    let done = sqlx::query(
        "update mails set state = 'sending', attempts = attempts + 1
          where id = $1 and state in ('queued', 'held', 'sending')",
    )
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records how an attempt ended.
pub async fn settle(
    tx: &mut Tx,
    id: MailId,
    state: MailState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "update mails
            set state = $2, last_error = $3, sent_at = case when $2 = 'sent' then $4 else sent_at end
          where id = $1 and state <> 'sent'",
    )
    .bind(id.0)
    .bind(state.as_str())
    .bind(error)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a mail up because what it tells is no longer so; [`revive`] brings it back if that is so again.
pub async fn give_up(tx: &mut Tx, id: MailId, why: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "update mails set state = 'failed', last_error = $2, dropped_at = $3
          where id = $1 and state <> 'sent'",
    )
    .bind(id.0)
    .bind(why)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets the mails about a package that were given up wait again; returns them.
pub async fn revive(tx: &mut Tx, package: PackageId) -> Result<Vec<MailId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "update mails set state = 'queued', last_error = null, dropped_at = null
          where package_id = $1 and dropped_at is not null
          returning id",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(MailId).collect())
}

/// Lets the held mails of some kinds wait again; returns them.
pub async fn release_held(tx: &mut Tx, kinds: &[&str]) -> Result<Vec<MailId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "update mails set state = 'queued' where state = 'held' and kind = any($1) returning id",
    )
    .bind(kinds)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(MailId).collect())
}

/// Lets a failed or held mail wait again; tells whether there was one.
pub async fn requeue(tx: &mut Tx, id: MailId) -> Result<bool> {
    let done = sqlx::query(
        "update mails set state = 'queued', dropped_at = null
          where id = $1 and state in ('failed', 'held')",
    )
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts the mails that wait (also for a server) and those that failed.
pub async fn count(tx: &mut Tx) -> Result<(u64, u64)> {
    let (queued, failed): (i64, i64) = sqlx::query_as(
        "select count(*) filter (where state in ('queued', 'sending', 'held')),
                count(*) filter (where state = 'failed')
           from mails where state in ('held', 'queued', 'sending', 'failed')",
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((
        row::convert("mails", "count", queued)?,
        row::convert("mails", "count", failed)?,
    ))
}
