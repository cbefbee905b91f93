//! Content that engines know already (DET-19).

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use http::Method;
use serde_json::json;
use sofie_app::{App, engines, jobs};
use sofie_domain::PackageId;
use sofie_store::verdicts::{self, Verdict};
use sofie_test_support::{Client, TestApp};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::fixture::{checks, look, send};

const NEWS: &[u8] = b"nothing of interest, but enough of it";
const EVIL: &[u8] = b"EVIL and more";

/// A clamd that counts what it is shown of the senders' files.
#[derive(Clone)]
struct Clamd(Arc<Mutex<Said>>);

struct Said {
    signatures: u32,
    /// Whether it finds nothing any more.
    blind: bool,
    shown: usize,
}

impl Clamd {
    /// Starts it and sets it up.
    async fn start(root: &Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("tcp:{}", listener.local_addr().unwrap());
        let said = Said {
            signatures: 27_500,
            blind: false,
            shown: 0,
        };
        let clamd = Self(Arc::new(Mutex::new(said)));
        let own = clamd.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().answer(stream));
            }
        });
        let config = json!({ "addresses": [address] });
        let body = json!({ "kind": "clamd", "enabled": true, "mandatory": true, "config": config });
        let made = root.post("/api/v1/admin/engines", body).await.expect(201);
        assert_eq!(made.json()["available"], true);
        clamd
    }

    async fn answer(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut command = Vec::new();
        stream.read_until(0, &mut command).await.unwrap();
        let reply = if command == b"zINSTREAM\0" {
            let mut content = Vec::new();
            while let Ok(length @ 1..) = stream.read_u32().await {
                let mut chunk = vec![0; length as usize];
                stream.read_exact(&mut chunk).await.unwrap();
                content.extend(chunk);
            }
            self.look(&content)
        } else {
            let signatures = self.0.lock().unwrap().signatures;
            format!("ClamAV 1.4.3/{signatures}/Sat Nov 28 09:00:00 2026")
        };
        let _ = stream.write_all(format!("{reply}\0").as_bytes()).await;
    }

    fn look(&self, content: &[u8]) -> String {
        let mut said = self.0.lock().unwrap();
        let has = |word: &[u8]| content.windows(word.len()).any(|part| part == word);
        said.shown += usize::from(has(NEWS) || has(EVIL));
        if !said.blind && (has(b"EICAR-STANDARD") || has(EVIL)) {
            "stream: Evil.News FOUND".to_owned()
        } else {
            "stream: OK".to_owned()
        }
    }

    fn shown(&self) -> usize {
        self.0.lock().unwrap().shown
    }

    fn change(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.0.lock().unwrap());
    }
}

/// The program is known soon after a worker begins.
async fn identify(app: &App) {
    app.parts().engines.inspector().identify().await.unwrap();
}

struct Ground {
    app: TestApp,
    root: Client,
    clamd: Clamd,
}

