//! pax extended header records: `length key=value\n`.

/// The records that change what the next entry is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    pub path: Option<String>,
    pub target: Option<String>,
    pub size: Option<u64>,
    /// A sparse file in one of GNU's encodings: its bytes are not its content.
    pub sparse: bool,
}

/// Reads all records; none when the block is not well formed.
pub fn parse(mut block: &[u8]) -> Option<Records> {
    let mut records = Records::default();
    while !block.is_empty() {
        let blank = block.iter().take(20).position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&block[..blank]).ok()?.parse().ok()?;
        let record = block.get(blank + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => records.path = Some(String::from_utf8_lossy(value).into_owned()),
            b"linkpath" => records.target = Some(String::from_utf8_lossy(value).into_owned()),
            b"size" => records.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
            key if key.starts_with(b"GNU.sparse.") => records.sparse = true,
            _ => {}
        }
        block = &block[length..];
    }
    Some(records)
}
