//! The Transit secrets engine of HashiCorp Vault and OpenBao, which share this protocol.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Seal, SealError, SealView,
    http::{Answer, Http, address},
};

pub(super) const KIND: &str = "vault";

/// Where the engine is, and who we are.
#[derive(Clone, Debug)]
pub struct VaultOptions {
    /// The address of the server, such as `https://vault.example.org:8200`.
    pub address: String,
    /// The namespace, if the server has them.
    pub namespace: Option<String>,
    /// Where the engine is mounted.
    pub mount: String,
    /// The name of the key in it.
    pub key: String,
    /// Who we are.
    pub login: VaultLogin,
    /// Certificates in PEM: the only ones that are trusted.
    pub ca_pem: Option<Vec<u8>>,
}

/// Who we are. Files are read at each use, so that others may renew what is in them.
#[derive(Clone, Debug)]
pub enum VaultLogin {
    /// A file with a token on its first line.
    Token(PathBuf),
    /// An AppRole: where its method is mounted, its id, and a file with the secret id on its first line.
    AppRole {
        /// The mount of the method.
        mount: String,
        /// The role's id.
        role_id: String,
        /// The file with the secret id.
        secret_id_file: PathBuf,
    },
}

/// The engine.
#[derive(Debug)]
pub(super) struct VaultTransit {
    http: Http,
    options: VaultOptions,
    place: String,
}

impl VaultTransit {
    pub(super) fn open(options: &VaultOptions) -> Result<Self, SealError> {
        let mut options = options.clone();
        options.address = address("keys.vault.address", &options.address)?;
        path("keys.vault.mount", &options.mount, true)?;
        path("keys.vault.key", &options.key, false)?;
        if let VaultLogin::AppRole { mount, .. } = &options.login {
            path("keys.vault.role_mount", mount, true)?;
        }
        let place = format!(
            "the key {} of {}/{}",
            options.key, options.address, options.mount
        );
        Ok(Self {
            http: Http::open(&place, options.ca_pem.as_deref())?,
            options,
            place,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v1/{path}", self.options.address);
        // Says that it is no browser that was tricked into asking.
        let request = self.http.client().request(method, url);
        let request = request.header("X-Vault-Request", "true");
        match &self.options.namespace {
            Some(namespace) => request.header("X-Vault-Namespace", namespace),
            None => request,
        }
    }

    fn token(&self) -> Result<SecretString, SealError> {
        match &self.options.login {
            VaultLogin::Token(file) => first_line(file),
            VaultLogin::AppRole {
                mount,
                role_id,
                secret_id_file,
            } => {
                let secret = first_line(secret_id_file)?;
                let body = json!({ "role_id": role_id, "secret_id": secret.expose_secret() });
                let path = format!("auth/{mount}/login");
                let answer = self
                    .http
                    .ask(self.request(Method::POST, &path).json(&body))?;
                let answer = self.fine(&answer)?;
                let token = answer["auth"]["client_token"].as_str();
                let token = token.ok_or_else(|| self.http.odd("no token in it"))?;
                Ok(token.to_owned().into())
            }
        }
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, SealError> {
        let token = self.token()?;
        let request = self.request(method, path);
        let request = request.header("X-Vault-Token", token.expose_secret());
        self.http.ask(match body {
            Some(body) => request.json(body),
            None => request,
        })
    }

    fn fine(&self, answer: &Answer) -> Result<Value, SealError> {
        let body = answer.json();
        if answer.is_fine() {
            return body.ok_or_else(|| self.http.odd("it is no JSON"));
        }
        let errors = body.as_ref().and_then(|body| body["errors"].as_array());
        let errors = errors.into_iter().flatten().filter_map(Value::as_str);
        let said: Vec<&str> = errors.collect();
        Err(self.http.refusal(answer, &said.join("; ")))
    }

    /// Does one of the engine's two acts, and returns the field of its answer.
    fn act(&self, act: &str, body: &Value, field: &'static str) -> Result<String, SealError> {
        let path = format!("{}/{act}/{}", self.options.mount, self.options.key);
        let answer = self.call(Method::POST, &path, Some(body))?;
        let answer = self.fine(&answer)?;
        let found = answer["data"][field].as_str().map(str::to_owned);
        found.ok_or_else(|| self.http.odd("what was asked for is not in it"))
    }
}

impl Seal for VaultTransit {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn seal(&self, name: &str, plain: &[u8]) -> Result<String, SealError> {
        // A key that is not a derived one takes no notice of the context.
        let context = STANDARD.encode(name);
        let plain = Zeroizing::new(STANDARD.encode(plain));
        let body = json!({ "plaintext": *plain, "context": context });
        self.act("encrypt", &body, "ciphertext")
    }

    fn open(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let body = json!({ "ciphertext": sealed, "context": STANDARD.encode(name) });
        let plain = Zeroizing::new(self.act("decrypt", &body, "plaintext")?);
        let plain = STANDARD.decode(plain.as_bytes());
        let plain = plain.map_err(|_| self.http.odd("the plain text is not base64"))?;
        Ok(Zeroizing::new(plain))
    }

    fn examine(&self) -> Result<SealView, SealError> {
        let place = self.place.clone();
        let path = format!("{}/keys/{}", self.options.mount, self.options.key);
        let answer = self.call(Method::GET, &path, None)?;
        if answer.status == 403 {
            // To look at the key is not needed to use it.
            let doubt = "we may not read the key's properties, so they were not looked at";
            let doubts = vec![doubt.to_owned()];
            return Ok(SealView { place, doubts });
        }
        let key = self.fine(&answer)?;
        let key = &key["data"];
        let mut doubts = Vec::new();
        if key["supports_encryption"] == Value::Bool(false) {
            return Err(SealError::Refused {
                place,
                said: "it is not a key for encryption".to_owned(),
            });
        }
        for (field, doubt) in [
            ("exportable", "whoever may export it can take it away"),
            ("allow_plaintext_backup", "it can be backed up unencrypted"),
            (
                "deletion_allowed",
                "it can be deleted: all that it seals would be lost",
            ),
        ] {
            if key[field] == Value::Bool(true) {
                doubts.push(doubt.to_owned());
            }
        }
        Ok(SealView { place, doubts })
    }
}

/// The first line of a file with a secret.
pub(super) fn first_line(file: &std::path::Path) -> Result<SecretString, SealError> {
    let text = fs::read_to_string(file).map(Zeroizing::new);
    let text = text
        .map_err(|error| SealError::Options(format!("cannot read {}: {error}", file.display())))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        let text = format!("the first line of {} is empty", file.display());
        return Err(SealError::Options(text));
    }
    Ok(line.to_owned().into())
}

/// Makes sure that a word may stand in a path.
fn path(what: &str, text: &str, slashes: bool) -> Result<(), SealError> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let names = text.split('/');
    let sound = names
        .clone()
        .all(|name| !name.trim_matches('.').is_empty() && name.bytes().all(fine));
    if sound && (slashes || names.count() == 1) {
        Ok(())
    } else {
        Err(SealError::Options(format!(
            "{what} may hold letters, digits and - _ . only: {text}"
        )))
    }
}
