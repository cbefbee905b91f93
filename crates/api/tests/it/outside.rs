//! Outside access: how long it lasts, what ends it, and what somebody outside can't make us do.

use chrono::TimeDelta;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use sofie_app::{Context, outbox};
use sofie_domain::{AdministratorPermission, UserPermission};
use sofie_test_support::{Client, TestApp};

use super::fixture::{eicar, fetch, look, send};

/// The texts of the mails of a kind, newest first.
async fn mails(app: &TestApp, kind: &str) -> Vec<(String, String)> {
    let ctx = Context::system(app.app.now());
    let page = outbox::list(&app.app, &ctx, None, 100).await.unwrap();
    let mut found = Vec::new();
    for mail in page.items.into_iter().filter(|mail| mail.row.kind == kind) {
        let id = sofie_domain::MailId(mail.row.id);
        let opened = outbox::get(&app.app, &ctx, id).await.unwrap();
        found.push((mail.row.state, opened.mail.text));
    }
    found
}

/// The part of a link in a text that is behind the `#`.
fn secret(text: &str) -> &str {
    let rest = text.split_once('#').unwrap().1;
    rest.split_whitespace().next().unwrap()
}

fn code(text: &str) -> String {
    let digits = |word: &&str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    let pair = words.windows(2).find(|two| two.iter().all(digits));
    pair.unwrap().concat()
}

async fn opens(client: &Client, secret: &str) -> Value {
    let open = json!({ "secret": secret });
    let answer = client.post("/api/v1/links/open", open).await;
    answer.expect(200).json()
}

/// Proves the address behind a link that the browser has opened.
async fn proves(app: &TestApp, client: &Client, package: &str) {
    let visit = format!("/api/v1/visits/{package}");
    let _ = client
        .post_empty(&format!("{visit}/code"))
        .await
        .expect(200);
    app.drain().await;
    let code = code(&mails(app, "package_code").await[0].1);
    let proved = client
        .post(&format!("{visit}/verify"), json!({ "code": code }))
        .await;
    assert_eq!(proved.expect(200).json()["step"], "ready");
}

async fn step(client: &Client, package: &str) -> Value {
    let visit = client.get(&format!("/api/v1/visits/{package}")).await;
    visit.expect(200).json()["step"].clone()
}

/// A package for somebody outside, whose browser has opened the link and proved the address.
async fn visited(app: &TestApp, eva: &Client) -> (String, Client) {
    let package = send(eva, "carol@example.net", &[("a.txt", b"hello")]).await;
    app.drain().await;
    let carol = app.anonymous();
    let text = mails(app, "new_package").await.remove(0).1;
    assert_eq!(opens(&carol, secret(&text)).await["step"], "code");
    proves(app, &carol, &package).await;
    (package, carol)
}

#[tokio::test]
async fn what_a_browser_proved_runs_out() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (package, carol) = visited(&app, &eva).await;
    app.advance(TimeDelta::hours(11));
    assert_eq!(step(&carol, &package).await, "ready");
    app.advance(TimeDelta::hours(11));
    assert_eq!(step(&carol, &package).await, "ready", "it was used");
    app.advance(TimeDelta::hours(2) + TimeDelta::seconds(1));
    assert_eq!(step(&carol, &package).await, "code", "a day is over");
    let path = format!("/api/v1/packages/{package}/zip");
    assert!(carol.get(&path).await.status.is_client_error());

    proves(&app, &carol, &package).await;
    app.advance(TimeDelta::hours(12));
    assert_eq!(step(&carol, &package).await, "code", "it lay idle");
    app.advance(TimeDelta::minutes(1));
    assert_eq!(
        step(&carol, &package).await,
        "code",
        "and does not come back"
    );
}

#[tokio::test]
async fn a_password_given_runs_out_too() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let ask =
        json!({"email": "carol@example.net", "password": "crimson otter lamp", "send_mail": false});
    let request = eva.post("/api/v1/requests", ask).await.expect(201).json();
    let carol = app.anonymous();
    let visit = opens(&carol, secret(request["link"].as_str().unwrap())).await;
    assert_eq!(visit["step"], "password");
    let path = format!("/api/v1/visits/{}", visit["id"].as_str().unwrap());
    let password = json!({"password": "crimson otter lamp"});
    let given = carol.post(&format!("{path}/password"), password).await;
    assert_eq!(given.expect(200).json()["step"], "ready");
    app.advance(TimeDelta::hours(12));
    let visit = carol.get(&path).await.expect(200).json();
    assert_eq!(visit["step"], "password");
    assert_eq!(visit["request"], Value::Null);
}

