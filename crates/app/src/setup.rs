//! The beginning of an installation.

use sofie_domain::InstanceId;
use sofie_identity::{SessionCookies, SigningKey, SigningKeys};
use sofie_store::{Database, Tx, instance};

use crate::{Error, Result};

/// What of the database is needed before there is an [`crate::App`].
#[derive(Debug)]
pub struct Installation {
    /// Identifies the installation.
    pub id: InstanceId,
    /// Writes and reads session cookies.
    pub cookies: SessionCookies,
}

/// Reads the installation's id and keys from a migrated database; the first call makes them.
///
/// Fails when the column cipher is not the one that the database began with.
pub async fn open(db: &Database, now: chrono::DateTime<chrono::Utc>) -> Result<Installation> {
    let mut tx = db.begin().await?;
    let id = instance::find_or_create(&mut tx, InstanceId::fresh(), now).await?;
    let keys = signing_keys(&mut tx, now).await?;
    tx.commit().await?;
    let cookies = SessionCookies::new(keys, "sofie", id.to_string());
    Ok(Installation { id, cookies })
}

async fn signing_keys(tx: &mut Tx, now: chrono::DateTime<chrono::Utc>) -> Result<SigningKeys> {
    let fresh = SigningKey::generate();
    let row = instance::SigningKeyRow {
        kid: fresh.id().to_owned(),
        secret: hex::encode(fresh.expose()),
    };
    instance::insert_first_signing_key(tx, &row, now).await?;
    let mut keys = instance::signing_keys(tx).await?.into_iter().map(|row| {
        let mut secret = [0; 32];
        hex::decode_to_slice(&row.secret, &mut secret).map_err(Error::internal)?;
        Ok::<_, Error>(SigningKey::new(row.kid, secret))
    });
    let current = keys
        .next()
        .ok_or_else(|| Error::internal("there is no signing key"))??;
    let previous = keys.next().transpose()?;
    Ok(SigningKeys { current, previous })
}
