//! A simulated Vault, from the documentation of its HTTP API (Transit secrets engine, AppRole, HTTP status codes).
//! Guesses: the words of its refusals.

use std::{path::Path, sync::Mutex};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    server::{Request, Server, nobody},
    *,
};

const TOKEN: &str = "hvs.root";
const ROLE: (&str, &str) = ("role-1", "secret-1");

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "switches, each by itself")]
struct State {
    sealed: bool,
    derived: bool,
    exportable: bool,
    denied: bool,
    logins: usize,
    decrypts: usize,
    namespaces: Vec<String>,
}

fn service(state: &Arc<Mutex<State>>) -> impl FnMut(&Request) -> (u16, Value) + Send + 'static {
    let (state, secret) = (Arc::clone(state), Secret::new());
    move |request| {
        let mut state = state.lock().unwrap();
        assert_eq!(request.header("x-vault-request"), "true");
        state
            .namespaces
            .push(request.header("x-vault-namespace").to_owned());
        if state.sealed {
            return (503, errors("Vault is sealed"));
        }
        let body = request.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if request.path == "/v1/auth/approle/login" {
            state.logins += 1;
            return if (text("role_id").as_str(), text("secret_id").as_str()) == ROLE {
                (
                    200,
                    json!({ "auth": { "client_token": TOKEN, "lease_duration": 60 } }),
                )
            } else {
                (400, errors("invalid role or secret ID"))
            };
        }
        if request.header("x-vault-token") != TOKEN || state.denied {
            return (403, errors("permission denied"));
        }
        transit(&mut state, &secret, request)
    }
}

fn errors(words: &str) -> Value {
    json!({ "errors": [words] })
}

/// The engine itself.
fn transit(state: &mut State, secret: &Secret, request: &Request) -> (u16, Value) {
    let body = request.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let context = if state.derived {
        text("context")
    } else {
        String::new()
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/transit/keys/sofie") => {
            let key = json!({
                "derived": state.derived, "exportable": state.exportable, "type": "aes256-gcm96",
                "supports_encryption": true, "allow_plaintext_backup": false, "deletion_allowed": false,
            });
            (200, json!({ "data": key }))
        }
        ("POST", "/v1/transit/encrypt/sofie") => {
            let plain = STANDARD.decode(text("plaintext")).unwrap();
            let sealed = STANDARD.encode(secret.seal(&context, &plain));
            let data = json!({ "ciphertext": format!("vault:v1:{sealed}") });
            (200, json!({ "data": data }))
        }
        ("POST", "/v1/transit/decrypt/sofie") => {
            state.decrypts += 1;
            let sealed = text("ciphertext");
            let sealed = sealed.strip_prefix("vault:v1:").unwrap_or_default();
            let opened = STANDARD.decode(sealed).ok();
            match opened.and_then(|sealed| secret.open(&context, &sealed)) {
                Some(plain) => {
                    let data = json!({ "plaintext": STANDARD.encode(plain) });
                    (200, json!({ "data": data }))
                }
                None => (400, errors("cipher: message authentication failed")),
            }
        }
        _ => (404, json!({ "errors": [] })),
    }
}

fn options(address: String, login: VaultLogin) -> VaultOptions {
    VaultOptions {
        address,
        namespace: None,
        mount: "transit".to_owned(),
        key: "sofie".to_owned(),
        login,
        ca_pem: None,
    }
}

fn token(folder: &Path, token: &str) -> VaultLogin {
    let file = folder.join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    VaultLogin::Token(file)
}

fn open(options: VaultOptions) -> Arc<dyn Seal> {
    SealOptions::Vault(options).open().unwrap()
}

#[test]
fn it_seals_opens_and_keeps_keys() {
    let temp = tempfile::tempdir().unwrap();
    let state = Arc::new(Mutex::new(State {
        derived: true,
        ..State::default()
    }));
    let server = Server::start(service(&state));
    let mut options = options(server.url(), token(temp.path(), TOKEN));
    options.namespace = Some("bank".to_owned());
    let seal = open(options);
    keeps_its_word(&*seal);
    keeps_keys(&temp.path().join("keys"), &seal);
    let view = seal.examine().unwrap();
    assert!(view.doubts.is_empty() && view.place.contains("sofie"));
    let mut state = state.lock().unwrap();
    assert!(state.namespaces.iter().all(|name| name == "bank"));
    state.exportable = true;
    drop(state);
    assert_eq!(seal.examine().unwrap().doubts.len(), 1);
}

