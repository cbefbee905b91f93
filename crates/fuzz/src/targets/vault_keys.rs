//! Wrapped keys, sealed columns and the key file: a changed one opens nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;

use sofie_vault::{ColumnKey, FieldCipher, FileKek, FileKey, Kek, PackageKey, WrappedKey};
use tempfile::TempDir;

use crate::input::{Input, Script};

struct Keys {
    kek: Kek,
    package: PackageKey,
    cipher: FieldCipher,
    wrapped_package: Vec<u8>,
    wrapped_file: Vec<u8>,
    wrapped_by_password: Vec<u8>,
    sealed: Vec<u8>,
    key_file: Vec<u8>,
    folder: TempDir,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for a key file");
    let path = folder.path().join("kek");
    let kek = FileKek::create_new(&path).expect("a key file is made");
    let package = PackageKey::generate().expect("the system has randomness");
    let file = FileKey::generate().expect("the system has randomness");
    let columns = ColumnKey::generate().expect("the system has randomness");
    let cipher = columns.cipher().expect("a cipher is derived");
    let wrapped = |key: Result<WrappedKey, _>| {
        key.map(|key| key.to_bytes())
            .map_err(|_: sofie_vault::Error| ())
    };
    Keys {
        wrapped_package: wrapped(kek.wrap_package_key(&package, b"p")).expect("a key is wrapped"),
        wrapped_file: wrapped(package.wrap_file_key(&file, b"p", b"f", 1))
            .expect("a key is wrapped"),
        wrapped_by_password: wrapped(package.wrap_with_password(&[7; 32], b"p"))
            .expect("a key is wrapped"),
        sealed: cipher.seal(b"row", b"a title").expect("a text is sealed"),
        key_file: fs::read(&path).expect("the key file is there"),
        kek,
        package,
        cipher,
        folder,
    }
});

fn load(path: &Path, text: &[u8]) -> Option<Kek> {
    // Made anew, because a key file is not writable.
    let _ = fs::remove_file(path);
    fs::write(path, text).expect("the folder is ours");
    fs::set_permissions(path, fs::Permissions::from_mode(0o400)).expect("the file is ours");
    FileKek::load(path).ok()
}

pub(crate) fn run(data: &[u8]) {
    let keys = &*KEYS;
    let mut input = Input::new(data);
    let kind = input.byte() % 5;
    let original = match kind {
        0 => &keys.wrapped_package,
        1 => &keys.wrapped_file,
        2 => &keys.wrapped_by_password,
        3 => &keys.sealed,
        _ => &keys.key_file,
    };
    let mut bytes = original.clone();
    input.damage(&mut bytes, &keys.sealed);
    let wrapped = WrappedKey::from_bytes(&bytes);
    let opened = match kind {
        0 => wrapped
            .and_then(|key| keys.kek.unwrap_package_key(&key, b"p"))
            .is_ok(),
        1 => wrapped
            .and_then(|key| keys.package.unwrap_file_key(&key, b"p", b"f", 1))
            .is_ok(),
        2 => wrapped
            .and_then(|key| PackageKey::unwrap_with_password(&key, &[7; 32], b"p"))
            .is_ok(),
        3 => keys.cipher.open(b"row", &bytes).is_ok(),
        _ => {
            // Comments and spaces may change, the key may not.
            let loaded = load(&keys.folder.path().join("changed"), &bytes);
            if let Some(kek) = &loaded {
                assert_eq!(kek.id(), keys.kek.id(), "another key was loaded");
            }
            assert!(
                loaded.is_some() || bytes != *original,
                "the key file itself was refused"
            );
            return;
        }
    };
    assert_eq!(
        opened,
        bytes == *original,
        "a changed key or column was opened"
    );
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for kind in 0..5 {
        seeds.push(vec![kind]);
        for act in 0..6 {
            let script = Script::default().byte(kind).byte(act).below(30).below(2);
            seeds.push(script.rest(b"\x01x"));
        }
    }
    seeds
}
