mod aws_kms;
mod pkcs11;
mod server;
mod sigv4;
mod vault_transit;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::*;
use crate::{Kek, KekError, KekFiles, KekSource, crypto::random};

/// The key of a simulated service.
struct Secret(LessSafeKey);

impl Secret {
    fn new() -> Self {
        let bytes: [u8; 32] = random().unwrap();
        Self(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, &bytes).unwrap(),
        ))
    }

    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; 12] = random().unwrap();
        let mut bytes = plain.to_vec();
        let aad = Aad::from(context.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .unwrap();
        [&nonce[..], &bytes].concat()
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
        let mut bytes = sealed.to_vec();
        let aad = Aad::from(context.as_bytes());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(self.0.open_in_place(nonce, aad, &mut bytes).ok()?.to_vec())
    }
}

/// What every seal must do.
fn keeps_its_word(seal: &dyn Seal) {
    let sealed = seal.seal("one", b"a key of 32 bytes").unwrap();
    assert!(sealed.bytes().all(|b| b.is_ascii_graphic()));
    assert!(!sealed.contains("a key"));
    assert_ne!(seal.seal("one", b"a key of 32 bytes").unwrap(), sealed);
    assert_eq!(&*seal.open("one", &sealed).unwrap(), b"a key of 32 bytes");
    let other = seal.open("two", &sealed).unwrap_err();
    assert!(matches!(other, SealError::Refused { .. }), "{other:?}");
    let mut broken = sealed.into_bytes();
    let at = broken.len() - 6;
    broken[at] = if broken[at] == b'0' { b'1' } else { b'0' };
    let broken = String::from_utf8(broken).unwrap();
    let broken = seal.open("one", &broken).unwrap_err();
    assert!(matches!(broken, SealError::Refused { .. }), "{broken:?}");
}

/// A place whose new keys are sealed by this.
fn place(folder: &std::path::Path, seal: &Arc<dyn Seal>) -> KekFiles {
    let files = KekFiles::new(folder.join("kek")).opened_by(vec![Arc::clone(seal)]);
    files.sealed_by(Some(seal.kind())).unwrap()
}

/// What a place of keys does with a seal, from its first key on. Returns what another process must still find.
fn keeps_keys(folder: &std::path::Path, seal: &Arc<dyn Seal>) -> Kek {
    let files = place(folder, seal);
    assert!(files.load().unwrap().is_empty());
    let kek = Kek::generate().unwrap();
    let kept = files.store(&kek).unwrap();
    assert_eq!(kept.seal.as_deref(), Some(seal.kind()));
    assert!(!files.first().exists(), "no key lies open");
    let text = std::fs::read_to_string(&kept.place).unwrap();
    assert!(text.contains(kek.id().as_str()));
    assert!(!text.contains(&hex::encode(kek.key())));
    assert_eq!(files.store(&kek).unwrap().place, kept.place, "once");
    let again = place(folder, seal).load().unwrap();
    assert_eq!(again.found.len(), 1);
    assert_eq!(again.found[0].kek.key(), kek.key());
    kek
}

#[test]
fn a_key_that_is_there_open_is_not_asked_for() {
    let temp = tempfile::tempdir().unwrap();
    let open = KekFiles::new(temp.path().join("kek"));
    let kek = Kek::generate().unwrap();
    open.store(&kek).unwrap();
    assert!(matches!(
        open.sealed_by(Some("vault")).unwrap_err(),
        SealError::Unknown(kind) if kind == "vault"
    ));
}

#[test]
fn another_key_than_the_file_names_is_refused() {
    #[derive(Debug)]
    struct Liar;
    impl Seal for Liar {
        fn kind(&self) -> &'static str {
            "liar"
        }
        fn seal(&self, _: &str, _: &[u8]) -> Result<String, SealError> {
            Ok("nothing".to_owned())
        }
        fn open(&self, _: &str, _: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
            Ok(Zeroizing::new(vec![7; 32]))
        }
        fn examine(&self) -> Result<SealView, SealError> {
            Ok(SealView::default())
        }
    }
    let temp = tempfile::tempdir().unwrap();
    let liar: Arc<dyn Seal> = Arc::new(Liar);
    let files = place(temp.path(), &liar);
    let error = files.store(&Kek::generate().unwrap()).unwrap_err();
    assert!(
        matches!(&error.source, KekError::Seal(SealError::Options(said)) if said.contains("another key")),
        "{error:?}"
    );
    assert!(files.load().unwrap().is_empty(), "nothing was written");
}
