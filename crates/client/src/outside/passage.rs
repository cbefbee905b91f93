//! What the proxy does to requests and bodies on their way.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{
    Body, Method, Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde::Deserialize;

use super::{
    Outside, PATIENCE, Seen, is_json,
    seen::{bad, good, poor},
};

/// Whom we pretend to speak for: an address of the documentation (RFC 5737) that nobody has.
const PRETENDED: &str = "192.0.2.99";
/// The later pieces of an answer come so far apart at least, if nothing in between collects them.
const APART: Duration = Duration::from_millis(200);
/// As long as the largest file that anybody would send.
const HUGE: u64 = 1 << 40;

/// What the server tells of how a request arrived.
#[derive(Debug, Deserialize)]
struct Arrival {
    address: Option<String>,
    forwarded: bool,
    host: Option<String>,
}

/// How an answer comes back whose first and last pieces arrived so far apart.
fn download(apart: Duration) -> Seen {
    if apart >= APART {
        return good("downloads", "come as they are read");
    }
    let advice = "switch the proxy's buffering of answers off (nginx: proxy_buffering off): a buffer is a plain copy on its disk";
    bad(
        "downloads",
        "are collected by the proxy before they are handed on",
        advice,
    )
}

impl Outside {
    /// Whose request arrives, under which name, and how an answer comes back.
    pub(super) async fn passage(&self, host: &str) -> Vec<Seen> {
        let request = self
            .client
            .get(self.at("api/v1/connection"))
            .header("X-Real-IP", PRETENDED)
            .header("X-Forwarded-For", PRETENDED)
            .timeout(PATIENCE);
        let Some((arrival, apart)) = pieces(request.send().await).await else {
            let advice = "let the proxy pass /api/ to SOFiE, and update SOFiE if it is older than this program";
            return vec![bad(
                "client address",
                "the server does not tell what it sees",
                advice,
            )];
        };
        let shown = arrival
            .address
            .clone()
            .unwrap_or_else(|| "nobody".to_owned());
        let address = if arrival.address.as_deref() == Some(PRETENDED) {
            let advice = "have the proxy overwrite X-Real-IP and X-Forwarded-For, never add to them (packaging/nginx), and \
                          let nobody reach SOFiE past it";
            bad(
                "client address",
                "whoever asks may say who he is: a made-up address was believed",
                advice,
            )
        } else if arrival.forwarded {
            good("client address", format!("passed on: we are {shown}"))
        } else {
            let advice = "have the proxy send X-Real-IP (packaging/nginx), and name it in http.trusted_proxies";
            bad(
                "client address",
                format!("not passed on: everybody is taken for {shown}"),
                advice,
            )
        };
        let called = arrival.host.unwrap_or_default();
        let name = called
            .rsplit_once(':')
            .map_or(called.as_str(), |(name, _)| name);
        let host_name = if name == host || called == host {
            good("host name", "passed on")
        } else {
            poor(
                "host name",
                format!("the server is called {called}"),
                "have the proxy send Host (packaging/nginx)",
            )
        };
        vec![address, host_name, download(apart)]
    }

    /// Whether a huge body gets through, and as it comes: the server says no before it has read it.
    pub(super) async fn upload(&self) -> Seen {
        let what = "uploads";
        let begun = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"x")) });
        let body = begun.chain(stream::pending());
        let request = self
            .client
            .request(Method::POST, self.at("api/v1/uploads"))
            .header(CONTENT_LENGTH, HUGE)
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .body(Body::wrap_stream(body))
            .timeout(PATIENCE);
        match request.send().await {
            Ok(answer) if answer.status().as_u16() == 413 => {
                let advice = "lift the proxy's limit of bodies (nginx: client_max_body_size 0)";
                bad(what, "the proxy refuses large files", advice)
            }
            Ok(answer) if is_json(answer.headers()) => {
                good(what, "of any size go straight through")
            }
            Ok(answer) => {
                let advice = "let the proxy pass every method and body of /api/ on";
                bad(
                    what,
                    format!("the proxy answers {} itself", answer.status().as_u16()),
                    advice,
                )
            }
            Err(error) if error.is_timeout() => {
                let advice = "switch the proxy's buffering of requests off (nginx: proxy_request_buffering off): a buffer is a \
                              plain copy on its disk";
                bad(
                    what,
                    "are collected by the proxy before they are handed on",
                    advice,
                )
            }
            Err(_) => {
                let advice =
                    "let the proxy pass every method and body of /api/ on, and look into its log";
                bad(what, "the connection breaks off", advice)
            }
        }
    }
}

/// Reads the answer about our own request; the longest pause between two of its later pieces.
async fn pieces(answer: reqwest::Result<Response>) -> Option<(Arrival, Duration)> {
    let answer = answer.ok().filter(|answer| answer.status().is_success())?;
    let mut body = answer.bytes_stream();
    let (mut text, mut came) = (Vec::new(), Vec::new());
    while let Some(piece) = body.next().await {
        text.extend_from_slice(&piece.ok()?);
        came.push(Instant::now());
    }
    // The first comes with the header, whatever is in between.
    let gaps = came.windows(2).skip(1).map(|two| two[1] - two[0]);
    let apart = gaps.max().unwrap_or_default();
    Some((serde_json::from_slice(&text).ok()?, apart))
}