/// The next person at the computer stands where a stranger does.
#[tokio::test]
async fn who_leaves_is_forgotten() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (package, carol) = visited(&app, &eva).await;
    let cookie = carol.cookie(sofie_api::cookies::VISITOR).unwrap();
    let _ = carol.delete("/api/v1/session").await.expect(204);
    assert_eq!(carol.cookie(sofie_api::cookies::VISITOR), None);
    let thief = app.anonymous();
    thief.set_cookie(sofie_api::cookies::VISITOR, &cookie);
    let visit = format!("/api/v1/visits/{package}");
    thief.get(&visit).await.expect_problem(404, "not_found");
    let session = thief.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["visitor"], Value::Null);
}

#[tokio::test]
async fn a_user_who_logs_out_leaves_no_visitor_behind() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let ask = json!({"email": "bob@example.org", "send_mail": false});
    let request = eva.post("/api/v1/requests", ask).await.expect(201).json();
    let visit = opens(&bob, secret(request["link"].as_str().unwrap())).await;
    let cookie = bob.cookie(sofie_api::cookies::VISITOR).unwrap();
    let _ = bob.delete("/api/v1/session").await.expect(204);
    let next = app.anonymous();
    next.set_cookie(sofie_api::cookies::VISITOR, &cookie);
    let path = format!("/api/v1/visits/{}", visit["id"].as_str().unwrap());
    next.get(&path).await.expect_problem(404, "not_found");
}

/// Asks for files and returns the request's id and the secret of its link.
async fn asked(eva: &Client) -> (String, String) {
    let ask = json!({"email": "carol@example.net", "send_mail": false});
    let request = eva.post("/api/v1/requests", ask).await.expect(201).json();
    let secret = secret(request["link"].as_str().unwrap()).to_owned();
    (request["id"].as_str().unwrap().to_owned(), secret)
}

#[tokio::test]
async fn a_request_has_one_answer_at_a_time() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (request, secret) = asked(&eva).await;
    let (phone, desk) = (app.anonymous(), app.anonymous());
    for browser in [&phone, &desk] {
        let _ = opens(browser, &secret).await;
    }
    let answer = json!({ "request_id": request });
    let tries = (0..12).map(|n| {
        let browser = if n % 2 == 0 { &phone } else { &desk };
        browser.post("/api/v1/packages", answer.clone())
    });
    let tries = join_all(tries).await;
    let made: Vec<_> = tries.iter().filter(|t| t.status == 201).collect();
    assert_eq!(made.len(), 1);
    let id = made[0].json()["id"].clone();
    let (of_phone, of_desk): (Vec<_>, Vec<_>) =
        tries.iter().enumerate().partition(|(n, _)| n % 2 == 0);
    let first_is_phone = of_phone.iter().any(|(_, t)| t.status == 201);
    let (mine, others) = if first_is_phone {
        (of_phone, of_desk)
    } else {
        (of_desk, of_phone)
    };
    for (_, answer) in mine {
        assert_eq!(answer.json()["id"], id, "who began it goes on with it");
    }
    for (_, answer) in others {
        answer.expect_problem(409, "answer_begun");
    }

    // It is still there after a reload, with its files; the other browser sees nothing of it.
    let (owner, other) = if first_is_phone {
        (&phone, &desk)
    } else {
        (&desk, &phone)
    };
    let visit = format!("/api/v1/visits/{request}");
    assert_eq!(
        owner.get(&visit).await.expect(200).json()["package"]["id"],
        id
    );
    assert_eq!(
        other.get(&visit).await.expect(200).json()["package"],
        Value::Null
    );

    let over = json!({ "request_id": request, "start_over": true });
    let anew = other
        .post("/api/v1/packages", over)
        .await
        .expect(201)
        .json();
    assert_ne!(anew["id"], id);
    let old = format!("/api/v1/packages/{}", id.as_str().unwrap());
    owner.get(&old).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn an_answer_under_way_is_not_thrown_away() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let (request, secret) = asked(&eva).await;
    let (phone, desk) = (app.anonymous(), app.anonymous());
    for browser in [&phone, &desk] {
        let _ = opens(browser, &secret).await;
    }
    let made = phone
        .post("/api/v1/packages", json!({ "request_id": request }))
        .await;
    let path = format!(
        "/api/v1/packages/{}",
        made.expect(201).json()["id"].as_str().unwrap()
    );
    // Sent, with one file still to come.
    let _ = phone
        .post(&format!("{path}/send"), json!({ "files": 1 }))
        .await
        .expect(200);
    let over = json!({ "request_id": request, "start_over": true });
    desk.post("/api/v1/packages", over)
        .await
        .expect_problem(409, "answer_begun");
    let put = phone.request(Method::PUT, &format!("{path}/files/a.txt"));
    let _ = put.bytes("text/plain", "hello").send().await.expect(201);
    app.drain().await;
    let got = eva
        .get("/api/v1/packages?box=inbox")
        .await
        .expect(200)
        .json();
    assert_eq!(got["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_password_of_a_request_is_one() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    for (password, code) in [("x", "too_short"), ("password", "common_password")] {
        let ask = json!({"email": "carol@example.net", "password": password, "send_mail": false});
        let refused = eva.post("/api/v1/requests", ask).await;
        refused.expect_problem(422, "invalid");
        assert_eq!(
            refused.json()["errors"],
            json!([{ "field": "password", "code": code }])
        );
    }
}

