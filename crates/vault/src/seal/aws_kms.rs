//! AWS KMS: the JSON protocol, version 1.1, with signed requests.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use object_store::{
    aws::{AmazonS3Builder, AwsAuthorizer, AwsCredentialProvider},
    client::HttpRequest,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Seal, SealError, SealView,
    http::{Answer, Http, address, chain},
};

pub(super) const KIND: &str = "aws_kms";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Where the service is, and who we are.
#[derive(Clone, Debug)]
pub struct AwsKmsOptions {
    /// The key: its id, its ARN, or `alias/…`.
    pub key_id: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The address of the service; without it the region's.
    pub endpoint: Option<String>,
    /// The access key and its secret; without them the role of the machine.
    pub access: Option<(String, SecretString)>,
    /// Certificates in PEM: the only ones that are trusted.
    pub ca_pem: Option<Vec<u8>>,
}

/// The service.
pub(super) struct AwsKms {
    http: Http,
    endpoint: String,
    region: String,
    key_id: String,
    place: String,
    credentials: AwsCredentialProvider,
}

impl std::fmt::Debug for AwsKms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AwsKms({})", self.place)
    }
}

impl AwsKms {
    pub(super) fn open(options: &AwsKmsOptions) -> Result<Self, SealError> {
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let host = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if !word(&options.key_id) {
            let text = "keys.aws_kms.key_id is needed: an id, an ARN or alias/NAME";
            return Err(SealError::Options(text.to_owned()));
        }
        if options.region.is_empty() || !options.region.bytes().all(host) {
            let text = "keys.aws_kms.region is not the name of a region";
            return Err(SealError::Options(text.to_owned()));
        }
        let endpoint = match &options.endpoint {
            Some(endpoint) => address("keys.aws_kms.endpoint", endpoint)?,
            None => format!("https://kms.{}.amazonaws.com", options.region),
        };
        let place = format!("the key {} of {endpoint}", options.key_id);
        // A store of the same credentials; there is no bucket, and nothing is asked of it.
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name("none")
            .with_region(&options.region);
        if let Some((key, secret)) = &options.access {
            builder = builder
                .with_access_key_id(key)
                .with_secret_access_key(secret.expose_secret());
        }
        let store = builder
            .build()
            .map_err(|error| SealError::Options(format!("{place}: {error}")))?;
        Ok(Self {
            http: Http::open(&place, options.ca_pem.as_deref())?,
            endpoint,
            region: options.region.clone(),
            key_id: options.key_id.clone(),
            place,
            credentials: AwsCredentialProvider::clone(store.credentials()),
        })
    }

    fn call(&self, act: &str, body: &Value) -> Result<Value, SealError> {
        let body = body.to_string();
        let signed = self.signed(act, body)?;
        let (parts, _) = signed.0.into_parts();
        let request = self.http.client().post(&self.endpoint);
        let answer = self
            .http
            .ask(request.headers(parts.headers).body(signed.1))?;
        if !answer.is_fine() {
            return Err(self.refusal(&answer));
        }
        answer.json().ok_or_else(|| self.http.odd("it is no JSON"))
    }

    /// A signed request, and its body.
    fn signed(&self, act: &str, body: String) -> Result<(HttpRequest, String), SealError> {
        let away = |said: String| SealError::Away {
            place: self.place.clone(),
            said,
        };
        let credentials = AwsCredentialProvider::clone(&self.credentials);
        let place = self.place.clone();
        let credential = self.http.run(async move {
            let credential = credentials.get_credential().await;
            credential.map_err(|error| SealError::Away {
                place,
                said: format!("no credentials: {}", chain(&error)),
            })
        })?;
        let mut request = http::Request::post(format!("{}/", self.endpoint))
            .header("content-type", CONTENT_TYPE)
            .header("x-amz-target", format!("TrentService.{act}"))
            .body(body.clone().into())
            .map_err(|error| away(error.to_string()))?;
        AwsAuthorizer::new(&credential, "kms", &self.region)
            .try_authorize(&mut request, None)
            .map_err(|error| away(format!("cannot sign the request: {error}")))?;
        Ok((request, body))
    }

    fn refusal(&self, answer: &Answer) -> SealError {
        let body = answer.json().unwrap_or_default();
        // The type may stand behind a name space, and the message under either name.
        let kind = body["__type"].as_str().unwrap_or_default();
        let kind = kind.rsplit('#').next().unwrap_or_default();
        let message = body["message"].as_str().or(body["Message"].as_str());
        let said = match message {
            Some(message) => format!("{kind}: {message}"),
            None => kind.to_owned(),
        };
        match kind {
            // Answered with 400, and passing all the same.
            "ThrottlingException" | "LimitExceededException" => SealError::Away {
                place: self.place.clone(),
                said,
            },
            _ => self.http.refusal(answer, &said),
        }
    }
}

/// What the key is bound to; the service writes it into its own audit log.
fn context(name: &str) -> Value {
    json!({ "sofie:kek": name })
}

impl Seal for AwsKms {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn seal(&self, name: &str, plain: &[u8]) -> Result<String, SealError> {
        let plain = Zeroizing::new(STANDARD.encode(plain));
        let answer = self.call(
            "Encrypt",
            &json!({ "KeyId": self.key_id, "Plaintext": *plain, "EncryptionContext": context(name) }),
        )?;
        let sealed = answer["CiphertextBlob"].as_str().map(str::to_owned);
        sealed.ok_or_else(|| self.http.odd("nothing is sealed in it"))
    }

    fn open(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        // With the key's name, so that nobody can have us open by a key of theirs.
        let answer = self.call(
            "Decrypt",
            &json!({ "KeyId": self.key_id, "CiphertextBlob": sealed, "EncryptionContext": context(name) }),
        )?;
        let plain = answer["Plaintext"].as_str();
        let plain = plain.and_then(|plain| STANDARD.decode(plain).ok());
        let plain = plain.ok_or_else(|| self.http.odd("no plain text is in it"))?;
        Ok(Zeroizing::new(plain))
    }

    fn examine(&self) -> Result<SealView, SealError> {
        let place = self.place.clone();
        let answer = match self.call("DescribeKey", &json!({ "KeyId": self.key_id })) {
            Ok(answer) => answer,
            // To look at the key is not needed to use it.
            Err(SealError::Refused { said, .. }) if said.contains("AccessDenied") => {
                let doubt = "we may not describe the key, so its state was not looked at";
                let doubts = vec![doubt.to_owned()];
                return Ok(SealView { place, doubts });
            }
            Err(error) => return Err(error),
        };
        let key = &answer["KeyMetadata"];
        match key["KeyState"].as_str() {
            Some("Enabled") | None => {}
            Some(state) => {
                let said = format!("the key's state is {state}");
                return Err(SealError::Refused { place, said });
            }
        }
        let doubts = Vec::new();
        Ok(SealView { place, doubts })
    }
}
