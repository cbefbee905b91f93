//! A token behind a PKCS#11 library: a hardware security module, a smart card, SoftHSM.
//!
//! The library is the maker's, and runs in this process: it is loaded only if it is configured.

use std::path::PathBuf;

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11},
    error::{Error, RvError},
    mechanism::{Mechanism, aead::GcmParams},
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    types::AuthPin,
};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::{Seal, SealError, SealView, vault_transit::first_line};
use crate::crypto::random;

pub(super) const KIND: &str = "pkcs11";
const NONCE: usize = 12;
const TAG_BITS: u64 = 128;

/// Which token, and which key on it.
#[derive(Clone, Debug)]
pub struct Pkcs11Options {
    /// The library of the token's maker.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The label of an AES key on it.
    pub key: String,
    /// A file with the user's PIN on its first line, read at each use.
    pub pin_file: PathBuf,
}

/// The token.
#[derive(Debug)]
pub(super) struct Pkcs11Token {
    options: Pkcs11Options,
    place: String,
}

impl Pkcs11Token {
    pub(super) fn new(options: &Pkcs11Options) -> Self {
        let place = format!("the key {} of the token {}", options.key, options.token);
        let options = options.clone();
        Self { options, place }
    }

    /// Does something with the key. Everything is opened and closed again: it happens once in a process's life.
    fn with_key<T>(
        &self,
        work: impl FnOnce(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<T, SealError> {
        let pin = first_line(&self.options.pin_file)?;
        let library = Pkcs11::new(&self.options.module).map_err(|error| {
            let module = self.options.module.display();
            SealError::Options(format!("cannot load {module}: {error}"))
        })?;
        let locking = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        match library.initialize(locking) {
            // The library is one in a process, however often it was loaded.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(self.sort(&error)),
        }
        let session = self.session(&library)?;
        match session.login(
            UserType::User,
            Some(&AuthPin::new(pin.expose_secret().into())),
        ) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(self.sort(&error)),
        }
        let key = self.key(&session)?;
        work(&session, key).map_err(|error| self.sort(&error))
    }

    fn session(&self, library: &Pkcs11) -> Result<Session, SealError> {
        let slots = library.get_slots_with_token();
        for slot in slots.map_err(|error| self.sort(&error))? {
            let token = library.get_token_info(slot);
            if token.is_ok_and(|token| token.label().trim_end() == self.options.token) {
                let session = library.open_ro_session(slot);
                return session.map_err(|error| self.sort(&error));
            }
        }
        // It may be plugged in, or its network come back.
        Err(SealError::Away {
            place: self.place.clone(),
            said: "there is no such token".to_owned(),
        })
    }

    fn key(&self, session: &Session) -> Result<ObjectHandle, SealError> {
        let found = session.find_objects(&[
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.options.key.clone().into_bytes()),
        ]);
        match *found.map_err(|error| self.sort(&error))? {
            [key] => Ok(key),
            [] => Err(self.refused("there is no AES key with this label")),
            _ => Err(self.refused("several AES keys have this label")),
        }
    }

    fn refused(&self, said: &str) -> SealError {
        SealError::Refused {
            place: self.place.clone(),
            said: said.to_owned(),
        }
    }

    fn sort(&self, error: &Error) -> SealError {
        let place = self.place.clone();
        let said = error.to_string();
        let passing = match error {
            // SoftHSM has no other word for what does not authenticate.
            Error::Pkcs11(RvError::GeneralError, act) => !matches!(act, Function::Decrypt),
            Error::Pkcs11(kind, _) => matches!(
                kind,
                RvError::DeviceError
                    | RvError::DeviceRemoved
                    | RvError::TokenNotPresent
                    | RvError::SessionCount
                    | RvError::HostMemory
                    | RvError::DeviceMemory
            ),
            _ => false,
        };
        if passing {
            SealError::Away { place, said }
        } else {
            SealError::Refused { place, said }
        }
    }
}

impl Seal for Pkcs11Token {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn seal(&self, name: &str, plain: &[u8]) -> Result<String, SealError> {
        // Some tokens take a nonce of their own instead, and write it here.
        let mut nonce: [u8; NONCE] = random().map_err(|_| self.refused("no random bytes here"))?;
        let sealed = self.with_key(|session, key| {
            let gcm = GcmParams::new(&mut nonce, name.as_bytes(), TAG_BITS.into())?;
            session.encrypt(&Mechanism::AesGcm(gcm), key, plain)
        })?;
        Ok(hex::encode([&nonce[..], &sealed].concat()))
    }

    fn open(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let sealed = hex::decode(sealed).map_err(|_| self.refused("what is sealed is damaged"))?;
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(self.refused("what is sealed is damaged"));
        };
        let plain = self.with_key(|session, key| {
            let mut used = *nonce;
            let gcm = GcmParams::new(&mut used, name.as_bytes(), TAG_BITS.into())?;
            session.decrypt(&Mechanism::AesGcm(gcm), key, sealed)
        })?;
        Ok(Zeroizing::new(plain))
    }

    fn examine(&self) -> Result<SealView, SealError> {
        let asked = [AttributeType::Extractable, AttributeType::Encrypt];
        let found = self.with_key(|session, key| session.get_attributes(key, &asked))?;
        let mut doubts = Vec::new();
        for attribute in found {
            match attribute {
                Attribute::Extractable(true) => {
                    doubts.push("it may be taken out of the token".to_owned());
                }
                Attribute::Encrypt(false) => {
                    return Err(self.refused("it is not a key for encryption"));
                }
                _ => {}
            }
        }
        let place = self.place.clone();
        Ok(SealView { place, doubts })
    }
}