/// Returns the entries of an event, newest first.
async fn entries(admin: &Client, event: &str) -> Vec<Value> {
    let path = format!("/api/v1/admin/audit?event={event}&limit=200");
    let list = admin.get(&path).await.expect(200).json();
    list["items"].as_array().unwrap().clone()
}

/// The log tells of a flood and is not flooded.
#[tokio::test]
async fn refusals_do_not_fill_the_log() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let mallory = app.user("mallory@example.org").await;
    let admin = app.administrator("root@example.org").await;
    let (package, carol) = visited(&app, &eva).await;
    let file = look(&eva, &package).await["files"][0].clone();
    for _ in 0..100 {
        fetch(&mallory, &package, &file)
            .await
            .expect_problem(404, "not_found");
    }
    let refused = entries(&admin, "FILE_REFUSED").await;
    assert_eq!(refused.len(), 9, "five, and at 8, 16, 32 and 64");
    assert_eq!(refused[0]["data"]["times"], 64);
    assert_eq!(refused[8]["data"]["times"], Value::Null);

    app.advance(TimeDelta::hours(12));
    let visit = format!("/api/v1/visits/{package}");
    let _ = carol.post_empty(&format!("{visit}/code")).await.expect(200);
    for _ in 0..100 {
        let guess = json!({ "code": "0000 0000" });
        carol
            .post(&format!("{visit}/verify"), guess)
            .await
            .expect_problem(403, "wrong_code");
    }
    let admin = app.administrator("root@example.org").await;
    assert_eq!(entries(&admin, "CODE_WRONG").await.len(), 9);
    app.advance(TimeDelta::hours(1));
    fetch(&mallory, &package, &file)
        .await
        .expect_problem(404, "not_found");
    let admin = app.administrator("root@example.org").await;
    assert_eq!(
        entries(&admin, "FILE_REFUSED").await.len(),
        10,
        "another hour"
    );
}

async fn disable(admin: &Client, email: &str) {
    let found = admin
        .get(&format!("/api/v1/admin/users?q={email}"))
        .await
        .expect(200)
        .json();
    let path = format!(
        "/api/v1/admin/users/{}",
        found["items"][0]["id"].as_str().unwrap()
    );
    let _ = admin
        .patch(&path, json!({ "state": "disabled" }))
        .await
        .expect(200);
}

async fn draft(client: &Client, body: Value) -> String {
    let made = client
        .post("/api/v1/packages", body)
        .await
        .expect(201)
        .json();
    let path = format!("/api/v1/packages/{}", made["id"].as_str().unwrap());
    let put = client.request(Method::PUT, &format!("{path}/files/a.txt"));
    let _ = put.bytes("text/plain", "hello").send().await.expect(201);
    path
}

