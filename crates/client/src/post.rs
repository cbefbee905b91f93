//! Telling other servers something: JSON by POST, a short text back.

use std::time::Duration;

use reqwest::{Client, Url, redirect::Policy};
use serde::Serialize;

use crate::{Error, Result};

/// The longest answer that is read.
const LONGEST: usize = 64 << 10;

/// A client that posts. Redirects are not followed, and a proxy of the environment is not used.
#[derive(Clone, Debug)]
pub struct Poster(Client);

impl Poster {
    /// Waits so long for each answer; with `https_only` nothing goes without TLS.
    pub fn new(patience: Duration, https_only: bool) -> Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("sofie/", env!("CARGO_PKG_VERSION")))
            .https_only(https_only)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(patience)
            .build();
        client.map(Self).map_err(Error::Unreachable)
    }

    /// Posts a body as JSON and returns the text of the answer, if that says that all is well.
    pub async fn post(&self, url: &str, body: &impl Serialize) -> Result<String> {
        let url: Url = url
            .parse()
            .map_err(|_| Error::Usage("this is not an address to post to".to_owned()))?;
        let answer = self.0.post(url).json(body).send().await;
        let mut answer = answer.map_err(Error::Unreachable)?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            return Err(Error::Strange(format!("status {status}")));
        }
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(Error::Unreachable)? {
            text.extend_from_slice(&piece);
            if text.len() > LONGEST {
                return Err(Error::Strange("it is too long".to_owned()));
            }
        }
        String::from_utf8(text).map_err(|_| Error::Strange("it is not text".to_owned()))
    }
}