impl Ground {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let root = app.administrator("root@example.org").await;
        let clamd = Clamd::start(&root).await;
        identify(&app.app).await;
        Self { app, root, clamd }
    }

    /// Sends a file a minute later, and returns what became of it.
    async fn sent(&self, name: &str, content: &[u8]) -> String {
        self.sent_through(&self.app.worker, name, content).await.0
    }

    /// The same, with the worker that looks at it, and with what engines said of it.
    async fn sent_through(
        &self,
        worker: &App,
        name: &str,
        content: &[u8],
    ) -> (String, Vec<Verdict>) {
        self.app.advance(TimeDelta::minutes(1));
        let eva = self.app.user("eva@example.org").await;
        let id = send(&eva, "bob@example.org", &[(name, content)]).await;
        jobs::drain(worker).await.unwrap();
        let check = checks(&look(&eva, &id).await)[0].to_owned();
        let package: PackageId = id.parse().unwrap();
        let mut tx = self.app.app.db().read().await.unwrap();
        let rows = verdicts::of_package(&mut tx, package).await.unwrap();
        (check, rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Whether the inspector looked at a file that is sent now.
    async fn is_inspected(&self, name: &str, content: &[u8]) -> bool {
        let (_, rows) = self.sent_through(&self.app.worker, name, content).await;
        let own = rows.iter().find(|row| row.verdict.engine == "container");
        own.unwrap().started_at >= self.app.app.now()
    }
}

#[tokio::test]
async fn the_same_content_is_asked_about_once() {
    let ground = Ground::new().await;
    let worker = &ground.app.worker;
    let (check, first) = ground.sent_through(worker, "a.txt", NEWS).await;
    assert_eq!(check, "clean");
    let (check, second) = ground.sent_through(worker, "a.txt", NEWS).await;
    assert_eq!(check, "clean");
    assert_eq!(first, second, "every row, with its times");
    assert_eq!(ground.sent("other.txt", NEWS).await, "clean");
    assert_eq!(ground.clamd.shown(), 1, "clamd sees no names");

    // As large as what is known.
    let mut other = NEWS.to_vec();
    other[0] ^= 1;
    assert_eq!(ground.sent("a.txt", &other).await, "clean");
    assert_eq!(
        ground.sent("a.txt", &[&other, NEWS].concat()).await,
        "clean"
    );
    assert_eq!(ground.clamd.shown(), 2);
}

#[tokio::test]
async fn an_administrator_who_wants_another_look_gets_one() {
    let ground = Ground::new().await;
    let eva = ground.app.user("eva@example.org").await;
    let id = send(&eva, "bob@example.org", &[("a.txt", EVIL)]).await;
    ground.app.drain().await;
    ground.app.advance(TimeDelta::minutes(1));
    let path = format!("/api/v1/admin/packages/{id}/recheck");
    let _ = ground.root.post_empty(&path).await.expect(200);
    ground.app.drain().await;
    assert_eq!(ground.clamd.shown(), 2);
}

#[tokio::test]
async fn what_is_known_to_be_dangerous_is_blocked_for_everybody() {
    let ground = Ground::new().await;
    assert_eq!(ground.sent("a.txt", EVIL).await, "blocked");
    assert_eq!(ground.sent("b.txt", EVIL).await, "blocked");
    assert_eq!(ground.clamd.shown(), 1);
}

#[tokio::test]
async fn an_engine_is_asked_again_when_it_is_another_one() {
    let ground = Ground::new().await;
    let shown = async |name: &str| {
        assert_eq!(ground.sent(name, NEWS).await, "clean");
        ground.clamd.shown()
    };
    assert_eq!(shown("a.txt").await, 1);
    let change = json!({ "seconds": 77 });
    let patch = ground
        .root
        .request(Method::PATCH, "/api/v1/admin/engines/clamd");
    let _ = patch.json(&change).send().await.expect(200);
    assert_eq!(shown("b.txt").await, 2, "its settings are new");
    assert_eq!(shown("c.txt").await, 2);

    ground.clamd.change(|said| said.signatures += 1);
    let beside = ground.app.beside().await;
    engines::test_all(&beside).await.unwrap();
    let (check, _) = ground.sent_through(&beside, "d.txt", NEWS).await;
    assert_eq!(
        (check.as_str(), ground.clamd.shown()),
        ("clean", 3),
        "its signatures are new"
    );

    ground.app.advance(TimeDelta::hours(25));
    let (check, _) = ground.sent_through(&beside, "e.txt", NEWS).await;
    assert_eq!(
        (check.as_str(), ground.clamd.shown()),
        ("clean", 4),
        "it is a day ago"
    );
    ground.app.set("checks.reuse_hours", 0).await;
    let beside = ground.app.beside().await;
    let (check, _) = ground.sent_through(&beside, "f.txt", NEWS).await;
    assert_eq!(
        (check.as_str(), ground.clamd.shown()),
        ("clean", 5),
        "by the setting"
    );
}

#[tokio::test]
async fn the_word_of_an_engine_that_failed_its_self_test_since_does_not_count() {
    let ground = Ground::new().await;
    assert_eq!(ground.sent("a.txt", NEWS).await, "clean");
    ground.clamd.change(|said| said.blind = true);
    assert_eq!(
        ground.sent("a.txt", EVIL).await,
        "clean",
        "nobody has noticed yet"
    );
    let test = async |expected: bool| {
        let path = "/api/v1/admin/engines/clamd/self-test";
        let tested = ground.root.post_empty(path).await.expect(200).json();
        assert_eq!(tested["available"], expected);
        ground.app.advance(TimeDelta::minutes(1));
    };
    test(false).await;
    ground.clamd.change(|said| said.blind = false);
    test(true).await;
    assert_eq!(ground.sent("a.txt", EVIL).await, "blocked");
}

#[tokio::test]
async fn the_inspector_looks_again_when_what_it_goes_by_has_changed() {
    let ground = Ground::new().await;
    let text = b"card 4111 1111 1111 1111 of nobody";
    assert!(ground.is_inspected("a.txt", text).await);
    assert!(!ground.is_inspected("a.txt", text).await);
    assert!(
        ground.is_inspected("a.pdf", text).await,
        "a name may mislead"
    );
    ground
        .app
        .set("checks.dlp_detectors", json!(["card:2"]))
        .await;
    assert!(
        ground.is_inspected("a.txt", text).await,
        "it looks for more"
    );
    assert!(!ground.is_inspected("a.txt", text).await);
}

#[tokio::test]
async fn an_engine_that_answered_is_not_asked_again_while_another_is_waited_for() {
    let ground = Ground::new().await;
    ground
        .app
        .engine(
            "icap",
            json!({ "addresses": ["icap://127.0.0.1:1/avscan"] }),
        )
        .await;
    assert_eq!(ground.sent("a.txt", NEWS).await, "pending");
    for _ in 0..3 {
        ground.app.pass(TimeDelta::minutes(2)).await;
        ground.app.drain().await;
    }
    assert_eq!(ground.clamd.shown(), 1);
}
