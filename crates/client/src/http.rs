//! One server: requests to its API, and its answers or what they mean.

use std::{collections::BTreeMap, fmt, sync::Mutex, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{
        AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderValue, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE,
    },
    redirect::Policy,
};
use serde::de::DeserializeOwned;

use crate::{Error, Progress, Result, backoff::Backoff, wire::Problem};

/// For requests that carry no file.
const SHORT: Duration = Duration::from_mins(1);
/// A connection whose other end acknowledges nothing for so long is broken.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(10);

/// A server, and who asks it.
#[derive(Clone)]
pub struct Server {
    url: Url,
    token: Option<String>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Takes the address of a server, such as `https://files.example.org`, and an API token. Plain `http` is only taken for
    /// this machine itself: elsewhere it would give the token and the files away.
    pub fn new(url: &str, token: Option<&str>) -> Result<Self> {
        let wrong = |why: &str| Error::Usage(format!("the address of the server {why}"));
        let url = Url::parse(url).map_err(|_| wrong("looks like https://files.example.org"))?;
        Self::from_url(url, token)
    }

    pub(crate) fn from_url(mut url: Url, token: Option<&str>) -> Result<Self> {
        let wrong = |why: &str| Error::Usage(format!("the address of the server {why}"));
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(wrong("must begin with https:// unless it is this machine")),
            _ => return Err(wrong("must begin with https://")),
        }
        url.set_fragment(None);
        url.set_query(None);
        Ok(Self {
            url,
            token: token.map(|token| token.trim().to_owned()),
        })
    }

    pub(crate) fn address(&self) -> &str {
        self.url.as_str()
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// The API of one server, with the token or the cookies of one caller.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    server: Server,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Api {
    pub fn new(server: &Server) -> Result<Self> {
        let mut client = Client::builder()
            .user_agent(concat!("sofie/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNACKNOWLEDGED)
            .tcp_keepalive(KEEPALIVE)
            .redirect(Policy::none());
        if is_loopback(&server.url) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(Error::Unreachable)?;
        Ok(Self {
            client,
            server: server.clone(),
            cookies: Mutex::default(),
        })
    }

    /// Returns the address below `/api/v1` with these path segments, each quoted.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.server.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(segments);
        }
        url
    }

    /// Begins a request as the caller.
    pub fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut request = self
            .client
            .request(method, self.url(segments))
            .header("X-Sofie", "1");
        if let Some(token) = &self.server.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let cookies = self.cookies();
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            // The server takes cookies only from requests that say where they come from.
            request = request
                .header(COOKIE, pairs.join("; "))
                .header(ORIGIN, self.server.url.origin().ascii_serialization());
        }
        request
    }

    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies
            .lock()
            .map(|cookies| cookies.clone())
            .unwrap_or_default()
    }

    pub fn set_cookies(&self, cookies: BTreeMap<String, String>) {
        if let Ok(mut held) = self.cookies.lock() {
            *held = cookies;
        }
    }

    /// Sends a request; an answer that reports a failure becomes an error.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|error| {
            if error.is_builder() {
                Error::Usage("the token or a name can't be sent".to_owned())
            } else {
                Error::Unreachable(error)
            }
        })?;
        self.keep_cookies(&response);
        if response.status().is_success() {
            return Ok(response);
        }
        Err(failure(response).await)
    }

    /// Sends a short request and reads the answer.
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = self.send(request.timeout(SHORT)).await?;
        let body = response.bytes().await.map_err(Error::Unreachable)?;
        serde_json::from_slice(&body).map_err(|error| Error::Strange(error.to_string()))
    }

    /// Reads something; goes on trying while the network is away.
    pub async fn read<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        progress: &dyn Progress,
    ) -> Result<T> {
        let mut backoff = Backoff::new();
        loop {
            match self.json(self.request(Method::GET, segments)).await {
                Ok(found) => return Ok(found),
                Err(error) => backoff.wait(error, progress).await?,
            }
        }
    }

    /// Removes something; that it is not there is as good.
    pub async fn delete(&self, segments: &[&str]) -> Result<()> {
        match self
            .send(self.request(Method::DELETE, segments).timeout(SHORT))
            .await
        {
            Ok(_) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn keep_cookies(&self, response: &Response) {
        let Ok(mut held) = self.cookies.lock() else {
            return;
        };
        for header in response.headers().get_all(SET_COOKIE) {
            let pair = header
                .to_str()
                .ok()
                .and_then(|text| text.split(';').next()?.trim().split_once('='));
            match pair {
                Some((name, "")) => drop(held.remove(name)),
                Some((name, value)) => drop(held.insert(name.to_owned(), value.to_owned())),
                None => {}
            }
        }
    }
}

async fn failure(response: Response) -> Error {
    let status = response.status();
    if status.is_redirection() {
        let to = response
            .headers()
            .get(LOCATION)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("elsewhere");
        return Error::Strange(format!("it points to {to}; use that address"));
    }
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|v| v.to_str().ok()?.parse().ok());
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value: &HeaderValue| value.to_str().ok())
        .is_some_and(|kind| kind.contains("json"));
    let body = if is_json {
        response.bytes().await.unwrap_or_default()
    } else {
        bytes::Bytes::new()
    };
    let mut problem: Problem =
        serde_json::from_slice(&body).unwrap_or_else(|_| Problem::unknown(status.as_u16()));
    problem.retry_after = problem.retry_after.or(wait);
    meaning(status, problem)
}

