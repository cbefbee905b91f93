//! What the blob store must hold, in the order of the blobs' names.

use sofie_domain::{FileId, PackageId};
use uuid::Uuid;

use crate::{Result, Tx, files::Secrets, package_keys::WrappedPackageKey, row::convert};

/// A file, and how to open it.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// The file.
    pub id: FileId,
    /// Its package.
    pub package: PackageId,
    /// Its plain length.
    pub size: u64,
    /// The SHA-256 of its plain bytes, once it is complete.
    pub sha256: Option<[u8; 32]>,
    /// Whether all bytes came.
    pub complete: bool,
    /// Where the bytes are.
    pub secrets: Secrets,
    /// The key of its package.
    pub key: WrappedPackageKey,
}

/// What the database knows about a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// A file whose package has its key needs it.
    pub needed: bool,
    /// It is about to be unlinked.
    pub doomed: bool,
}

type Row = (
    Uuid,
    Uuid,
    i64,
    Option<Vec<u8>>,
    bool,
    Vec<u8>,
    i64,
    Vec<u8>,
    String,
    Vec<u8>,
);

/// Returns the files whose blobs begin with a byte and come after a blob, in order; a package whose key is
/// destroyed has none.
pub async fn files(
    tx: &mut Tx,
    shard: u8,
    after: Option<[u8; 16]>,
    limit: i64,
) -> Result<Vec<StoredFile>> {
    let first = after.map_or_else(|| vec![shard], |blob| blob.to_vec());
    let last: Vec<u8> = std::iter::once(shard).chain([u8::MAX; 16]).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select f.id, f.package_id, f.size, f.sha256, f.completed_at is not null, f.blob_id, f.generation,
                f.key_wrapped, k.kek_id, k.wrapped
           from files f join package_keys k on k.package_id = f.package_id
          where f.blob_id > $1 and f.blob_id < $2
          order by f.blob_id limit $3",
    )
    .bind(first)
    .bind(last)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(file).collect()
}

fn file(row: Row) -> Result<StoredFile> {
    let (id, package, size, sha256, complete, blob, generation, key_wrapped, kek_id, wrapped) = row;
    let sha256 = sha256.map(|sha256| convert("files", "sha256", sha256));
    Ok(StoredFile {
        id: FileId(id),
        package: PackageId(package),
        size: convert("files", "size", size)?,
        sha256: sha256.transpose()?,
        complete,
        secrets: Secrets {
            blob_id: convert("files", "blob_id", blob)?,
            generation: convert("files", "generation", generation)?,
            key_wrapped,
        },
        key: WrappedPackageKey { kek_id, wrapped },
    })
}

/// Says of each blob what the database knows about it now, in the same order.
pub async fn standing(tx: &mut Tx, blobs: &[[u8; 16]]) -> Result<Vec<Standing>> {
    let ids: Vec<Vec<u8>> = blobs.iter().map(|id| id.to_vec()).collect();
    let rows: Vec<(bool, bool)> = sqlx::query_as(
        "select exists (select from files f join package_keys k using (package_id) where f.blob_id = o.id),
                exists (select from doomed_blobs d where d.blob_id = o.id)
           from unnest($1::bytea[]) with ordinality as o (id, place)
          order by o.place",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let standing = |(needed, doomed)| Standing { needed, doomed };
    Ok(rows.into_iter().map(standing).collect())
}