#[test]
fn a_role_logs_in_each_time() {
    let temp = tempfile::tempdir().unwrap();
    let state = Arc::new(Mutex::new(State::default()));
    let server = Server::start(service(&state));
    let file = temp.path().join("secret-id");
    std::fs::write(&file, ROLE.1).unwrap();
    let role = VaultLogin::AppRole {
        mount: "approle".to_owned(),
        role_id: ROLE.0.to_owned(),
        secret_id_file: file.clone(),
    };
    let seal = open(options(server.url(), role));
    keeps_keys(&temp.path().join("keys"), &seal);
    assert!(state.lock().unwrap().logins >= 2);
    std::fs::write(&file, "another").unwrap();
    let error = seal.seal("one", b"plain").unwrap_err();
    assert!(
        !error.is_passing() && error.to_string().contains("invalid role"),
        "{error}"
    );
    std::fs::remove_file(&file).unwrap();
    let error = seal.seal("one", b"plain").unwrap_err();
    assert!(error.to_string().contains("secret-id"), "{error}");
}

#[test]
fn a_service_that_is_away_may_come_back_and_one_that_refuses_is_not_waited_for() {
    let temp = tempfile::tempdir().unwrap();
    let state = Arc::new(Mutex::new(State::default()));
    let server = Server::start(service(&state));
    let seal = open(options(server.url(), token(temp.path(), TOKEN)));
    let kek = keeps_keys(&temp.path().join("keys"), &seal);
    let fresh = || place(&temp.path().join("keys"), &seal);

    state.lock().unwrap().sealed = true;
    let waiting = fresh();
    let keks = waiting.load().unwrap();
    assert!(keks.found.is_empty());
    let closed = keks.closed(kek.id().as_str()).unwrap();
    assert!(closed.error.is_passing());
    assert!(
        closed.error.to_string().contains("Vault is sealed"),
        "{}",
        closed.error
    );
    state.lock().unwrap().sealed = false;
    assert_eq!(waiting.load().unwrap().found.len(), 1, "asked again");

    // Revoked: whoever has the key goes on, and nobody new gets it.
    let asked = state.lock().unwrap().decrypts;
    state.lock().unwrap().denied = true;
    assert_eq!(waiting.load().unwrap().found.len(), 1);
    assert_eq!(
        state.lock().unwrap().decrypts,
        asked,
        "it is not asked twice"
    );
    let closed = fresh().load().unwrap().closed;
    assert!(matches!(closed[0].error, SealError::Refused { .. }));
    assert!(matches!(seal.examine(), Ok(view) if view.doubts.len() == 1));

    let gone = open(options(nobody(), token(temp.path(), TOKEN)));
    let error = gone.open("one", "vault:v1:x").unwrap_err();
    assert!(error.is_passing(), "{error}");
}

#[test]
fn only_a_trusted_certificate_will_do() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::start_tls(service(&Arc::default()));
    let login = token(temp.path(), TOKEN);
    let stranger = open(options(server.url(), login.clone()));
    let error = stranger.seal("one", b"plain").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");

    let trusted = |pem: String| VaultOptions {
        ca_pem: Some(pem.into_bytes()),
        ..options(server.url(), login.clone())
    };
    let seal = open(trusted(server.certificate.clone().unwrap()));
    let sealed = seal.seal("one", b"plain").unwrap();
    assert_eq!(&*seal.open("one", &sealed).unwrap(), b"plain");
    let other = Server::start_tls(|_| (200, Value::Null))
        .certificate
        .unwrap();
    assert!(open(trusted(other)).seal("one", b"plain").is_err());
    let none = SealOptions::Vault(trusted("no certificate".to_owned())).open();
    assert!(matches!(none, Err(SealError::Options(_))));
}

#[test]
fn odd_answers_are_no_keys() {
    let temp = tempfile::tempdir().unwrap();
    for answer in [
        Value::Null,
        json!({ "data": {} }),
        json!({ "data": { "plaintext": "not base64!" } }),
        json!({ "data": { "plaintext": 7 } }),
    ] {
        let server = Server::start(move |_| (200, answer.clone()));
        let seal = open(options(server.url(), token(temp.path(), TOKEN)));
        let error = seal.open("one", "vault:v1:x").unwrap_err();
        assert!(matches!(error, SealError::Odd { .. }), "{error:?}");
    }
}

#[test]
fn wrong_options_are_named() {
    let login = || VaultLogin::Token("/nowhere".into());
    let with = |change: fn(&mut VaultOptions)| {
        let mut options = options("https://vault.example.org".to_owned(), login());
        change(&mut options);
        SealOptions::Vault(options).open().map(drop)
    };
    with(|_| ()).unwrap();
    for (change, name) in [
        (
            (|o| o.address = "vault:8200".to_owned()) as fn(&mut VaultOptions),
            "address",
        ),
        (|o| o.address = "https://u:p@vault".to_owned(), "address"),
        (|o| o.mount = "a/../b".to_owned(), "mount"),
        (|o| o.key = "a/b".to_owned(), "key"),
        (|o| o.key = String::new(), "key"),
    ] {
        let error = with(change).unwrap_err().to_string();
        assert!(error.contains(&format!("keys.vault.{name}")), "{error}");
    }
}
