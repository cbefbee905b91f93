//! Every route with every kind of caller (testing.md: coverage of access).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sofie_api::access::{Gate, Kind, ROUTES_TO_BYTES, RULES};
use sofie_test_support::{Client, TestApp};

fn document() -> Value {
    serde_json::to_value(sofie_api::openapi()).unwrap()
}

/// Every operation of the document as method, path and description.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| -> Vec<(String, String)> {
        let methods = item.as_object().unwrap().keys();
        let methods =
            methods.filter(|key| !["parameters", "summary", "description"].contains(&key.as_str()));
        methods
            .map(|method| (method.clone(), path.clone()))
            .collect()
    };
    let all = paths.iter().flat_map(of_path);
    all.map(|(method, path)| {
        (
            method.to_uppercase(),
            path.clone(),
            &document["paths"][&path][&method],
        )
    })
    .collect()
}

#[test]
fn the_table_has_every_route_once() {
    let document = document();
    let routes: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let table: BTreeSet<_> = RULES
        .iter()
        .map(|(method, path, _)| (method.to_string(), path.to_string()))
        .collect();
    assert_eq!(
        table.len(),
        RULES.len(),
        "a route stands in the table twice"
    );
    let missing: Vec<_> = routes.difference(&table).collect();
    let gone: Vec<_> = table.difference(&routes).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "missing: {missing:?}, gone: {gone:?}"
    );
}

fn sources() -> Vec<(PathBuf, String)> {
    fn visit(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    visit(&root, &mut found);
    found
        .iter()
        .map(|(path, text)| (path.strip_prefix(&root).unwrap().to_owned(), text.clone()))
        .collect()
}

fn files_that_name(words: &str) -> Vec<String> {
    let mut found: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.contains(words))
        .map(|(path, _)| path.display().to_string())
        .collect();
    found.sort();
    found
}

/// Routes beside the document: the document itself, and names with folders below `…/files/`.
#[test]
fn no_route_evades_the_document() {
    assert_eq!(files_that_name(".route("), ["router.rs", "v1/files.rs"]);
}

#[test]
fn bytes_leave_by_the_listed_routes_only() {
    let document = document();
    let harmless = [
        "application/json",
        "application/problem+json",
        "text/event-stream",
        "text/plain",
    ];
    let mut to_bytes: Vec<(String, String)> = Vec::new();
    for (method, path, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap().values();
        let kinds = responses
            .filter_map(|answer| answer["content"].as_object())
            .flat_map(|content| content.keys());
        if kinds
            .into_iter()
            .any(|kind| !harmless.contains(&kind.as_str()))
        {
            to_bytes.push((method, path));
        }
    }
    let listed: Vec<(String, String)> = ROUTES_TO_BYTES
        .iter()
        .map(|(m, p)| (m.to_string(), p.to_string()))
        .collect();
    assert_eq!(to_bytes, listed);
    // And nobody else in this crate reaches for content, documented or not.
    assert_eq!(files_that_name("downloads::"), ["v1/content.rs"]);
}

/// Makes a value that a schema takes, with the required fields only.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return sample(document, target.unwrap());
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            let fields = required.map(|name| {
                let name = name.as_str().unwrap();
                (
                    name.to_owned(),
                    sample(document, &schema["properties"][name]),
                )
            });
            Value::Object(fields.collect())
        }
        Some("array") => json!([]),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        _ if schema["format"] == "date-time" => json!("2030-01-01T00:00:00Z"),
        _ if schema["format"] == "uuid" => json!("01940000-0000-7000-8000-000000000000"),
        _ => json!("x@example.org"),
    }
}

/// Things of Alice's that others ask for.
struct Things {
    package: String,
    file: String,
    request: String,
    token: String,
    session: String,
}

impl Things {
    async fn of(alice: &Client) -> Self {
        let id = |body: Value| body["id"].as_str().unwrap().to_owned();
        let draft = json!({ "title": "Secret", "recipients": ["bob@example.org"] });
        let package = id(alice
            .post("/api/v1/packages", draft)
            .await
            .expect(201)
            .json());
        let path = format!("/api/v1/packages/{package}/files/plan.txt");
        let put = alice
            .request(Method::PUT, &path)
            .bytes("text/plain", "the plan");
        let request = json!({ "email": "carol@example.org", "title": "Please" });
        let sessions = alice.get("/api/v1/sessions").await.expect(200).json();
        Self {
            file: id(put.send().await.expect(201).json()),
            request: id(alice
                .post("/api/v1/requests", request)
                .await
                .expect(201)
                .json()),
            token: id(alice
                .post("/api/v1/tokens", json!({ "name": "t" }))
                .await
                .expect(201)
                .json()),
            session: id(sessions["items"][0].clone()),
            package,
        }
    }

