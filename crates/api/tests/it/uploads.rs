use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Method;
use serde_json::{Value, json};
use sofie_app::{
    Context, keys,
    uploads::{self, Append, NewFile},
};
use sofie_domain::{Actor, FileId, PackageId};
use sofie_test_support::{Answer, Client, Request, TestApp, TestOptions};

const PATCH_TYPE: &str = "application/offset+octet-stream";

struct Ground {
    app: TestApp,
    eva: Client,
    package: String,
}

impl Ground {
    async fn new() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(app: TestApp) -> Self {
        let eva = app.user("eva@example.org").await;
        let input = json!({"recipients": ["bob@example.org"]});
        let made = eva.post("/api/v1/packages", input).await.expect(201).json();
        let package = made["id"].as_str().unwrap().to_owned();
        Self { app, eva, package }
    }

    fn tus(&self, method: Method, path: &str) -> Request {
        self.eva
            .request(method, path)
            .header("tus-resumable", "1.0.0")
    }

    fn creation(&self, name: &str, size: u64) -> Request {
        let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
        let metadata = [
            pair("package", &self.package),
            pair("filename", name.rsplit('/').next().unwrap()),
            pair("relativePath", name),
        ];
        self.tus(Method::POST, "/api/v1/uploads")
            .header("upload-length", &size.to_string())
            .header("upload-metadata", &metadata.join(","))
    }

    async fn begin(&self, name: &str, size: u64) -> String {
        let answer = self.creation(name, size).send().await.expect(201);
        answer.header("location").to_owned()
    }

    async fn append(&self, upload: &str, offset: usize, bytes: Bytes) -> Answer {
        let request = self
            .tus(Method::PATCH, upload)
            .header("upload-offset", &offset.to_string());
        request.bytes(PATCH_TYPE, bytes).send().await
    }

    async fn offset(&self, upload: &str) -> usize {
        let answer = self.tus(Method::HEAD, upload).send().await.expect(200);
        answer.header("upload-offset").parse().unwrap()
    }

    async fn package(&self) -> Value {
        let path = format!("/api/v1/packages/{}", self.package);
        self.eva.get(&path).await.expect(200).json()
    }

    async fn send(&self, body: Option<Value>) -> Answer {
        let path = format!("/api/v1/packages/{}/send", self.package);
        match body {
            Some(body) => self.eva.post(&path, body).await,
            None => self.eva.post_empty(&path).await,
        }
    }

    async fn put(&self, path: &str, bytes: Bytes, digest: Option<&str>) -> Answer {
        let path = format!("/api/v1/packages/{}/files/{path}", self.package);
        let mut request = self
            .eva
            .request(Method::PUT, &path)
            .bytes("application/octet-stream", bytes);
        if let Some(digest) = digest {
            request = request.header("content-digest", digest);
        }
        request.send().await
    }

    /// Returns the stored plain bytes of a file.
    async fn stored(&self, file: &str) -> Bytes {
        let (package, file): (PackageId, FileId) =
            (self.package.parse().unwrap(), file.parse().unwrap());
        let mut tx = self.app.app.db().read().await.unwrap();
        let spec = keys::blob_spec(&self.app.app, &mut tx, package, file)
            .await
            .unwrap();
        let reader = self.app.app.parts().vault.open(&spec, None).await.unwrap();
        reader.bytes(0..reader.len()).await.unwrap()
    }

    async fn context(&self) -> Context {
        let session = self.eva.get("/api/v1/session").await.expect(200).json();
        let id = session["user"]["id"].as_str().unwrap().parse().unwrap();
        let email = "eva@example.org".parse().unwrap();
        let actor = Actor::User {
            id,
            email,
            session: None,
            token: None,
        };
        Context {
            actor,
            ..Context::anonymous(self.app.app.now())
        }
    }
}

fn id(upload: &str) -> &str {
    upload.rsplit('/').next().unwrap()
}