/// What was right when the draft was made is asked again when it is sent.
#[tokio::test]
async fn a_draft_is_looked_at_again_when_it_is_sent() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let _bob = app.user("bob@example.org").await;
    let path = draft(&eva, json!({ "recipients": ["bob@example.org"] })).await;
    let internal = draft(&eva, json!({ "type": "internal" })).await;
    disable(&admin, "bob@example.org").await;
    let refused = eva.post_empty(&format!("{path}/send")).await;
    refused.expect_problem(422, "invalid");
    let wrong = json!([{ "field": "recipients", "code": "disabled_recipient" }]);
    assert_eq!(refused.json()["errors"], wrong);

    let found = admin
        .get("/api/v1/admin/users?q=eva@")
        .await
        .expect(200)
        .json();
    let user = format!(
        "/api/v1/admin/users/{}",
        found["items"][0]["id"].as_str().unwrap()
    );
    let left = json!({ "permissions": [UserPermission::SendPrivate.as_str()] });
    let _ = admin.patch(&user, left).await.expect(200);
    let refused = eva.post_empty(&format!("{internal}/send")).await;
    let wrong = json!([{ "field": "type", "code": "not_allowed" }]);
    assert_eq!(refused.json()["errors"], wrong);
}

#[tokio::test]
async fn a_request_of_a_disabled_user_takes_nothing() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    let eva = app.user("eva@example.org").await;
    let (request, secret) = asked(&eva).await;
    let carol = app.anonymous();
    let _ = opens(&carol, &secret).await;
    let path = draft(&carol, json!({ "request_id": request })).await;
    disable(&admin, "eva@example.org").await;
    let sent = carol.post_empty(&format!("{path}/send")).await;
    sent.expect_problem(404, "link_invalid");
    let open = json!({ "secret": secret });
    let again = app.anonymous().post("/api/v1/links/open", open).await;
    again.expect_problem(404, "link_invalid");
}

/// A guest with a proved address.
pub async fn guest(app: &TestApp) -> Client {
    app.set("guest_form.enabled", true).await;
    let guest = app.anonymous();
    let email = json!({ "email": "dan@example.net" });
    let _ = guest.post("/api/v1/guest/code", email).await.expect(202);
    app.drain().await;
    let code = code(&mails(app, "guest_code").await[0].1);
    let verify = json!({ "code": code });
    let _ = guest.post("/api/v1/guest/verify", verify).await.expect(200);
    guest
}

#[tokio::test]
async fn a_guest_is_looked_at_again_when_it_sends() {
    let app = TestApp::start().await;
    let admin = app.administrator("root@example.org").await;
    for user in ["bob@example.org", "eva@example.org"] {
        let _ = app.user(user).await;
    }
    let guest = guest(&app).await;
    let to_bob = draft(&guest, json!({ "recipients": ["bob@example.org"] })).await;
    let to_eva = draft(&guest, json!({ "recipients": ["eva@example.org"] })).await;
    disable(&admin, "bob@example.org").await;
    let refused = guest.post_empty(&format!("{to_bob}/send")).await;
    let wrong = json!([{ "field": "recipients", "code": "unknown_recipient" }]);
    assert_eq!(refused.json()["errors"], wrong);
    app.set("guest_form.enabled", false).await;
    let refused = guest.post_empty(&format!("{to_eva}/send")).await;
    refused.expect_problem(403, "forbidden");
}

/// Whoever sits there tomorrow is not the sender of what a guest sent today.
#[tokio::test]
async fn a_guest_is_the_sender_for_a_day() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let guest = guest(&app).await;
    let path = draft(&guest, json!({ "recipients": ["eva@example.org"] })).await;
    let _ = guest.post_empty(&format!("{path}/send")).await.expect(200);
    app.drain().await;
    let _ = guest.get(&path).await.expect(200);
    app.advance(TimeDelta::hours(12));
    guest.get(&path).await.expect_problem(404, "not_found");
    guest.delete(&path).await.expect_problem(404, "not_found");
    let session = guest.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["visitor"]["email"], Value::Null);
    let _ = app
        .user("eva@example.org")
        .await
        .get(&path)
        .await
        .expect(200);
    drop(eva);
}

/// A notice that could not go while the package was away goes when it is back.
#[tokio::test]
async fn a_restored_package_is_announced_after_all() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    app.set("mail.smtp_host", "127.0.0.1").await;
    app.set("mail.smtp_port", 1).await;
    let package = send(&eva, "carol@example.net", &[("a.txt", b"hello")]).await;
    app.drain().await;
    assert_eq!(
        mails(&app, "new_package").await[0].0,
        "queued",
        "nobody takes it"
    );
    let path = format!("/api/v1/packages/{package}");
    let _ = eva.delete(&path).await.expect(204);
    app.pass(TimeDelta::minutes(20)).await;
    app.drain().await;
    assert_eq!(mails(&app, "new_package").await[0].0, "failed");

    app.set("mail.smtp_host", "").await;
    let eva = app.user("eva@example.org").await;
    let _ = eva.post_empty(&format!("{path}/restore")).await.expect(200);
    app.drain().await;
    let after = mails(&app, "new_package").await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].0, "held", "it is with whoever delivers mail here");
}

