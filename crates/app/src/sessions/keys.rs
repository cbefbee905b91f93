//! The keys that sign session cookies: how each process knows them, and how they change (ASVS 5.0 V9.1, V11.2).

use std::{fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sofie_domain::{Event, InstanceId};
use sofie_identity::{BadSession, Session, SessionCookies, SigningKey, SigningKeys};
use sofie_store::{Tx, instance};
use tokio::sync::RwLock;

use crate::{App, Context, Error, Result, audit};

/// How long a change of keys made by another process may stay unseen.
const REFRESH: TimeDelta = TimeDelta::seconds(60);
/// How soon after that a cookie under an unknown key is a reason to look again.
const UNKNOWN: TimeDelta = TimeDelta::seconds(1);
/// The longest that the settings let a session live; a key verifies this long after another one signs.
const LONGEST_SESSION: TimeDelta = TimeDelta::hours(168);
/// For processes that still sign with the key before, and clocks that differ.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// The keys as this process knows them.
pub struct CookieKeys {
    instance: InstanceId,
    known: RwLock<Known>,
}

struct Known {
    cookies: Arc<SessionCookies>,
    read_at: DateTime<Utc>,
}

impl fmt::Debug for CookieKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKeys")
    }
}

impl CookieKeys {
    /// Reads the keys of an installation; the first call makes one.
    pub(crate) async fn open(
        tx: &mut Tx,
        instance: InstanceId,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        add(tx, None, now).await?;
        let cookies = Arc::new(read(tx, instance).await?);
        let known = RwLock::new(Known {
            cookies,
            read_at: now,
        });
        Ok(Self { instance, known })
    }

    /// Returns what signs and verifies; asks the database when it did not for `age`.
    async fn get(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
        age: TimeDelta,
    ) -> Result<Arc<SessionCookies>> {
        let known = self.known.read().await;
        if (now - known.read_at).abs() < age {
            return Ok(Arc::clone(&known.cookies));
        }
        drop(known);
        let cookies = Arc::new(read(tx, self.instance).await?);
        *self.known.write().await = Known {
            cookies: Arc::clone(&cookies),
            read_at: now,
        };
        Ok(cookies)
    }

    /// Signs a session.
    pub(super) async fn sign(
        &self,
        tx: &mut Tx,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<String> {
        Ok(self.get(tx, now, REFRESH).await?.sign(session))
    }

    /// Reads a cookie's value. One under a key that another process has just made makes this one look for it.
    pub(super) async fn verify(
        &self,
        tx: &mut Tx,
        cookie: &str,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<Session, BadSession>> {
        let verdict = self.get(tx, now, REFRESH).await?.verify(cookie, now);
        if verdict.as_ref().err() != Some(&BadSession::Header) {
            return Ok(verdict);
        }
        Ok(self.get(tx, now, UNKNOWN).await?.verify(cookie, now))
    }
}

async fn read(tx: &mut Tx, instance: InstanceId) -> Result<SessionCookies> {
    let mut keys = instance::signing_keys(tx).await?.into_iter().map(|row| {
        let mut secret = [0; 32];
        hex::decode_to_slice(&row.secret, &mut secret).map_err(Error::internal)?;
        Ok::<_, Error>(SigningKey::new(row.kid, secret))
    });
    let current = keys
        .next()
        .ok_or_else(|| Error::internal("there is no signing key"))??;
    let previous = keys.collect::<Result<_>>()?;
    let keys = SigningKeys { current, previous };
    Ok(SessionCookies::new(keys, "sofie", instance.to_string()))
}

async fn add(
    tx: &mut Tx,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let key = SigningKey::generate();
    let row = instance::SigningKeyRow {
        kid: key.id().to_owned(),
        secret: hex::encode(key.expose()),
    };
    let added = instance::add_signing_key(tx, &row, since, now).await?;
    Ok(added.then_some(row.kid))
}

/// Makes a new key when the present one is old enough, and forgets those whose sessions are over.
pub(crate) async fn rotate(app: &App, ctx: &Context) -> Result<()> {
    let days = app.settings().await?.integer("sessions.key_days");
    let since = ctx.now - TimeDelta::days(days);
    let mut tx = app.db().begin().await?;
    if let Some(kid) = add(&mut tx, Some(since), ctx.now).await? {
        let object = Some(("signing_key", kid));
        audit::record(&mut tx, ctx, Event::SigningKeyCreated, object, json!({})).await?;
    }
    instance::forget_signing_keys(&mut tx, ctx.now - LONGEST_SESSION - MARGIN).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use sofie_domain::{SettingKind, registry};

    use super::LONGEST_SESSION;

    #[test]
    fn keys_outlive_every_session_that_settings_allow() {
        for setting in registry() {
            if let (
                "sessions.user_hours" | "sessions.administrator_hours",
                SettingKind::Integer { max, .. },
            ) = (setting.key, &setting.kind)
            {
                assert!(*max <= LONGEST_SESSION.num_hours(), "{}", setting.key);
            }
        }
    }
}