fn noise(len: usize) -> Bytes {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

#[tokio::test]
async fn abilities_are_told_and_other_versions_refused() {
    let ground = Ground::new().await;
    let answer = ground
        .app
        .anonymous()
        .request(Method::OPTIONS, "/api/v1/uploads")
        .send()
        .await
        .expect(204);
    assert_eq!(answer.header("tus-version"), "1.0.0");
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    assert_eq!(answer.header("tus-max-size"), (100_u64 << 30).to_string());
    assert!(
        answer
            .header("tus-extension")
            .contains("creation-with-upload")
    );
    assert_eq!(answer.header("tus-checksum-algorithm"), "sha256,crc32,sha1");
    let old = ground
        .creation("a", 1)
        .header("tus-resumable", "0.2.2")
        .send()
        .await;
    assert_eq!(
        (old.status.as_u16(), old.header("tus-version")),
        (412, "1.0.0")
    );
    let none = ground
        .creation("a", 1)
        .without("tus-resumable")
        .send()
        .await;
    assert_eq!(none.status, 412);
}

#[tokio::test]
async fn a_file_arrives_in_chunks_of_any_size() {
    let ground = Ground::new().await;
    let file = noise(300_000);
    let upload = ground.begin("folder/ž.bin", 300_000).await;
    let mut at = 0;
    for len in [1, 15, 16_384, 70_001, 1, 100_000] {
        let answer = ground
            .append(&upload, at, file.slice(at..at + len))
            .await
            .expect(204);
        at += len;
        assert_eq!(answer.header("upload-offset"), at.to_string());
        assert!(answer.header("upload-expires").ends_with(" GMT"));
        assert_eq!(ground.offset(&upload).await, at);
    }
    let shown = &ground.package().await["files"][0];
    assert_eq!(
        (&shown["received"], &shown["complete"]),
        (&json!(at), &json!(false))
    );
    let _ = ground
        .append(&upload, at, file.slice(at..))
        .await
        .expect(204);
    let head = ground.tus(Method::HEAD, &upload).send().await.expect(200);
    assert_eq!(head.header("upload-offset"), "300000");
    assert_eq!(head.header("upload-length"), "300000");
    assert_eq!(head.header("cache-control"), "no-store");
    let shown = &ground.package().await["files"][0];
    assert_eq!(
        (&shown["path"], &shown["complete"]),
        (&json!("folder/ž.bin"), &json!(true))
    );
    assert_eq!(ground.stored(id(&upload)).await, file);
    // The answer to the last chunk may get lost: asking again for nothing is fine, for more is not.
    let _ = ground
        .append(&upload, 300_000, Bytes::new())
        .await
        .expect(204);
    ground
        .append(&upload, 0, Bytes::from("x"))
        .await
        .expect_problem(409, "upload_offset_mismatch");
}

#[tokio::test]
async fn creation_can_bring_bytes_along() {
    let ground = Ground::new().await;
    for (name, size, first) in [
        ("whole", 1000, 1000),
        ("large", 400_000, 400_000),
        ("part", 500, 200),
        ("empty", 0, 0),
    ] {
        let file = noise(size);
        let request = ground.creation(name, size as u64);
        let answer = request
            .bytes(PATCH_TYPE, file.slice(..first))
            .send()
            .await
            .expect(201);
        let upload = answer.header("location").to_owned();
        assert_eq!(answer.header("upload-offset"), first.to_string(), "{name}");
        if first < size {
            let _ = ground
                .append(&upload, first, file.slice(first..))
                .await
                .expect(204);
        }
        assert_eq!(ground.stored(id(&upload)).await, file, "{name}");
    }
    let files = ground.package().await["files"].clone();
    assert!(
        files
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["complete"] == true)
    );
}

#[tokio::test]
async fn wrong_requests_take_no_byte() {
    let ground = Ground::new().await;
    let upload = ground.begin("a", 10).await;
    ground
        .append(&upload, 5, Bytes::from("x"))
        .await
        .expect_problem(409, "upload_offset_mismatch");
    ground
        .append(&upload, 0, noise(11))
        .await
        .expect_problem(413, "too_large");
    let plain = ground
        .tus(Method::PATCH, &upload)
        .header("upload-offset", "0");
    plain
        .bytes("application/json", "{}")
        .send()
        .await
        .expect_problem(415, "unsupported_media_type");
    let _ = ground
        .tus(Method::PATCH, &upload)
        .bytes(PATCH_TYPE, "x")
        .send()
        .await
        .expect(400);
    assert_eq!(ground.offset(&upload).await, 0);

    let deferred = ground
        .creation("b", 1)
        .without("upload-length")
        .header("upload-defer-length", "1");
    let _ = deferred.send().await.expect(400);
    ground
        .creation("b", 200 << 30)
        .send()
        .await
        .expect_problem(413, "too_large");
    ground
        .creation("../b", 1)
        .send()
        .await
        .expect_problem(422, "invalid");
    let mallory = ground.app.user("mallory@example.org").await;
    let theirs = mallory
        .request(Method::HEAD, &upload)
        .header("tus-resumable", "1.0.0");
    let _ = theirs.send().await.expect(404);
    assert_eq!(ground.package().await["file_count"], 1);
}

