//! A real token: SoftHSM. Where it is not installed the test says so and does nothing.

use std::path::Path;

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::Mechanism,
    object::Attribute,
    session::UserType,
    types::AuthPin,
};

use super::*;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Where a library reads the environment, it is this process's, and every test's: so there is one test.
#[test]
fn a_token_seals_opens_and_keeps_keys() {
    let temp = tempfile::tempdir().unwrap();
    let options = Pkcs11Options {
        module: MODULE.into(),
        token: "sofie test".to_owned(),
        key: "kek".to_owned(),
        pin_file: temp.path().join("pin"),
    };
    let seal = SealOptions::Pkcs11(options.clone()).open().unwrap();
    let error = seal.seal("one", b"plain").unwrap_err();
    assert!(error.to_string().contains("pin"), "{error}");
    std::fs::write(&options.pin_file, "4321\n").unwrap();
    let nowhere = Pkcs11Options {
        module: "/nowhere/library.so".into(),
        ..options.clone()
    };
    let error = SealOptions::Pkcs11(nowhere)
        .open()
        .unwrap()
        .seal("one", b"x");
    assert!(matches!(error, Err(SealError::Options(said)) if said.contains("/nowhere")));

    if !Path::new(MODULE).exists() {
        eprintln!("SKIPPED: SoftHSM is not installed (softhsm2)");
        return;
    }
    make_token(&options);
    keeps_its_word(&*seal);
    keeps_keys(&temp.path().join("keys"), &seal);
    assert!(seal.examine().unwrap().doubts.is_empty());

    std::fs::write(&options.pin_file, "1234").unwrap();
    let error = seal.seal("one", b"plain").unwrap_err();
    assert!(matches!(error, SealError::Refused { .. }), "{error:?}");
    std::fs::write(&options.pin_file, "4321").unwrap();
    let other = |options: Pkcs11Options| SealOptions::Pkcs11(options).open().unwrap();
    let no_key = Pkcs11Options {
        key: "another".to_owned(),
        ..options.clone()
    };
    let error = other(no_key).seal("one", b"plain").unwrap_err();
    assert!(
        !error.is_passing() && error.to_string().contains("no AES key"),
        "{error}"
    );
    let no_token = Pkcs11Options {
        token: "another".to_owned(),
        ..options
    };
    assert!(
        other(no_token)
            .seal("one", b"plain")
            .unwrap_err()
            .is_passing()
    );
}

/// Makes a token with a key that stays in it, if the machine's SoftHSM has none of that name.
fn make_token(options: &Pkcs11Options) {
    let library = Pkcs11::new(&options.module).unwrap();
    let _ = library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let pin = AuthPin::new("4321".into());
    let known = |slot| library.get_token_info(slot).unwrap().label().trim_end() == options.token;
    if library
        .get_slots_with_initialized_token()
        .unwrap()
        .into_iter()
        .any(known)
    {
        return;
    }
    let slot = *library.get_slots_with_token().unwrap().last().unwrap();
    let officer = AuthPin::new("87654321".into());
    library.init_token(slot, &officer, &options.token).unwrap();
    let session = library.open_rw_session(slot).unwrap();
    session.login(UserType::So, Some(&officer)).unwrap();
    session.init_pin(&pin).unwrap();
    session.logout().unwrap();
    session.login(UserType::User, Some(&pin)).unwrap();
    let template = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::ValueLen(32.into()),
        Attribute::Label(options.key.clone().into_bytes()),
    ];
    session
        .generate_key(&Mechanism::AesKeyGen, &template)
        .unwrap();
}