    fn fill_in(&self, method: &str, path: &str) -> String {
        let nobody = "01940000-0000-7000-8000-000000000000";
        let id = match path.split('/').nth(3) {
            Some("packages") => &self.package,
            Some("requests") => &self.request,
            Some("tokens") => &self.token,
            Some("sessions") => &self.session,
            // An administrator may withdraw Alice's package, which would end the story.
            Some("admin") if path.contains("/packages/") && method != "DELETE" => &self.package,
            _ => nobody,
        };
        let path = path.replace("{user_id}", nobody);
        path.replace("{id}", id).replace("{file_id}", &self.file)
    }
}

async fn call(
    client: &Client,
    document: &Value,
    things: &Things,
    method: &str,
    path: &str,
) -> Outcome {
    let operation = &document["paths"][path][method.to_lowercase()];
    let content = &operation["requestBody"]["content"];
    let filled_in = things.fill_in(method, path);
    let mut request = client.request(method.parse().unwrap(), &filled_in);
    let schema = &content["application/json"]["schema"];
    if schema.is_object() && schema["oneOf"].is_null() {
        request = request.json(&sample(document, schema));
    }
    if path.contains("/uploads") {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let metadata = format!("package {},filename eA==", STANDARD.encode(&things.package));
        request = request
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "1")
            .header("upload-offset", "0")
            .header("upload-metadata", &metadata);
        if path.contains("{file_id}") {
            request = request.bytes("application/offset+octet-stream", "x");
        }
    }
    let response = request.stream().await;
    let status = response.status().as_u16();
    // The body of an event stream never ends.
    let body = match status {
        400.. => response.into_body().collect().await.unwrap().to_bytes(),
        _ => bytes::Bytes::new(),
    };
    let problem: Option<Value> = serde_json::from_slice(&body).ok();
    let code = problem.and_then(|problem| problem["code"].as_str().map(str::to_owned));
    Outcome {
        status,
        code: code.unwrap_or_default(),
    }
}

/// What came of a call: the status and the code of the problem, if it is one.
#[derive(Debug)]
struct Outcome {
    status: u16,
    code: String,
}

impl Outcome {
    /// Whether it is as the table says.
    fn suits(&self, gate: Gate, kind: Kind) -> bool {
        let refused = matches!(self.status, 401 | 403 | 404);
        if !gate.admits(kind) || gate.of_own_things() {
            return refused;
        }
        // What is given may still be wrong; the caller is not.
        self.status < 500 && !["unauthenticated", "forbidden", "csrf"].contains(&self.code.as_str())
    }
}

/// What the router takes beside the document: HEAD of the routes to bytes, and names with folders.
fn undocumented() -> impl Iterator<Item = (&'static str, &'static str, Gate)> {
    let gate = |path| {
        let rule = RULES
            .iter()
            .find(|(method, of, _)| (*method, *of) == ("GET", path));
        rule.unwrap().2
    };
    let heads = ROUTES_TO_BYTES
        .iter()
        .map(move |(_, path)| ("HEAD", *path, gate(*path)));
    let folders = "/api/v1/packages/{id}/files/a/b.txt";
    heads.chain([("PUT", folders, Gate::Holders)])
}

#[tokio::test]
async fn every_route_refuses_every_other_kind_of_caller() {
    let document = document();
    let app = TestApp::start().await;
    let alice = app.user("alice@example.org").await;
    let things = Things::of(&alice).await;
    let mut faults = Vec::new();
    let rules = RULES.iter().copied().chain(undocumented());
    for (number, (method, path, gate)) in rules.enumerate() {
        for kind in Kind::ALL {
            // Fresh callers: a route may log one out.
            let client = match kind {
                Kind::Anonymous => app.anonymous(),
                Kind::Visitor => app.visitor().await,
                Kind::User => app.user("eve@example.org").await,
                Kind::Token => app.token("eve@example.org").await,
                Kind::Administrator => app.administrator("root@example.org").await,
            };
            let byte = u8::try_from(number).unwrap();
            let client = client.from_address([198, 51, 100, byte]);
            let outcome = call(&client, &document, &things, method, path).await;
            // What users make is their own; of browsers only those that proved something may.
            let makes = path == "/api/v1/packages" && matches!(kind, Kind::User | Kind::Token);
            let fine = outcome.suits(gate, kind) || (makes && outcome.status == 201);
            if !fine {
                faults.push(format!("{method} {path}: {kind:?} gets {outcome:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Nobody changed what is Alice's, and she still gets it.
    for path in [
        "/api/v1/packages/{id}",
        "/api/v1/requests/{id}",
        "/api/v1/tokens",
    ] {
        let _ = alice.get(&things.fill_in("GET", path)).await.expect(200);
    }
}
