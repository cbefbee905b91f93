//! The cookies: their names, and how they are set and read.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{COOKIE, SET_COOKIE},
    },
    response::AppendHeaders,
};
use sofie_app::{PlainToken, visits::VISITOR_DAYS};

/// Response parts that set one cookie.
pub type SetCookie = AppendHeaders<[(HeaderName, HeaderValue); 1]>;

/// The session of a user.
pub const USER: &str = "__Host-sofie-session";
/// The session of an administrator.
pub const ADMINISTRATOR: &str = "__Host-sofie-admin";
/// The browser of somebody without an account.
pub const VISITOR: &str = "__Host-sofie-visitor";

/// Tells whether a request brought any of our cookies.
pub(crate) fn any(headers: &HeaderMap) -> bool {
    [USER, ADMINISTRATOR, VISITOR]
        .iter()
        .any(|name| find(headers, name).is_some())
}

/// Returns the value of a cookie that a request brought.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// Sets the session cookie of a user or an administrator; it ends with the browser.
pub fn set_session(name: &str, jwt: &str) -> SetCookie {
    set(name, jwt, "")
}

/// Sets the cookie of a browser without an account; it lasts as long as the server remembers the browser.
pub fn set_visitor(token: &PlainToken) -> SetCookie {
    let seconds = VISITOR_DAYS * 24 * 60 * 60;
    set(VISITOR, token.expose(), &format!("; Max-Age={seconds}"))
}

/// Takes a cookie back.
pub fn clear(name: &str) -> SetCookie {
    set(name, "", "; Max-Age=0")
}

fn set(name: &str, value: &str, life: &str) -> SetCookie {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{life}");
    let header = HeaderValue::try_from(text).expect("our own tokens are printable ASCII");
    AppendHeaders([(SET_COOKIE, header)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_static("a=1; __Host-sofie-session=x=y"),
        );
        headers.append(COOKIE, HeaderValue::from_static("__Host-sofie-visitor=v"));
        assert_eq!(find(&headers, USER).as_deref(), Some("x=y"));
        assert_eq!(find(&headers, VISITOR).as_deref(), Some("v"));
        assert_eq!(find(&headers, ADMINISTRATOR), None);
        assert!(any(&headers));
    }
}
