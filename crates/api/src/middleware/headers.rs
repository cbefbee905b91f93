//! The headers of every response (ASVS 5.0 V3.4).

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::Response,
};
use sofie_app::App;

/// What the pages may do: nothing but talk to this server with their own scripts.
pub const SHELL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; object-src 'none'; \
    require-trusted-types-for 'script'; trusted-types sofie";

/// What everything else may do in a browser that shows it: nothing.
const CONTENT_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

const NO_FEATURES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
    gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=(), \
    browsing-topics=(), screen-wake-lock=(), xr-spatial-tracking=()";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds what the handler did not say itself.
pub fn complete(response: &mut Response, is_api: bool, https: bool) {
    let headers = response.headers_mut();
    add(headers, CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    add(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(headers, REFERRER_POLICY, "no-referrer");
    add(headers, OPENER_POLICY, "same-origin");
    add(headers, RESOURCE_POLICY, "same-origin");
    add(headers, PERMISSIONS_POLICY, NO_FEATURES);
    if is_api {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    add(headers, CACHE_CONTROL, "no-store");
    if https {
        add(
            headers,
            STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        );
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Tells whether people reach us over HTTPS, by the settings as last known: this must not wait.
pub async fn served_over_https(app: &App) -> bool {
    let settings = app.parts().settings.known().await;
    let configured = settings.map(|s| s.text("instance.base_url"));
    configured.is_some_and(|url| url.starts_with("https://"))
}