fn meaning(status: StatusCode, problem: Problem) -> Error {
    match (status.as_u16(), problem.code.as_str()) {
        (_, "wrong_code") => Error::ProofNeeded(
            "the code is wrong or too old; run the command again without a code to get a new one"
                .to_owned(),
        ),
        (_, "wrong_password") => Error::ProofNeeded("the password is wrong".to_owned()),
        (404 | 410, _) => Error::NotFound,
        // Another request still holds the upload, or it stands elsewhere: asking again settles it.
        (408 | 423 | 429 | 460 | 500..=599, _) | (409, "upload_offset_mismatch" | "too_slow") => {
            Error::Unavailable(Box::new(problem))
        }
        _ => Error::Refused(Box::new(problem)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "https://files.example.org",
            "https://x/sub/",
            "http://127.0.0.1:9090",
            "http://localhost",
            "http://[::1]:1",
        ] {
            assert!(Server::new(good, None).is_ok(), "{good}");
        }
        for bad in [
            "files.example.org",
            "http://files.example.org",
            "ftp://x",
            "",
        ] {
            let error = Server::new(bad, None).map(|_| ()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn hostile_names_stay_one_segment() {
        let server = Server::new("https://x/base/", Some("t")).unwrap();
        let api = Api::new(&server).unwrap();
        let url = api.url(&["packages", "1", "files", "a b", "..\\%2e%2e?#é"]);
        assert_eq!(
            url.as_str(),
            "https://x/base/api/v1/packages/1/files/a%20b/..%5C%252e%252e%3F%23%C3%A9"
        );
        assert!(!format!("{server:?}{api:?}").contains("\"t\""));
    }

    #[test]
    fn failures_mean_what_a_script_can_do() {
        for (status, code, exit, passes) in [
            (401, "unauthenticated", 6, false),
            (403, "wrong_code", 9, false),
            (403, "wrong_password", 9, false),
            (404, "link_invalid", 8, false),
            (409, "conflict", 6, false),
            (409, "upload_offset_mismatch", 5, true),
            (409, "too_slow", 5, true),
            (413, "too_large", 6, false),
            (422, "invalid", 6, false),
            (423, "conflict", 5, true),
            (429, "rate_limited", 5, true),
            (502, "", 5, true),
            (507, "no_space", 5, false),
        ] {
            let problem = Problem {
                code: code.to_owned(),
                ..Problem::unknown(status)
            };
            let error = meaning(StatusCode::from_u16(status).unwrap(), problem);
            assert_eq!(
                (error.exit_code(), error.is_passing()),
                (exit, passes),
                "{status} {code}"
            );
        }
    }
}