#[tokio::test]
async fn bytes_that_arrive_changed_do_not_count() {
    let ground = Ground::new().await;
    let upload = ground.begin("digits", 27).await;
    let sums = [
        "crc32 y/Q5Jg==",
        "sha1 98O8HYCOBHMq32eZZczDTKeuNEE=",
        "sha256 FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
    ];
    for (n, sum) in sums.into_iter().enumerate() {
        for (bytes, status) in [("123456780", 460), ("123456789", 204)] {
            let request = ground
                .tus(Method::PATCH, &upload)
                .header("upload-offset", &(n * 9).to_string());
            let answer = request
                .header("upload-checksum", sum)
                .bytes(PATCH_TYPE, bytes)
                .send()
                .await;
            let answer = answer.expect(status);
            assert_eq!(answer.header("tus-resumable"), "1.0.0");
            let known = if status == 204 { (n + 1) * 9 } else { n * 9 };
            assert_eq!(ground.offset(&upload).await, known);
        }
    }
    assert_eq!(ground.stored(id(&upload)).await, "123456789".repeat(3));
    let request = ground
        .tus(Method::PATCH, &upload)
        .header("upload-offset", "27");
    let _ = request
        .header("upload-checksum", "md5 AAAA")
        .bytes(PATCH_TYPE, "")
        .send()
        .await
        .expect(400);
}

#[tokio::test]
async fn an_upload_can_be_given_up_and_begun_again() {
    let ground = Ground::new().await;
    let upload = ground.begin("a", 10).await;
    let _ = ground.append(&upload, 0, noise(4)).await.expect(204);
    let _ = ground.tus(Method::DELETE, &upload).send().await.expect(204);
    let _ = ground.tus(Method::HEAD, &upload).send().await.expect(404);
    // The answer to a creation may get lost; the next one takes the place of the orphan.
    let lost = ground.begin("a", 10).await;
    let upload = ground.begin("a", 10).await;
    let _ = ground.tus(Method::HEAD, &lost).send().await.expect(404);
    let _ = ground.append(&upload, 0, noise(10)).await.expect(204);
    assert_eq!(ground.package().await["file_count"], 1);
    // A finished file is not replaced.
    let again = ground.creation("a", 10).send().await;
    again.expect_problem(422, "invalid");
    assert_eq!(again.json()["errors"][0]["code"], "duplicate");
}

#[tokio::test]
async fn a_package_sent_while_uploads_run_is_submitted_by_the_last() {
    let ground = Ground::new().await;
    let (one, two) = (ground.begin("1", 5).await, ground.begin("2", 5).await);
    let answer = ground.send(None).await.expect(200).json();
    assert_eq!(
        (&answer["state"], &answer["send_requested"]),
        (&json!("uploading"), &json!(true))
    );
    ground
        .creation("3", 5)
        .send()
        .await
        .expect_problem(409, "conflict");
    let _ = ground.append(&one, 0, noise(5)).await.expect(204);
    assert_eq!(ground.package().await["life"], "uploading");
    let _ = ground.append(&two, 0, noise(5)).await.expect(204);
    assert_eq!(ground.package().await["life"], "submitted");
    assert_eq!(ground.offset(&two).await, 5);
}

#[tokio::test]
async fn a_package_sent_with_a_number_of_files_waits_for_them() {
    let ground = Ground::new().await;
    let one = ground.begin("1", 5).await;
    let _ = ground.append(&one, 0, noise(5)).await.expect(204);
    let none = ground.send(Some(json!({"files": 0}))).await;
    none.expect_problem(422, "invalid");
    let _ = ground.send(Some(json!({"files": 3}))).await.expect(200);
    assert_eq!(ground.package().await["life"], "uploading");
    let _ = ground.put("2", noise(5), None).await.expect(201);
    assert_eq!(ground.package().await["life"], "uploading");
    // One of them will not come after all.
    let answer = ground
        .send(Some(json!({"files": 2})))
        .await
        .expect(200)
        .json();
    assert_eq!(answer["life"], "submitted");
}

