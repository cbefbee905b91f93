//! A simulated AWS KMS, from its API reference (Encrypt, Decrypt, DescribeKey, common errors). It verifies signatures.
//! Guesses: the statuses of errors where the reference names none, and their words.

use std::sync::Mutex;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    server::{Request, Server, nobody},
    sigv4::verify,
    *,
};

const ACCESS: (&str, &str) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
const REGION: &str = "eu-central-1";
const KEY: &str = "alias/sofie";

#[derive(Default)]
struct State {
    disabled: bool,
    throttled: bool,
    contexts: Vec<Value>,
}

fn service(state: &Arc<Mutex<State>>) -> impl FnMut(&Request) -> (u16, Value) + Send + 'static {
    let (state, secret) = (Arc::clone(state), Secret::new());
    move |request| {
        let mut state = state.lock().unwrap();
        let error = |kind: &str, said: &str| (400, json!({ "__type": kind, "message": said }));
        if let Err(what) = verify(request, ACCESS, (REGION, "kms")) {
            return error("InvalidSignatureException", what);
        }
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/")
        );
        assert_eq!(request.header("content-type"), "application/x-amz-json-1.1");
        let body = request.json();
        if body["KeyId"] != KEY {
            return error("NotFoundException", "Alias is not found.");
        }
        if state.throttled {
            return error("ThrottlingException", "Rate exceeded");
        }
        let act = request.header("x-amz-target").to_owned();
        if act == "TrentService.DescribeKey" {
            let key = if state.disabled {
                "Disabled"
            } else {
                "Enabled"
            };
            return (200, json!({ "KeyMetadata": { "KeyState": key } }));
        }
        if state.disabled {
            return error("com.amazonaws.kms#DisabledException", "the key is disabled");
        }
        let context = &body["EncryptionContext"];
        state.contexts.push(context.clone());
        let context = context.to_string();
        let text = |name: &str| STANDARD.decode(body[name].as_str().unwrap_or_default());
        match act.as_str() {
            "TrentService.Encrypt" => {
                let sealed = secret.seal(&context, &text("Plaintext").unwrap());
                (
                    200,
                    json!({ "CiphertextBlob": STANDARD.encode(sealed), "KeyId": "arn:x" }),
                )
            }
            "TrentService.Decrypt" => {
                let sealed = text("CiphertextBlob").unwrap_or_default();
                match secret.open(&context, &sealed) {
                    Some(plain) => (
                        200,
                        json!({ "Plaintext": STANDARD.encode(plain), "KeyId": "arn:x" }),
                    ),
                    None => (400, json!({ "__type": "InvalidCiphertextException" })),
                }
            }
            _ => error("UnknownOperationException", ""),
        }
    }
}

fn options(endpoint: String) -> AwsKmsOptions {
    AwsKmsOptions {
        key_id: KEY.to_owned(),
        region: REGION.to_owned(),
        endpoint: Some(endpoint),
        access: Some((ACCESS.0.to_owned(), ACCESS.1.to_owned().into())),
        ca_pem: None,
    }
}

fn open(options: AwsKmsOptions) -> Arc<dyn Seal> {
    SealOptions::AwsKms(options).open().unwrap()
}

#[test]
fn it_seals_opens_and_keeps_keys() {
    let temp = tempfile::tempdir().unwrap();
    let state = Arc::default();
    let server = Server::start(service(&state));
    let seal = open(options(server.url()));
    keeps_its_word(&*seal);
    let kek = keeps_keys(temp.path(), &seal);
    let bound = json!({ "sofie:kek": kek.id().as_str() });
    assert!(state.lock().unwrap().contexts.contains(&bound));
    assert!(seal.examine().unwrap().doubts.is_empty());
}

#[test]
fn requests_are_signed_by_the_secret_for_the_region() {
    let server = Server::start(service(&Arc::default()));
    let good = options(server.url());
    let secret = ("AKIDEXAMPLE".to_owned(), "another".to_owned().into());
    let wrong_secret = AwsKmsOptions {
        access: Some(secret),
        ..good.clone()
    };
    let wrong_region = AwsKmsOptions {
        region: "us-east-1".to_owned(),
        ..good
    };
    for wrong in [wrong_secret, wrong_region] {
        let error = open(wrong).seal("one", b"plain").unwrap_err();
        assert!(!error.is_passing());
        assert!(
            error.to_string().contains("InvalidSignatureException"),
            "{error}"
        );
    }
}

#[test]
fn a_disabled_key_refuses_and_a_busy_service_is_waited_for() {
    let state = Arc::new(Mutex::new(State::default()));
    let server = Server::start(service(&state));
    let seal = open(options(server.url()));
    let sealed = seal.seal("one", b"plain").unwrap();

    state.lock().unwrap().disabled = true;
    let error = seal.open("one", &sealed).unwrap_err();
    assert!(!error.is_passing());
    assert!(
        error
            .to_string()
            .contains("DisabledException: the key is disabled"),
        "{error}"
    );
    let error = seal.examine().unwrap_err();
    assert!(error.to_string().contains("Disabled"), "{error}");

    *state.lock().unwrap() = State {
        throttled: true,
        ..State::default()
    };
    assert!(seal.open("one", &sealed).unwrap_err().is_passing());
    assert!(
        open(options(nobody()))
            .open("one", &sealed)
            .unwrap_err()
            .is_passing()
    );
}

#[test]
fn wrong_options_are_named() {
    let good = options("https://kms.example.org".to_owned());
    for (wrong, name) in [
        (
            AwsKmsOptions {
                key_id: String::new(),
                ..good.clone()
            },
            "key_id",
        ),
        (
            AwsKmsOptions {
                region: "eu central".to_owned(),
                ..good.clone()
            },
            "region",
        ),
        (
            AwsKmsOptions {
                endpoint: Some("kms".to_owned()),
                ..good.clone()
            },
            "endpoint",
        ),
    ] {
        let error = SealOptions::AwsKms(wrong).open().unwrap_err().to_string();
        assert!(error.contains(&format!("keys.aws_kms.{name}")), "{error}");
    }
    SealOptions::AwsKms(AwsKmsOptions {
        endpoint: None,
        access: None,
        ..good
    })
    .open()
    .unwrap();
}
