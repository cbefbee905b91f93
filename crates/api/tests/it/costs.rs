//! What the hot routes cost: round trips to the database. Fewer is better; more needs a reason and a word here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use sofie_test_support::{Answer, Client, Request, TestApp};

/// A program of the sender's, with a draft.
struct Ground {
    app: TestApp,
    program: Client,
    package: String,
}

impl Ground {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let program = app.token("eva@example.org").await;
        let made = program.post("/api/v1/packages", json!({"type": "public"}));
        let package = made.await.expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            app,
            program,
            package,
        }
    }

    /// Sends a request and counts what it asks of the database, in the background too.
    async fn cost(&self, request: Request) -> (Answer, u64) {
        self.quiet().await;
        let before = self.app.app.db().round_trips();
        let answer = request.send().await;
        self.quiet().await;
        (answer, self.app.app.db().round_trips() - before)
    }

    /// Lets what was begun in the background end; the runtime of a test has one thread.
    async fn quiet(&self) {
        let mut last = u64::MAX;
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            let now = self.app.app.db().round_trips();
            if now == last {
                return;
            }
            last = now;
        }
    }

    fn put(&self, name: &str, body: Vec<u8>) -> Request {
        let path = format!("/api/v1/packages/{}/files/{name}", self.package);
        let put = self.program.request(Method::PUT, &path);
        put.bytes("application/octet-stream", body)
    }

    fn creation(&self, name: &str, size: usize) -> Request {
        let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
        let metadata = [pair("package", &self.package), pair("filename", name)];
        let post = self.program.request(Method::POST, "/api/v1/uploads");
        post.header("tus-resumable", "1.0.0")
            .header("upload-length", &size.to_string())
            .header("upload-metadata", &metadata.join(","))
    }

    /// Sends the package with one file, checked, and returns the path of the file's content.
    async fn delivered(&self, content: Vec<u8>) -> String {
        let put = self.put("a.bin", content).send().await.expect(201).json();
        let path = format!("/api/v1/packages/{}", self.package);
        let send = format!("{path}/send");
        let _ = self.program.post_empty(&send).await.expect(200);
        self.app.drain().await;
        format!("{path}/files/{}/content", put["id"].as_str().unwrap())
    }

    fn range(&self, content: &str, from: usize, to: usize) -> Request {
        let get = self.program.request(Method::GET, content);
        get.header("range", &format!("bytes={from}-{to}"))
    }

    async fn downloads(&self) -> Vec<Value> {
        self.quiet().await;
        let path = format!("/api/v1/packages/{}/tracking", self.package);
        let tracking = self.program.get(&path).await.expect(200).json();
        tracking["others"].as_array().unwrap().clone()
    }
}

/// So long a permit may be good, and a little.
const PERMIT: std::time::Duration = std::time::Duration::from_millis(1_100);

fn noise(len: usize) -> Vec<u8> {
    let byte = |n: usize| n.wrapping_mul(2_654_435_761).to_be_bytes()[4];
    (0..len).map(byte).collect()
}

#[tokio::test]
async fn a_small_file_costs_the_caller_and_its_row() {
    let ground = Ground::new().await;
    // The first one asks for the draft too, and writes down that the token is in use.
    let (_, first) = ground.cost(ground.put("first", noise(10 << 10))).await;
    assert!(first <= 5, "{first}");
    let (answer, put) = ground.cost(ground.put("a", noise(10 << 10))).await;
    assert_eq!((answer.status.as_u16(), put), (201, 2));
    let post = ground.creation("b", 10 << 10);
    let post = post.bytes("application/offset+octet-stream", noise(10 << 10));
    let (answer, post) = ground.cost(post).await;
    assert_eq!((answer.status.as_u16(), post), (201, 2));
}