/// K9: the blob is committed, its row does not say so.
#[tokio::test]
async fn a_crash_before_the_row_is_healed_by_asking() {
    let ground = Ground::new().await;
    for heal_by_head in [true, false] {
        let name = if heal_by_head { "a" } else { "b" };
        let upload = ground.begin(name, 10).await;
        let (package, file) = (
            ground.package.parse().unwrap(),
            id(&upload).parse().unwrap(),
        );
        let mut tx = ground.app.app.db().read().await.unwrap();
        let spec = keys::blob_spec(&ground.app.app, &mut tx, package, file)
            .await
            .unwrap();
        drop(tx);
        let vault = &ground.app.app.parts().vault;
        let mut appender = vault.appender(&spec, 0).await.unwrap();
        appender.write(noise(10)).await.unwrap();
        appender.commit(10).await.unwrap();
        if heal_by_head {
            assert_eq!(ground.offset(&upload).await, 10);
        } else {
            let _ = ground.append(&upload, 10, Bytes::new()).await.expect(204);
        }
    }
    let files = ground.package().await["files"].clone();
    assert!(
        files
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["complete"] == true)
    );
}

#[tokio::test]
async fn what_came_before_a_connection_broke_counts() {
    let ground = Ground::new().await;
    let ctx = ground.context().await;
    let file = noise(100_000);
    let upload = ground.begin("a", 100_000).await;
    let file_id: FileId = id(&upload).parse().unwrap();
    let parts = [
        Ok(file.slice(..70_000)),
        Err(std::io::Error::other("reset")),
    ];
    let append = Append {
        offset: 0,
        length: Some(100_000),
        checksum: None,
    };
    let broken = uploads::append(
        &ground.app.app,
        &ctx,
        file_id,
        append,
        uploads::from_stream(stream::iter(parts)),
    );
    assert!(broken.await.is_err());
    assert_eq!(ground.offset(&upload).await, 70_000);

    // A connection that only seems to live is taken over at once (PKG-15).
    let alive = stream::iter([Ok::<_, std::io::Error>(file.slice(70_000..80_000))])
        .chain(stream::pending());
    let append = Append {
        offset: 70_000,
        length: Some(30_000),
        checksum: None,
    };
    let app = ground.app.app.clone();
    let hanging = tokio::spawn(async move {
        uploads::append(&app, &ctx, file_id, append, uploads::from_stream(alive)).await
    });
    let offset = loop {
        let offset = ground.offset(&upload).await;
        if hanging.is_finished() {
            break offset;
        }
        tokio::task::yield_now().await;
    };
    assert!(hanging.await.unwrap().is_err());
    assert!(offset == 70_000 || offset == 80_000, "{offset}");
    let _ = ground
        .append(&upload, offset, file.slice(offset..))
        .await
        .expect(204);
    assert_eq!(ground.stored(id(&upload)).await, file);
}

#[tokio::test]
async fn a_file_is_put_in_one_body() {
    let ground = Ground::new().await;
    for (path, len) in [
        ("small.bin", 10),
        ("empty", 0),
        ("a/b/large.bin", 700_000),
        ("a/content", 3),
        ("x/content/y", 4),
    ] {
        let file = noise(len);
        let answer = ground
            .put(path, file.clone(), None)
            .await
            .expect(201)
            .json();
        assert_eq!(
            (&answer["path"], &answer["size"]),
            (&json!(path), &json!(len))
        );
        assert_eq!(
            ground.stored(answer["id"].as_str().unwrap()).await,
            file,
            "{path}"
        );
    }
    let right = "sha-256=:FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=:";
    let _ = ground
        .put("digits", Bytes::from("123456789"), Some(right))
        .await
        .expect(201);
    ground
        .put("other", Bytes::from("12345678"), Some(right))
        .await
        .expect_problem(460, "checksum_mismatch");
    ground
        .put("small.bin", noise(1), None)
        .await
        .expect_problem(422, "invalid");
    ground
        .put("a/../b", noise(1), None)
        .await
        .expect_problem(422, "invalid");
    assert_eq!(ground.package().await["file_count"], 6);
    let unknown = format!("/api/v1/packages/{}/files/unknown", ground.package);
    let chunked = ground
        .eva
        .request(Method::PUT, &unknown)
        .bytes("application/octet-stream", noise(300_000));
    let answer = chunked
        .without("content-length")
        .send()
        .await
        .expect(201)
        .json();
    assert_eq!(answer["size"], 300_000);
}

