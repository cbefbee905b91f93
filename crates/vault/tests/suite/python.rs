//! An implementation of the format in another language, with another library, agrees with ours, both ways.
//!
//! Needs a python3 with `cryptography`: that of the project's tools, or the one on the path.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::{PART, data, local, path, read_all, spec};
use sofie_vault::{BlobSpec, Context, FileKey, PackageKey, WrappedKey};

const LENGTHS: [usize; 14] = [
    0,
    1,
    16_383,
    16_384,
    16_385,
    PART - 1,
    PART,
    PART + 1,
    2 * PART,
    3 * PART + 7,
    5 * PART - 1,
    100,
    40_000,
    70_000,
];

/// The python3 that `scripts/install.sh` made, or any.
fn python() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/python/bin/python3");
    if tools.exists() {
        tools
    } else {
        "python3".into()
    }
}

#[tokio::test]
async fn another_implementation_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let vault = local(dir.path());
    let mut index = String::new();
    for (n, len) in LENGTHS.into_iter().enumerate() {
        let spec = BlobSpec {
            generation: n as u64,
            ..spec(n as u8)
        };
        let file = data(len);
        if n % 2 == 0 {
            vault.create(&spec).await.unwrap();
            let mut writer = vault.appender(&spec, 0).await.unwrap();
            writer.write(file.clone()).await.unwrap();
            writer.commit(len as u64).await.unwrap();
        } else {
            vault.put(&spec, file.clone()).await.unwrap();
        }
        fs::write(dir.path().join(format!("{n}.plain")), &file).unwrap();
        writeln!(index, "{n} {}", path(dir.path(), &spec, "").display()).unwrap();
    }
    fs::write(dir.path().join("index"), index).unwrap();
    let wrapped = wrapped_file_key(dir.path());
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let status = Command::new(python())
        .arg("-B")
        .arg(suite.join("exchange.py"))
        .arg(dir.path())
        .status()
        .expect("python3 runs");
    assert!(
        status.success(),
        "it does not agree, or lacks `cryptography`"
    );
    for (n, len) in LENGTHS.into_iter().enumerate() {
        let spec = BlobSpec {
            generation: n as u64,
            ..spec(n as u8)
        };
        assert_eq!(
            read_all(&vault, &spec).await.unwrap(),
            data(len),
            "blob {n}"
        );
    }
    let theirs = WrappedKey::from_bytes(&fs::read(dir.path().join("wrapped")).unwrap()).unwrap();
    assert_ne!(theirs, wrapped);
    let package = PackageKey::from_bytes([9; 32]);
    package
        .unwrap_file_key(&theirs, b"package-1", b"file-1", 3)
        .unwrap();
}

fn wrapped_file_key(dir: &Path) -> WrappedKey {
    let package = PackageKey::from_bytes([9; 32]);
    let key = FileKey::from_bytes([8; 32]);
    let wrapped = package
        .wrap_file_key(&key, b"package-1", b"file-1", 3)
        .unwrap();
    fs::write(dir.join("wrapped"), wrapped.to_bytes()).unwrap();
    assert_eq!(
        Context::new("tenant-0", "package-1", "file-1"),
        spec(0).context
    );
    wrapped
}
