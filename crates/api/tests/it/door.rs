//! What holds for every request: CSRF defence, headers, problems, pages (ASVS 5.0 V3, V4).

use std::borrow::Cow;

use http::Method;
use serde_json::json;
use sofie_api::{FrontEnd, Metrics, Options};
use sofie_test_support::{TestApp, TestOptions};

#[derive(Debug)]
struct Pages;

impl FrontEnd for Pages {
    fn file(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        let text: &'static [u8] = match path {
            "index.html" => b"<!doctype html>",
            "assets/a-1.js" => b"plain",
            "assets/a-1.js.br" => b"packed",
            _ => return None,
        };
        Some(Cow::Borrowed(text))
    }
}

async fn with_pages() -> TestApp {
    let http = Options {
        front_end: Box::new(Pages),
        metrics: Some(Metrics(Box::new(|| "up 1\n".to_owned()))),
        trusted_proxies: vec!["192.0.2.1".parse().unwrap()],
    };
    TestApp::with(TestOptions {
        http,
        ..TestOptions::default()
    })
    .await
}

#[tokio::test]
async fn another_site_can_not_act_for_a_user() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let forged = |header: &str, value: &str| {
        let request = alice
            .request(Method::PATCH, "/api/v1/me")
            .json(&json!({ "name": "Eve" }));
        if value.is_empty() {
            request.without(header)
        } else {
            request.header(header, value)
        }
    };
    forged("x-sofie", "")
        .send()
        .await
        .expect_problem(403, "csrf");
    forged("sec-fetch-site", "cross-site")
        .send()
        .await
        .expect_problem(403, "csrf");
    forged("sec-fetch-site", "same-site")
        .send()
        .await
        .expect_problem(403, "csrf");
    forged("sec-fetch-site", "")
        .send()
        .await
        .expect_problem(403, "csrf");
    let by_origin = |origin: &str| {
        forged("sec-fetch-site", "")
            .header("host", "files.example.org")
            .header("origin", origin)
    };
    by_origin("https://evil.example.org")
        .send()
        .await
        .expect_problem(403, "csrf");
    by_origin("null").send().await.expect_problem(403, "csrf");
    let _ = by_origin("https://files.example.org")
        .send()
        .await
        .expect(200);

    let read = alice
        .request(Method::GET, "/api/v1/session")
        .header("sec-fetch-site", "cross-site");
    read.send().await.expect_problem(403, "csrf");
}

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let request = alice
            .request(Method::PATCH, "/api/v1/me")
            .bytes(media_type, "{}");
        request
            .send()
            .await
            .expect_problem(415, "unsupported_media_type");
    }
    let broken = alice
        .request(Method::PATCH, "/api/v1/me")
        .bytes("application/json", "{");
    broken.send().await.expect_problem(400, "invalid");
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000));
    let huge = alice
        .request(Method::PATCH, "/api/v1/me")
        .bytes("application/json", huge);
    huge.send().await.expect_problem(413, "too_large");
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let app = with_pages().await;
    let nobody = app.anonymous();
    let requests = [
        (Method::GET, "/"),
        (Method::GET, "/api/v1/session"),
        (Method::GET, "/api/v1/nothing"),
        (Method::PUT, "/api/v1/session"),
        (Method::GET, "/api/v1/sessions"),
        (Method::GET, "/healthz"),
        (Method::GET, "/assets/a-1.js"),
    ];
    let mut ids = std::collections::HashSet::new();
    for (method, path) in requests {
        let answer = nobody
            .request(method, path)
            .header("x-request-id", "mine")
            .send()
            .await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            "same-origin",
            "{path}"
        );
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            "same-origin",
            "{path}"
        );
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{path}"
        );
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(answer.header("server"), "", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        if !path.starts_with("/assets") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
        let id = answer.header("x-request-id").to_owned();
        assert!(id != "mine" && ids.insert(id.clone()), "{path}");
        if answer.header("content-type") == "application/problem+json" {
            assert_eq!(answer.json()["request_id"], id, "{path}");
        }
    }
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay_there() {
    let app = TestApp::start().await;
    app.set("instance.base_url", "https://files.example.org")
        .await;
    let answer = app.anonymous().get("/api/v1/session").await.expect(200);
    assert!(
        answer
            .header("strict-transport-security")
            .starts_with("max-age=63072000")
    );
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_problems() {
    let app = with_pages().await;
    let nobody = app.anonymous();
    nobody
        .get("/api/v1/nothing")
        .await
        .expect_problem(404, "not_found");
    nobody.get("/api").await.expect_problem(404, "not_found");
    nobody
        .get("/api/v1/sessions/not-an-id")
        .await
        .expect_problem(405, "method_not_allowed");
    let answer = nobody.request(Method::PUT, "/api/v1/session").send().await;
    answer.expect_problem(405, "method_not_allowed");
    assert!(
        answer.header("allow").contains("DELETE"),
        "{}",
        answer.header("allow")
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn pages_are_served_for_their_own_addresses_only() {
    let app = with_pages().await;
    let nobody = app.anonymous();
    for path in [
        "/",
        "/login",
        "/p/123",
        "/admin/packages/123",
        "/packages/1?x=y",
    ] {
        let answer = nobody.get(path).await.expect(200);
        assert_eq!(
            answer.header("content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
        assert!(
            answer
                .header("content-security-policy")
                .contains("script-src 'self'"),
            "{path}"
        );
    }
    for path in [
        "/wp-login.php",
        "/login/x.php",
        "/nothing",
        "/../etc/passwd",
        "/index.html.br",
    ] {
        nobody.get(path).await.expect_problem(404, "not_found");
    }
    let lost = nobody
        .request(Method::GET, "/nothing")
        .header("accept", "text/html")
        .send()
        .await;
    assert_eq!(lost.expect(404).body, "<!doctype html>");

    let asset = |encodings| {
        nobody
            .request(Method::GET, "/assets/a-1.js")
            .header("accept-encoding", encodings)
            .send()
    };
    let packed = asset("gzip, br").await.expect(200);
    assert_eq!(
        (packed.body.as_ref(), packed.header("content-encoding")),
        (&b"packed"[..], "br")
    );
    assert!(packed.header("cache-control").contains("immutable"));
    let plain = asset("gzip").await.expect(200);
    assert_eq!(
        (plain.body.as_ref(), plain.header("content-encoding")),
        (&b"plain"[..], "")
    );
}

#[tokio::test]
async fn signs_of_life_are_for_all_and_metrics_for_the_machine_itself() {
    let app = with_pages().await;
    let outside = app.anonymous().from_address([203, 0, 113, 9]);
    let _ = outside.get("/healthz").await.expect(200);
    let _ = outside.get("/readyz").await.expect(200);
    outside
        .get("/metrics")
        .await
        .expect_problem(404, "not_found");
    let inside = app.anonymous().from_address([127, 0, 0, 1]);
    assert_eq!(inside.get("/metrics").await.expect(200).body, "up 1\n");
    let proxied = inside
        .request(Method::GET, "/metrics")
        .header("x-forwarded-for", "203.0.113.9");
    proxied.send().await.expect_problem(404, "not_found");
    app.web.db().close().await;
    outside
        .get("/readyz")
        .await
        .expect_problem(503, "unavailable");
    let _ = outside.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn the_audit_log_knows_the_client_behind_a_trusted_proxy_only() {
    let app = with_pages().await;
    let attempt = async |client: sofie_test_support::Client| {
        let body = json!({ "email": "x@example.org", "password": "guess" });
        let request = client.request(Method::POST, "/api/v1/session").json(&body);
        let answer = request.header("x-real-ip", "198.51.100.77").send().await;
        let _ = answer.expect(401);
    };
    attempt(app.anonymous()).await;
    attempt(app.anonymous().from_address([203, 0, 113, 9])).await;
    let root = app.administrator("root@example.org").await;
    let log = root
        .get("/api/v1/admin/audit?event=USER_LOGIN_FAILED")
        .await
        .expect(200)
        .json();
    assert_eq!(log["items"][0]["ip"], "203.0.113.9");
    assert_eq!(log["items"][1]["ip"], "198.51.100.77");
}

#[tokio::test]
async fn the_document_describes_every_route() {
    let app = TestApp::start().await;
    let document = app
        .anonymous()
        .get("/api/openapi.json")
        .await
        .expect(200)
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/v1/session"]["post"].is_object());
    assert_eq!(
        document,
        serde_json::to_value(sofie_api::openapi()).unwrap()
    );
}