#[tokio::test]
async fn an_upload_nobody_goes_on_with_expires() {
    let ground = Ground::new().await;
    let upload = ground.begin("a", 10).await;
    for _ in 0..4 {
        ground.app.advance(chrono::TimeDelta::hours(8));
        let eva = ground.app.user("eva@example.org").await;
        let request = eva
            .request(Method::PATCH, &upload)
            .header("tus-resumable", "1.0.0");
        let request = request.header("upload-offset", "0");
        let _ = request.bytes(PATCH_TYPE, "").send().await.expect(204);
    }
    ground.app.advance(chrono::TimeDelta::hours(25));
    let eva = ground.app.user("eva@example.org").await;
    let request = eva
        .request(Method::HEAD, &upload)
        .header("tus-resumable", "1.0.0");
    let _ = request.send().await.expect(404);
}

/// Whoever goes away at whatever moment leaves a whole file or none, and no row without its blob.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_goes_away_leaves_no_row_without_a_blob() {
    let ground = Ground::new().await;
    let ctx = ground.context().await;
    let package: PackageId = ground.package.parse().unwrap();
    for n in 0..60_u64 {
        let len = if n % 2 == 0 { 10 } else { 300_000 };
        let new = NewFile {
            package,
            path: format!("f{n}"),
            length: Some(len as u64),
            checksum: None,
        };
        let body = stream::iter([Ok::<_, std::io::Error>(noise(len))]);
        let put = uploads::put(&ground.app.app, &ctx, new, uploads::from_stream(body));
        let patience = std::time::Duration::from_micros(n * 150);
        let _ = tokio::time::timeout(patience, put).await;
    }
    // A row that is still on its way comes before this or is refused.
    let _ = ground.send(None).await.expect(200);
    let files = ground.package().await["files"].clone();
    let files = files.as_array().unwrap();
    assert!(!files.is_empty(), "nothing arrived at all");
    let mut tx = ground.app.app.db().read().await.unwrap();
    let doomed = sofie_store::doomed_blobs::list(&mut tx, 1000)
        .await
        .unwrap();
    drop(tx);
    for file in files {
        let id = file["id"].as_str().unwrap();
        let bytes = ground.stored(id).await;
        assert_eq!(json!(bytes.len()), file["size"]);
        let mut tx = ground.app.app.db().read().await.unwrap();
        let spec = keys::blob_spec(&ground.app.app, &mut tx, package, id.parse().unwrap());
        assert!(!doomed.contains(&spec.await.unwrap().blob.0));
    }
}

/// A body that comes for a while and then no more, over a connection that stays open.
fn stalling(bytes: Bytes) -> axum::body::Body {
    let coming = stream::iter([Ok::<_, std::io::Error>(bytes)]).chain(stream::pending());
    axum::body::Body::from_stream(coming)
}

/// T18: what came counts, the client may go on, and the one who holds the connection open holds nothing else.
#[tokio::test]
async fn a_body_that_stands_still_is_cut_off_and_the_upload_goes_on() {
    let pace = uploads::Pace {
        idle: std::time::Duration::from_millis(300),
        ..uploads::Pace::default()
    };
    let options = TestOptions {
        pace,
        ..TestOptions::default()
    };
    let ground = Ground::on(TestApp::with(options).await).await;
    let file = noise(100_000);
    let upload = ground.begin("a", 100_000).await;
    let request = ground
        .tus(Method::PATCH, &upload)
        .header("upload-offset", "0");
    let request = request.dripping(PATCH_TYPE, 100_000, stalling(file.slice(..70_000)));
    // 409, and not 408, because that is what clients of tus take for a pause.
    request.send().await.expect_problem(409, "too_slow");
    assert_eq!(ground.offset(&upload).await, 70_000);
    let _ = ground
        .append(&upload, 70_000, file.slice(70_000..))
        .await
        .expect(204);
    assert_eq!(ground.stored(id(&upload)).await, file);

    let path = format!("/api/v1/packages/{}/files/b", ground.package);
    let put = ground.eva.request(Method::PUT, &path);
    let put = put.dripping("application/octet-stream", 9, stalling("1234".into()));
    put.send().await.expect_problem(408, "too_slow");
    let _ = ground
        .put("b", Bytes::from("123456789"), None)
        .await
        .expect(201);
}

