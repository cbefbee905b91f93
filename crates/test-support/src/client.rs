//! Callers: they drive the router in process and keep cookies as a browser does.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Somebody who calls. Clones share their cookies.
#[derive(Clone, Debug)]
pub struct Client {
    router: Router,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    bearer: Option<String>,
    ip: IpAddr,
}

impl Client {
    pub(crate) fn new(router: Router) -> Self {
        Self {
            router,
            cookies: Arc::default(),
            bearer: None,
            ip: IpAddr::from([192, 0, 2, 1]),
        }
    }

    /// Calls with an API token, which decides who calls; cookies are kept beside it.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// Calls from another address.
    #[must_use]
    pub fn from_address(mut self, ip: impl Into<IpAddr>) -> Self {
        self.ip = ip.into();
        self
    }

    /// Returns the value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).cloned()
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar().insert(name.to_owned(), value.to_owned());
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a request with what our own pages would send along; change it before [`Request::send`].
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        let request = Request {
            client: self.clone(),
            builder: http::Request::builder().method(method).uri(path),
            body: Body::empty(),
        };
        match &self.bearer {
            Some(token) => request.header("authorization", &format!("Bearer {token}")),
            None => request
                .header("x-sofie", "1")
                .header("sec-fetch-site", "same-origin"),
        }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(&body).send().await
    }

    /// Posts nothing.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.request(Method::POST, path).send().await
    }

    /// Patches JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path).json(&body).send().await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path).json(&body).send().await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }
}

/// A request that is being put together.
#[derive(Debug)]
pub struct Request {
    client: Client,
    builder: http::request::Builder,
    body: Body,
}

impl Request {
    /// Sets a header; an earlier one of the same name is replaced.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let headers = self.builder.headers_mut().expect("the request is valid");
        let name: http::HeaderName = name.parse().expect("a header name");
        headers.insert(name, value.parse().expect("a header value"));
        self
    }

    /// Takes a header away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        let headers = self.builder.headers_mut().expect("the request is valid");
        headers.remove(name);
        self
    }

    /// Sets the body to JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    /// Sets the body to bytes of a media type.
    #[must_use]
    pub fn bytes(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        self.body = Body::from(body);
        self.header("content-type", media_type)
            .header("content-length", &length)
    }

    /// Sets the body to bytes of a media type that come as they come; the header says `length`.
    #[must_use]
    pub fn dripping(mut self, media_type: &str, length: usize, body: Body) -> Self {
        self.body = body;
        self.header("content-type", media_type)
            .header("content-length", &length.to_string())
    }

    /// Sends the request and waits for the whole answer.
    pub async fn send(self) -> Answer {
        let (response, client) = self.open().await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body arrives whole");
        client.remember(&parts.headers);
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_bytes(),
        }
    }

    /// Sends the request and returns the answer with its body still to be read.
    pub async fn stream(self) -> http::Response<Body> {
        self.open().await.0
    }

    async fn open(mut self) -> (http::Response<Body>, Client) {
        let client = self.client.clone();
        let cookies: Vec<String> = client
            .jar()
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        if !cookies.is_empty() {
            self = self.header("cookie", &cookies.join("; "));
        }
        let mut request = self.builder.body(self.body).expect("the request is valid");
        let peer = SocketAddr::new(client.ip, 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = client.router.clone().oneshot(request).await;
        (answer.expect("the router never fails"), client)
    }
}

impl Client {
    fn remember(&self, headers: &HeaderMap) {
        let mut jar = self.jar();
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("cookies are ASCII");
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// An answer, its body read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Demands a status.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{text}");
        self
    }

    /// Demands a problem with a status and a code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(self.json()["code"], code, "{text}");
    }

    /// Returns the body as JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "not JSON ({error}): {}",
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// Returns a header as text; empty when it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}