#[tokio::test]
async fn a_chunk_of_an_upload_costs_the_caller_and_the_upload() {
    let ground = Ground::new().await;
    let _ = ground.put("first", vec![1]).send().await.expect(201);
    // Worth asking how much room there is, and how much of it others have announced.
    let (begun, create) = ground.cost(ground.creation("a", 3 << 20)).await;
    assert_eq!((begun.status.as_u16(), create), (201, 3));
    let mut costs = Vec::new();
    for chunk in 0..3_usize {
        let upload = begun.header("location");
        let patch = ground.program.request(Method::PATCH, upload);
        let patch = patch
            .header("tus-resumable", "1.0.0")
            .header("upload-offset", &(chunk << 20).to_string())
            .bytes("application/offset+octet-stream", noise(1 << 20));
        let (answer, cost) = ground.cost(patch).await;
        assert_eq!(answer.status, 204);
        costs.push(cost);
    }
    // Whoever sends the last one makes the file complete.
    assert_eq!(costs, [2, 2, 3]);
}

#[tokio::test]
async fn a_download_costs_five_and_its_ranges_nothing() {
    let ground = Ground::new().await;
    let whole = noise(300_000);
    let content = ground.delivered(whole.clone()).await;
    let get = |path: &str| ground.program.request(Method::GET, path);
    let (answer, cost) = ground.cost(get(&content)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 300_000));
    // Who calls, the package, the file with its keys, the record with its audit entry, what went out.
    assert_eq!(cost, 5);
    tokio::time::sleep(PERMIT).await;

    let (answer, cost) = ground.cost(ground.range(&content, 65_537, 131_072)).await;
    assert_eq!((answer.status.as_u16(), cost), (206, 4));
    assert_eq!(answer.body, whole[65_537..131_073]);
    // One right after the other, within the second.
    let before = ground.app.app.db().round_trips();
    for from in [7, 65_536, 250_000] {
        let range = ground.range(&content, from, from + 9_999);
        let answer = range.send().await.expect(206);
        assert_eq!(answer.body, whole[from..from + 10_000]);
        let total = format!("bytes {from}-{}/300000", from + 9_999);
        assert_eq!(answer.header("content-range"), total);
    }
    assert_eq!(ground.app.app.db().round_trips(), before);
    tokio::time::sleep(2 * PERMIT).await;
    let downloads = ground.downloads().await;
    let shown: Vec<_> = downloads
        .iter()
        .map(|d| (&d["complete"], &d["bytes"]))
        .collect();
    // Later parts belong to the download that was begun before.
    let bytes = json!(300_000 + 65_536 + 30_000);
    assert_eq!(shown, [(&json!(true), &bytes)]);
}

#[tokio::test]
async fn a_permit_is_its_owners_and_ends() {
    let ground = Ground::new().await;
    let content = ground.delivered(noise(1_000)).await;
    let range = |client: &Client| {
        let get = client.request(Method::GET, &content);
        get.header("range", "bytes=10-19")
    };
    let _ = range(&ground.program).send().await.expect(206);
    let _ = range(&ground.program).send().await.expect(206);
    // Nobody else profits.
    let bob = ground.app.token("bob@example.org").await;
    range(&bob).send().await.expect_problem(404, "not_found");
    let nobody = ground.app.anonymous();
    range(&nobody).send().await.expect_problem(404, "not_found");
    // The package's own end is exact.
    ground.app.advance(TimeDelta::days(400));
    assert_ne!(range(&ground.program).send().await.status, 206);
}

#[tokio::test]
async fn a_withdrawn_package_is_not_read_on() {
    let ground = Ground::new().await;
    let content = ground.delivered(noise(1_000)).await;
    let _ = ground.range(&content, 10, 19).send().await.expect(206);
    let package = format!("/api/v1/packages/{}", ground.package);
    let _ = ground.program.delete(&package).await;
    assert_ne!(ground.range(&content, 10, 19).send().await.status, 206);
}

#[tokio::test]
async fn a_revoked_token_reads_for_a_second_at_most() {
    let ground = Ground::new().await;
    let content = ground.delivered(noise(1_000)).await;
    let _ = ground.range(&content, 10, 19).send().await.expect(206);
    let eva = ground.app.user("eva@example.org").await;
    let tokens = eva.get("/api/v1/tokens").await.expect(200).json();
    let id = tokens["items"][0]["id"].as_str().unwrap();
    let _ = eva
        .delete(&format!("/api/v1/tokens/{id}"))
        .await
        .expect(204);
    tokio::time::sleep(PERMIT).await;
    let refused = ground.range(&content, 10, 19).send().await;
    assert_eq!(refused.status, 401);
}
