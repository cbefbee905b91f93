use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use sofie_domain::UserPermission;
use sofie_test_support::{Answer, Client, TestApp};

async fn draft(client: &Client, body: Value) -> String {
    let made = client
        .post("/api/v1/packages", body)
        .await
        .expect(201)
        .json();
    assert_eq!(made["state"], "draft");
    made["id"].as_str().unwrap().to_owned()
}

async fn put(client: &Client, package: &str, path: &str, bytes: &'static [u8]) -> Answer {
    let path = format!("/api/v1/packages/{package}/files/{path}");
    let request = client.request(Method::PUT, &path);
    request
        .bytes("application/octet-stream", bytes)
        .send()
        .await
}

/// Makes and sends a private package with one file.
async fn sent(client: &Client, to: &str) -> String {
    let id = draft(client, json!({"title": "Plans", "recipients": [to]})).await;
    let _ = put(client, &id, "a.txt", b"hello").await.expect(201);
    let path = format!("/api/v1/packages/{id}/send");
    let answer = client.post_empty(&path).await.expect(200).json();
    assert_eq!(answer["life"], "submitted");
    id
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    let list = client
        .get(&format!("/api/v1/packages?{query}"))
        .await
        .expect(200)
        .json();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn problems(answer: &Answer) -> Vec<(String, String)> {
    answer.expect_problem(422, "invalid");
    let word = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|e| (word(e, "field"), word(e, "code")))
        .collect()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn a_draft_is_written_and_sent() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = draft(&eva, json!({})).await;
    let path = format!("/api/v1/packages/{id}");
    let input = json!({
        "title": " Plány ", "note": "a\r\nb", "recipients": ["Bob@Example.com"],
        "blind_recipients": ["boss@example.org"], "expires_in_days": 7, "access_limit": 3,
        "password": "violet harbour seldom",
    });
    let changed = eva.patch(&path, input).await.expect(200).json();
    assert_eq!(changed["title"], "Plány");
    assert_eq!(changed["note"], "a\nb");
    assert_eq!(changed["recipients"][0]["email"], "bob@example.com");
    assert_eq!(changed["recipients"][1]["blind"], true);
    assert_eq!(
        (&changed["has_password"], &changed["access_limit"]),
        (&json!(true), &json!(3))
    );

    let changed = eva
        .patch(&path, json!({"password": null, "access_limit": null}))
        .await;
    let changed = changed.expect(200).json();
    assert_eq!(
        (&changed["has_password"], &changed["access_limit"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(changed["recipients"].as_array().unwrap().len(), 2);

    let stale = eva
        .request(Method::PATCH, &path)
        .header("if-match", "\"1\"");
    stale
        .json(&json!({"title": "x"}))
        .send()
        .await
        .expect_problem(412, "version_conflict");

    let file = put(&eva, &id, "plans/a.txt", b"hello")
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&file["path"], &file["name"], &file["size"]),
        (&json!("plans/a.txt"), &json!("a.txt"), &json!(5))
    );
    let done = eva
        .post_empty(&format!("{path}/send"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&done["state"], &done["life"]),
        (&json!("checking"), &json!("submitted"))
    );
    assert_eq!(done["can"]["edit"], false);
    assert_eq!(done["files"][0]["withheld"], "checks_pending");
    assert_eq!(listed(&eva, "box=sent").await, std::slice::from_ref(&id));
    assert!(listed(&eva, "box=drafts").await.is_empty());
    eva.patch(&path, json!({"title": "x"}))
        .await
        .expect_problem(409, "conflict");
    put(&eva, &id, "late.txt", b"x")
        .await
        .expect_problem(409, "conflict");
}

/// Promise 1: nobody learns of a package before its verdict.
#[tokio::test]
async fn a_recipient_sees_nothing_before_the_verdict() {
    let app = TestApp::start().await;
    let (eva, bob) = (
        app.user("eva@example.org").await,
        app.user("bob@example.org").await,
    );
    let id = sent(&eva, "bob@example.org").await;
    assert!(listed(&bob, "box=inbox").await.is_empty());
    bob.get(&format!("/api/v1/packages/{id}"))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn strangers_learn_nothing() {
    let app = TestApp::start().await;
    let (eva, mallory) = (
        app.user("eva@example.org").await,
        app.user("mallory@example.org").await,
    );
    let id = draft(&eva, json!({"recipients": ["bob@example.org"]})).await;
    let file = put(&eva, &id, "a.txt", b"hello").await.expect(201).json();
    let file = file["id"].as_str().unwrap();
    let path = format!("/api/v1/packages/{id}");
    for who in [&mallory, &app.visitor().await, &app.anonymous()] {
        who.get(&path).await.expect_problem(404, "not_found");
        who.patch(&path, json!({"title": "x"}))
            .await
            .expect_problem(404, "not_found");
        who.post_empty(&format!("{path}/send"))
            .await
            .expect_problem(404, "not_found");
        who.post_empty(&format!("{path}/restore"))
            .await
            .expect_problem(404, "not_found");
        who.delete(&path).await.expect_problem(404, "not_found");
        who.delete(&format!("{path}/files/{file}"))
            .await
            .expect_problem(404, "not_found");
        put(who, &id, "b.txt", b"x")
            .await
            .expect_problem(404, "not_found");
        let recipient = json!({"recipient_id": file});
        who.post(&format!("{path}/notify"), recipient)
            .await
            .expect_problem(404, "not_found");
    }
    for who in [&app.visitor().await, &app.anonymous()] {
        who.post("/api/v1/packages", json!({}))
            .await
            .expect_problem(401, "unauthenticated");
        who.get("/api/v1/packages")
            .await
            .expect_problem(401, "unauthenticated");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn wrong_fields_are_named() {
    let app = TestApp::start().await;
    let permissions = [UserPermission::SendPrivate];
    let eva = app.user_who_may("eva@example.org", &permissions).await;
    let many: Vec<String> = (0..101).map(|n| format!("r{n}@example.org")).collect();
    for (input, field, code) in [
        (json!({"title": "x".repeat(201)}), "title", "too_long"),
        (json!({"title": "a\u{7}"}), "title", "invalid"),
        (json!({"note": "x".repeat(10_001)}), "note", "too_long"),
        (json!({"type": "secret"}), "type", "invalid"),
        (json!({"type": "public"}), "type", "not_allowed"),
        (json!({"recipients": ["nobody"]}), "recipients", "invalid"),
        (
            json!({"recipients": ["a@b.cz", "A@B.cz"]}),
            "recipients",
            "duplicate",
        ),
        (
            json!({"recipients": ["a@b.cz"], "blind_recipients": ["a@b.cz"]}),
            "blind_recipients",
            "duplicate",
        ),
        (json!({"recipients": many}), "recipients", "too_many"),
        (
            json!({"recipients": ["eva@example.org"]}),
            "recipients",
            "not_allowed",
        ),
        (
            json!({"expires_in_days": 0}),
            "expires_in_days",
            "too_small",
        ),
        (
            json!({"expires_in_days": 361}),
            "expires_in_days",
            "too_large",
        ),
        (json!({"access_limit": 0}), "access_limit", "too_small"),
        (
            json!({"access_limit": 1_000_001}),
            "access_limit",
            "too_large",
        ),
        (json!({"password": "short"}), "password", "too_short"),
    ] {
        let answer = eva.post("/api/v1/packages", input.clone()).await;
        assert_eq!(
            problems(&answer),
            [(field.to_owned(), code.to_owned())],
            "{input}"
        );
    }
    let unknown = eva.post("/api/v1/packages", json!({"sender": "x"})).await;
    unknown.expect_problem(422, "invalid");
    let id = draft(&eva, json!({})).await;
    let answer = eva.post_empty(&format!("/api/v1/packages/{id}/send")).await;
    let missing = [("recipients", "required"), ("files", "required")];
    assert_eq!(
        problems(&answer),
        missing.map(|(f, c)| (f.to_owned(), c.to_owned()))
    );
}

#[tokio::test]
async fn a_draft_is_shredded_and_a_sent_package_can_come_back() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = draft(&eva, json!({})).await;
    let _ = put(&eva, &id, "a.txt", b"hello").await.expect(201);
    let _ = eva
        .delete(&format!("/api/v1/packages/{id}"))
        .await
        .expect(204);
    eva.get(&format!("/api/v1/packages/{id}"))
        .await
        .expect_problem(404, "not_found");
    let mut tx = app.app.db().read().await.unwrap();
    let found = sofie_store::package_keys::find(&mut tx, id.parse().unwrap()).await;
    assert!(found.unwrap().is_none(), "the key is destroyed");
    let doomed = sofie_store::doomed_blobs::list(&mut tx, 10).await.unwrap();
    assert_eq!(doomed.len(), 1);
    drop(tx);

    let id = sent(&eva, "bob@example.org").await;
    let path = format!("/api/v1/packages/{id}");
    let _ = eva.delete(&path).await.expect(204);
    eva.delete(&path).await.expect_problem(409, "conflict");
    let gone = eva.get(&path).await.expect(200).json();
    assert_eq!(
        (&gone["state"], &gone["can"]["restore"]),
        (&json!("deleted"), &json!(true))
    );
    assert_eq!(listed(&eva, "box=deleted").await, std::slice::from_ref(&id));
    let back = eva
        .post_empty(&format!("{path}/restore"))
        .await
        .expect(200)
        .json();
    assert_eq!(back["life"], "submitted");
    assert!(listed(&eva, "box=deleted").await.is_empty());
    eva.post_empty(&format!("{path}/restore"))
        .await
        .expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_public_package_gets_its_link_when_it_is_sent() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = draft(&eva, json!({"type": "public"})).await;
    let _ = put(&eva, &id, "a.txt", b"hello").await.expect(201);
    let path = format!("/api/v1/packages/{id}");
    assert!(eva.get(&path).await.expect(200).json()["link"].is_null());
    let link = eva
        .post_empty(&format!("{path}/send"))
        .await
        .expect(200)
        .json()["link"]
        .clone();
    let link = link.as_str().unwrap();
    assert!(
        link.starts_with("http://127.0.0.1:9090/p#sofie_lnk_"),
        "{link}"
    );
    assert_eq!(eva.get(&path).await.expect(200).json()["link"], link);
}

#[tokio::test]
async fn the_expiry_of_a_sent_package_can_change_but_nothing_else() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let id = sent(&eva, "bob@example.org").await;
    app.advance(TimeDelta::days(1));
    let eva = app.user("eva@example.org").await;
    let path = format!("/api/v1/packages/{id}");
    let longer = eva
        .patch(&path, json!({"expires_in_days": 90}))
        .await
        .expect(200)
        .json();
    assert_eq!(longer["expires_in_days"], 90);
    let both = eva
        .patch(&path, json!({"expires_in_days": 9, "title": "x"}))
        .await;
    both.expect_problem(409, "conflict");
    let answer = eva.patch(&path, json!({"expires_in_days": 10_000})).await;
    assert_eq!(
        problems(&answer),
        [("expires_in_days".to_owned(), "too_large".to_owned())]
    );
}

#[tokio::test]
async fn lists_have_pages_and_are_searched() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let to = format!("r{n}@example.com");
        let title = if n % 2 == 0 {
            "Účet za vodu"
        } else {
            "Plans"
        };
        ids.push(draft(&eva, json!({"title": title, "recipients": [to]})).await);
    }
    ids.reverse();
    assert_eq!(listed(&eva, "box=drafts").await, ids);
    let mut found = Vec::new();
    let mut query = "box=drafts&limit=2".to_owned();
    loop {
        let page = eva
            .get(&format!("/api/v1/packages?{query}"))
            .await
            .expect(200)
            .json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        found.extend(items.iter().map(|i| i["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("box=drafts&limit=2&cursor={next}");
    }
    assert_eq!(found, ids);
    assert_eq!(listed(&eva, "box=drafts&q=%C3%BA%C4%8Det").await.len(), 3);
    assert_eq!(
        listed(&eva, "box=drafts&q=R3%40example").await,
        [ids[1].clone()]
    );
    assert!(listed(&eva, "box=drafts&q=nothing").await.is_empty());
    eva.get("/api/v1/packages?cursor=x")
        .await
        .expect_problem(422, "invalid");
    eva.get("/api/v1/packages?box=all")
        .await
        .expect_problem(422, "invalid");
}

#[tokio::test]
async fn a_link_shows_nothing_before_the_verdict_and_nobody_else_ever() {
    let app = TestApp::start().await;
    let eva = app.user("eva@example.org").await;
    let body = json!({"type": "public", "title": "Plans", "note": "Look!", "recipients": ["bob@example.org"]});
    let package = draft(&eva, body).await;
    let _ = put(&eva, &package, "a.txt", b"hello").await.expect(201);
    let path = format!("/api/v1/packages/{package}/send");
    let sent = eva.post_empty(&path).await.expect(200).json();
    let secret = sent["link"].as_str().unwrap().split_once('#').unwrap().1;
    let guest = app.anonymous();
    let open = json!({ "secret": secret });
    let _ = guest.post("/api/v1/links/open", open).await.expect(200);
    let path = format!("/api/v1/packages/{package}");
    let bob = app.user("bob@example.org").await;
    let early = guest.get(&path).await.expect(200).json();
    assert_eq!((&early["title"], &early["note"]), (&json!(""), &json!("")));
    assert_eq!(
        (&early["files"], &early["file_count"]),
        (&json!([]), &json!(1))
    );
    assert_eq!(early["state"], "checking");
    // Nobody has told him, and nothing does before the verdict.
    bob.get(&path).await.expect_problem(404, "not_found");
    app.drain().await;
    assert_eq!(bob.get(&path).await.expect(200).json()["title"], "Plans");
    let ready = guest.get(&path).await.expect(200).json();
    assert_eq!(
        (&ready["title"], &ready["note"]),
        (&json!("Plans"), &json!("Look!"))
    );
    assert_eq!(
        (&ready["files"][0]["name"], &ready["recipients"]),
        (&json!("a.txt"), &json!([]))
    );
    let named = bob.get(&path).await.expect(200).json();
    assert_eq!(named["recipients"][0]["email"], "bob@example.org");
}
