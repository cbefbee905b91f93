//! The file: a line that says what it is, then frames of a kind, a length and that many bytes.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{Contents, TransferError};

const MAGIC: &[u8] = b"SOFiE database 1\n";
/// Rows are cut into frames of this size, wherever that is.
const FRAME: usize = 1 << 16;
/// No frame is larger.
const LARGEST: usize = 1 << 20;

/// What is in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Header = b'H',
    Table = b'T',
    Rows = b'R',
    Contents = b'C',
    Counters = b'N',
    End = b'E',
}

/// What both sides must have in common.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub migrations: Vec<(i64, String)>,
}

/// A table whose rows follow.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableHeader {
    pub name: String,
    pub columns: Vec<String>,
}

/// How far the counter of a column has come.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow)]
#[serde(deny_unknown_fields)]
pub(super) struct Counter {
    pub table_name: String,
    pub column_name: String,
    pub last: Option<i64>,
}

/// What follows in the file.
#[derive(Debug)]
pub(super) enum Part {
    Table(TableHeader),
    Rows(Vec<u8>),
    Contents(Contents),
    Counters(Vec<Counter>),
    End,
}

pub(super) struct Writer<W> {
    out: W,
    digest: Context,
    rows: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub async fn begin(out: W, header: &Header) -> Result<Self, TransferError> {
        let (digest, rows) = (Context::new(&SHA256), Vec::with_capacity(FRAME));
        let mut writer = Self { out, digest, rows };
        writer.bytes(MAGIC).await?;
        writer.json(Kind::Header, header).await?;
        Ok(writer)
    }

    pub async fn table(&mut self, table: &TableHeader) -> Result<(), TransferError> {
        self.json(Kind::Table, table).await
    }

    pub async fn rows(&mut self, mut bytes: &[u8]) -> Result<(), TransferError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(FRAME - self.rows.len()));
            self.rows.extend_from_slice(now);
            bytes = later;
            if self.rows.len() == FRAME {
                self.flush_rows().await?;
            }
        }
        Ok(())
    }

    async fn flush_rows(&mut self) -> Result<(), TransferError> {
        if !self.rows.is_empty() {
            let rows = std::mem::take(&mut self.rows);
            self.frame(Kind::Rows, &rows).await?;
            self.rows = rows;
            self.rows.clear();
        }
        Ok(())
    }

    pub async fn contents(&mut self, contents: &Contents) -> Result<(), TransferError> {
        self.flush_rows().await?;
        self.json(Kind::Contents, contents).await
    }

    pub async fn counters(&mut self, counters: &[Counter]) -> Result<(), TransferError> {
        self.json(Kind::Counters, counters).await
    }

    /// Writes the digest of all before it.
    pub async fn end(mut self) -> Result<(), TransferError> {
        let digest = self.digest.clone().finish();
        self.frame(Kind::End, digest.as_ref()).await?;
        self.out.flush().await?;
        Ok(())
    }

    async fn json<T: Serialize + ?Sized>(
        &mut self,
        kind: Kind,
        value: &T,
    ) -> Result<(), TransferError> {
        let text = serde_json::to_vec(value).map_err(std::io::Error::other)?;
        self.frame(kind, &text).await
    }

    async fn frame(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), TransferError> {
        let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
        self.bytes(&[kind as u8]).await?;
        self.bytes(&length.to_be_bytes()).await?;
        self.bytes(bytes).await
    }

    async fn bytes(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.digest.update(bytes);
        Ok(self.out.write_all(bytes).await?)
    }
}

pub(super) struct Reader<R> {
    input: R,
    digest: Context,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub async fn begin(input: R) -> Result<(Self, Header), TransferError> {
        let digest = Context::new(&SHA256);
        let mut reader = Self { input, digest };
        if reader.bytes(MAGIC.len()).await? != MAGIC {
            return Err(TransferError::Damaged("it does not begin like one"));
        }
        let (kind, bytes) = reader.frame().await?;
        if kind != Kind::Header as u8 {
            return Err(TransferError::Damaged("its header is missing"));
        }
        Ok((reader, json(&bytes)?))
    }

    pub async fn next(&mut self) -> Result<Part, TransferError> {
        let so_far = self.digest.clone();
        let (kind, bytes) = self.frame().await?;
        Ok(match kind {
            k if k == Kind::Table as u8 => Part::Table(json(&bytes)?),
            k if k == Kind::Rows as u8 => Part::Rows(bytes),
            k if k == Kind::Contents as u8 => Part::Contents(json(&bytes)?),
            k if k == Kind::Counters as u8 => Part::Counters(json(&bytes)?),
            k if k == Kind::End as u8 && so_far.finish().as_ref() == bytes => Part::End,
            k if k == Kind::End as u8 => {
                return Err(TransferError::Damaged("it was changed"));
            }
            _ => return Err(TransferError::Damaged("a part of it is of no known kind")),
        })
    }

    async fn frame(&mut self) -> Result<(u8, Vec<u8>), TransferError> {
        let head = self.bytes(5).await?;
        let length = head[1..]
            .iter()
            .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
        if length > LARGEST {
            return Err(TransferError::Damaged("a part of it is too long"));
        }
        Ok((head[0], self.bytes(length).await?))
    }

    async fn bytes(&mut self, length: usize) -> Result<Vec<u8>, TransferError> {
        let mut bytes = vec![0; length];
        self.input
            .read_exact(&mut bytes)
            .await
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => TransferError::Damaged("its end is missing"),
                _ => error.into(),
            })?;
        self.digest.update(&bytes);
        Ok(bytes)
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, TransferError> {
    serde_json::from_slice(bytes).map_err(|_| TransferError::Damaged("a part of it can't be read"))
}
