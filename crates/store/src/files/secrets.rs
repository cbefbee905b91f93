//! Where a file's bytes are and how they are locked.

use chrono::{DateTime, Utc};
use sofie_domain::{File, FileId, PackageId, UserId, VisitorId};
use uuid::Uuid;

use super::rows::{self, FileRow};
use crate::{Result, Tx, package_keys::WrappedPackageKey, row::convert};

/// What is needed to write or read a file's bytes, besides the keys of its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// Names the blob.
    pub blob_id: [u8; 16],
    /// Counts re-encryptions.
    pub generation: u64,
    /// The file's key, wrapped by the package's.
    pub key_wrapped: Vec<u8>,
}

/// An upload, with all that a request about it needs to know.
#[derive(Clone, Debug)]
pub struct UploadRow {
    /// The package it belongs to.
    pub package_id: PackageId,
    /// The user who fills the package.
    pub sender_user: Option<UserId>,
    /// The browser that fills the package.
    pub sender_visitor: Option<VisitorId>,
    /// Whether the package still takes bytes.
    pub uploading: bool,
    /// Whether its sender has pressed *send*.
    pub sent: bool,
    /// The announced length.
    pub size: u64,
    /// How much was known to be stored when that was last noted.
    pub received: u64,
    /// Whether all bytes are stored.
    pub complete: bool,
    /// When the upload is given up.
    pub expires_at: DateTime<Utc>,
    /// Where the bytes go.
    pub secrets: Secrets,
    /// The package's key.
    pub package_key: WrappedPackageKey,
}

#[derive(sqlx::FromRow)]
struct SecretsRow {
    id: Uuid,
    blob_id: Vec<u8>,
    generation: i64,
    key_wrapped: Vec<u8>,
    kek_id: String,
    wrapped: Vec<u8>,
}

impl SecretsRow {
    fn split(self) -> Result<(FileId, Secrets, WrappedPackageKey)> {
        let secrets = Secrets {
            blob_id: convert("files", "blob_id", self.blob_id)?,
            generation: convert("files", "generation", self.generation)?,
            key_wrapped: self.key_wrapped,
        };
        let key = WrappedPackageKey {
            kek_id: self.kek_id,
            wrapped: self.wrapped,
        };
        Ok((FileId(self.id), secrets, key))
    }
}

#[derive(sqlx::FromRow)]
struct FileAndSecrets {
    #[sqlx(flatten)]
    file: FileRow,
    blob_id: Vec<u8>,
    generation: i64,
    key_wrapped: Vec<u8>,
    kek_id: Option<String>,
    wrapped: Option<Vec<u8>>,
}

/// Returns a file of a package and how to open it, in one query; without the latter once its key is destroyed.
pub async fn with_secrets(
    tx: &mut Tx,
    package: PackageId,
    file: FileId,
) -> Result<Option<(File, Option<(Secrets, WrappedPackageKey)>)>> {
    let row: Option<FileAndSecrets> = sqlx::query_as(concat!(
        "select ",
        rows::columns!(),
        ", f.blob_id, f.generation, f.key_wrapped, k.kek_id, k.wrapped
           from files f left join package_keys k on k.package_id = f.package_id
          where f.id = $1 and f.package_id = $2"
    ))
    .bind(file.0)
    .bind(package.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let found = row.file.into_file(tx)?;
    let (Some(kek_id), Some(wrapped)) = (row.kek_id, row.wrapped) else {
        return Ok(Some((found, None)));
    };
    let columns = SecretsRow {
        id: file.0,
        blob_id: row.blob_id,
        generation: row.generation,
        key_wrapped: row.key_wrapped,
        kek_id,
        wrapped,
    };
    let (_, secrets, key) = columns.split()?;
    Ok(Some((found, Some((secrets, key)))))
}

/// Returns how to open every file of a package.
pub async fn secrets_of_package(
    tx: &mut Tx,
    package: PackageId,
) -> Result<Vec<(FileId, Secrets, WrappedPackageKey)>> {
    let rows: Vec<SecretsRow> = sqlx::query_as(
        "select f.id, f.blob_id, f.generation, f.key_wrapped, k.kek_id, k.wrapped
           from files f join package_keys k on k.package_id = f.package_id
          where f.package_id = $1 order by f.ordinal",
    )
    .bind(package.0)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(SecretsRow::split).collect()
}

#[derive(sqlx::FromRow)]
struct UploadColumns {
    package_id: Uuid,
    sender_user_id: Option<Uuid>,
    sender_visitor_id: Option<Uuid>,
    uploading: bool,
    sent: bool,
    size: i64,
    received: i64,
    complete: bool,
    upload_expires_at: DateTime<Utc>,
    #[sqlx(flatten)]
    secrets: SecretsRow,
}

/// Returns an upload, finished or not.
pub async fn upload(tx: &mut Tx, file: FileId) -> Result<Option<UploadRow>> {
    let row: Option<UploadColumns> = sqlx::query_as(
        "select f.id, f.blob_id, f.generation, f.key_wrapped, k.kek_id, k.wrapped, f.package_id,
                p.sender_user_id, p.sender_visitor_id, p.life = 'uploading' as uploading,
                p.send_requested_at is not null as sent, f.size, f.received, f.completed_at is not null as complete,
                f.upload_expires_at
           from files f
           join packages p on p.id = f.package_id
           join package_keys k on k.package_id = f.package_id
          where f.id = $1",
    )
    .bind(file.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (_, secrets, package_key) = row.secrets.split()?;
    Ok(Some(UploadRow {
        package_id: PackageId(row.package_id),
        sender_user: row.sender_user_id.map(UserId),
        sender_visitor: row.sender_visitor_id.map(VisitorId),
        uploading: row.uploading,
        sent: row.sent,
        size: convert("files", "size", row.size)?,
        received: convert("files", "received", row.received)?,
        complete: row.complete,
        expires_at: row.upload_expires_at,
        secrets,
        package_key,
    }))
}