/// As much free space as leaves room for so many MiB of files.
fn room(mib: u64) -> u64 {
    uploads::FREE_FLOOR + (mib << 20)
}

#[tokio::test]
async fn what_does_not_fit_beside_what_others_announced_is_refused_before_its_first_byte() {
    let ground = Ground::new().await;
    ground.app.blobs.set_free(Some(room(10)));
    let first = ground.begin("a", 6 << 20).await;
    ground
        .creation("b", 6 << 20)
        .send()
        .await
        .expect_problem(507, "no_space");
    // Not a byte of it is asked for.
    let path = format!("/api/v1/packages/{}/files/b", ground.package);
    let put = ground.eva.request(Method::PUT, &path);
    let put = put.dripping("application/octet-stream", 6 << 20, stalling(Bytes::new()));
    put.send().await.expect_problem(507, "no_space");
    // The same file again is no second one.
    let again = ground.begin("a", 6 << 20).await;
    assert_ne!(first, again);
    let _ = ground.begin("small", 3 << 20).await;
    let _ = ground.tus(Method::DELETE, &again).send().await.expect(204);
    let _ = ground.begin("b", 6 << 20).await;
}

#[tokio::test]
async fn of_many_at_once_as_many_are_taken_as_fit() {
    let ground = Ground::new().await;
    ground.app.blobs.set_free(Some(room(20)));
    let names: Vec<String> = (0..10).map(|n| format!("f{n}")).collect();
    let all = names
        .iter()
        .map(|name| ground.creation(name, 6 << 20).send());
    let answers = futures_util::future::join_all(all).await;
    let taken = answers.iter().filter(|answer| answer.status == 201);
    assert_eq!(taken.count(), 3);
    let full = answers.iter().filter(|answer| answer.status == 507);
    assert_eq!(full.count(), 7);
}

#[tokio::test]
async fn what_has_come_is_not_expected_any_more() {
    let ground = Ground::new().await;
    // The store in memory takes what was written twice, an unfinished tail, for good: some 8 MiB here.
    ground.app.blobs.set_free(Some(room(48)));
    let upload = ground.begin("a", 24 << 20).await;
    let _ = ground.append(&upload, 0, noise(20 << 20)).await.expect(204);
    // 4 MiB are to come and 20 are free; had nobody noted the 20, it would be too much.
    let _ = ground.begin("b", 10 << 20).await;
}

/// P5: a full disk in the middle costs what was not acknowledged, and nothing else.
#[tokio::test]
async fn an_upload_survives_a_full_disk() {
    let ground = Ground::new().await;
    let file = noise(900_000);
    let upload = ground.begin("a", 900_000).await;
    let _ = ground
        .append(&upload, 0, file.slice(..300_000))
        .await
        .expect(204);
    ground.app.blobs.set_free(Some(100_000));
    ground
        .append(&upload, 300_000, file.slice(300_000..800_000))
        .await
        .expect_problem(507, "no_space");
    let offset = ground.offset(&upload).await;
    assert!((300_000..800_000).contains(&offset), "{offset}");
    ground
        .put("b", noise(700_000), None)
        .await
        .expect_problem(507, "no_space");
    assert_eq!(ground.package().await["file_count"], 1);
    ground.app.blobs.set_free(None);
    let _ = ground
        .append(&upload, offset, file.slice(offset..))
        .await
        .expect(204);
    assert_eq!(ground.stored(id(&upload)).await, file);
    let _ = ground.put("b", noise(700_000), None).await.expect(201);
}

#[tokio::test]
async fn an_empty_file_whose_answer_was_lost_is_one_file() {
    let ground = Ground::new().await;
    let one = ground.begin("empty", 0).await;
    assert_eq!(ground.begin("empty", 0).await, one);
    assert_eq!(ground.package().await["file_count"], 1);
    let other = ground.creation("empty", 5).send().await;
    other.expect_problem(422, "invalid");
}