#[tokio::test]
async fn contents_are_read_with_a_permission_and_a_reason() {
    use AdministratorPermission as May;
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let root = app.administrator("root@example.org").await;
    let clerk = [May::Packages, May::Logs, May::Quarantine];
    let clerk = app.administrator_who_may("clerk@example.org", &clerk).await;
    let files: [(&str, &[u8]); 2] = [("a.txt", b"hello"), ("b.txt", &eicar())];
    let package = send(&eva, "bob@example.org", &files).await;
    app.drain().await;
    let seen = look(&eva, &package).await;
    let path = |n: usize| {
        let file = seen["files"][n]["id"].as_str().unwrap();
        format!("/api/v1/admin/packages/{package}/files/{file}/content")
    };
    let with = |n: usize| format!("{}?reason=case%2042", path(n));
    clerk.get(&with(0)).await.expect_problem(403, "forbidden");
    eva.get(&with(0))
        .await
        .expect_problem(401, "unauthenticated");
    root.get(&path(0)).await.expect_problem(422, "invalid");
    assert!(entries(&root, "FILE_READ").await.is_empty());
    // What is held leaves to nobody.
    root.get(&with(1)).await.expect_problem(403, "forbidden");

    let look = root
        .request(Method::HEAD, &with(0))
        .send()
        .await
        .expect(200);
    assert_eq!(look.header("content-length"), "5");
    assert!(entries(&root, "FILE_READ").await.is_empty(), "only looked");
    let read = root.get(&with(0)).await.expect(200);
    assert_eq!(read.body.as_ref(), b"hello");
    assert_eq!(read.header("content-type"), "application/octet-stream");
    let noted = entries(&root, "FILE_READ").await;
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0]["data"]["reason"], "case 42");
    assert_eq!(noted[0]["actor"]["label"], "root@example.org");
    let tracking = eva
        .get(&format!("/api/v1/packages/{package}/tracking"))
        .await;
    let tracking = tracking.expect(200).json();
    assert_eq!(tracking["others"][0]["who"], "root@example.org");
}

#[tokio::test]
async fn a_search_finds_and_has_a_budget() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let bob = app.user("bob@example.org").await;
    let body = json!({ "title": "Plány mostu", "recipients": ["bob@example.org"],
        "blind_recipients": ["hidden@example.net"] });
    let path = draft(&eva, body).await;
    let other = draft(
        &eva,
        json!({ "title": "Other", "recipients": ["x@example.net"] }),
    )
    .await;
    for path in [&path, &other] {
        let _ = eva.post_empty(&format!("{path}/send")).await.expect(200);
    }
    app.drain().await;
    let count = async |client: &Client, of: &str, q: &str| {
        let found = client
            .get(&format!("/api/v1/packages?box={of}&q={q}"))
            .await;
        found.expect(200).json()["items"].as_array().unwrap().len()
    };
    for (q, hits) in [
        ("MOSTU", 1),
        ("pl%C3%81NY", 1),
        ("hidden@", 1),
        ("example", 2),
        ("nothing", 0),
    ] {
        assert_eq!(count(&eva, "sent", q).await, hits, "{q}");
    }
    assert_eq!(count(&bob, "inbox", "mostu").await, 1);
    assert_eq!(
        count(&bob, "inbox", "hidden@").await,
        0,
        "not for the others"
    );
    // A page that is full goes on from its last row.
    let first = eva
        .get("/api/v1/packages?box=sent&q=example&limit=1")
        .await
        .expect(200)
        .json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = eva
        .get(&format!(
            "/api/v1/packages?box=sent&q=example&limit=1&cursor={cursor}"
        ))
        .await;
    let second = second.expect(200).json();
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);

    for _ in 0..118 {
        let _ = count(&bob, "inbox", "x").await;
    }
    let late = bob.get("/api/v1/packages?box=inbox&q=x").await;
    late.expect_problem(429, "rate_limited");
    let _ = bob.get("/api/v1/packages?box=inbox").await.expect(200);
}
