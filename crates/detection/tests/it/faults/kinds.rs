//! The kinds of engines as the matrix sees them: what a good server of each says. One more kind is one more row.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What every good server calls infected; of everything else it thinks nothing.
pub const BAD: &[u8] = b"bad content";

/// One kind of engine.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of independent yes and no"
)]
pub struct Kind {
    pub name: &'static str,
    /// Its configuration for a server at `host:port`, with TLS or without.
    pub config: fn(address: &str, tls: bool) -> Value,
    /// Which question this is the beginning of: 0 a trivial one, 1 the one with the file, 2 the one for its verdict.
    pub which: fn(question: &[u8]) -> Option<usize>,
    /// The good answer to a whole question.
    pub answer: fn(question: &[u8]) -> Option<Vec<u8>>,
    /// The last question that a verdict needs.
    pub last: usize,
    /// Whether it is given the content.
    pub uploads: bool,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Whether its answers are HTTP's.
    pub http: bool,
    /// Whether it has an opinion of good files.
    pub vouches: bool,
}

/// Every kind that is a server. A program's faults are in the tests of the module `command`.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "clamd",
        config: |address, _| json!({ "addresses": [format!("tcp:{address}")] }),
        which: |question| first(question, &[(b"zVERSION", 0), (b"zINSTREAM", 1)]),
        answer: clamd,
        last: 1,
        uploads: true,
        tls: false,
        http: false,
        vouches: true,
    },
    Kind {
        name: "icap",
        config: |address, tls| {
            let scheme = if tls { "icaps" } else { "icap" };
            json!({ "addresses": [format!("{scheme}://{address}/scan")] })
        },
        which: |question| first(question, &[(b"OPTIONS ", 0), (b"RESPMOD ", 1)]),
        answer: icap,
        last: 1,
        uploads: true,
        tls: true,
        http: false,
        vouches: true,
    },
    Kind {
        name: "kaspersky",
        config: |address, tls| json!({ "addresses": [url(address, tls)] }),
        which: |question| first(question, &[(b"GET ", 0), (b"POST ", 1)]),
        answer: kaspersky,
        last: 1,
        uploads: true,
        tls: true,
        http: true,
        vouches: true,
    },
    Kind {
        name: "metadefender",
        config: |address, tls| json!({ "addresses": [url(address, tls)], "apikey": "secret", "rule": "Strict" }),
        which: |question| {
            let beginnings: [(&[u8], usize); 3] = [
                (b"GET /version", 0),
                (b"POST /file ", 1),
                (b"GET /file/", 2),
            ];
            first(question, &beginnings)
        },
        answer: metadefender,
        last: 2,
        uploads: true,
        tls: true,
        http: true,
        vouches: true,
    },
    Kind {
        name: "virustotal",
        config: |address, tls| json!({ "addresses": [url(address, tls)], "apikey": "secret", "a_minute": "100000" }),
        which: |question| first(question, &[(b"GET /api/v3/files/", 1)]),
        answer: virustotal,
        last: 1,
        uploads: false,
        tls: true,
        http: true,
        vouches: false,
    },
    Kind {
        name: "rest",
        config: |address, tls| {
            json!({
                "addresses": [url(address, tls)], "path": "/scan?name={name}", "body": "multipart",
                "token_header": "Authorization", "token": "Bearer secret",
                "infected": ["/verdict = bad"], "clean": ["/verdict = good"],
                "job": "/id", "poll_path": "/jobs/{job}", "done": ["/state = done"],
            })
        },
        which: |question| first(question, &[(b"POST /scan?name=", 1), (b"GET /jobs/", 2)]),
        answer: rest,
        last: 2,
        uploads: true,
        tls: true,
        http: true,
        vouches: true,
    },
];

fn url(address: &str, tls: bool) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}

fn first(question: &[u8], beginnings: &[(&[u8], usize)]) -> Option<usize> {
    let found = beginnings
        .iter()
        .find(|(beginning, _)| question.starts_with(beginning));
    found.map(|(_, number)| *number)
}

fn holds(question: &[u8], part: &[u8]) -> bool {
    question.windows(part.len()).any(|window| window == part)
}

fn clamd(question: &[u8]) -> Option<Vec<u8>> {
    if question == b"zVERSION\0" {
        return Some(b"ClamAV 1.4.6\0".to_vec());
    }
    let mut rest = question.strip_prefix(b"zINSTREAM\0")?;
    loop {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        if length == 0 {
            break;
        }
        rest = behind.get(length..)?;
    }
    let answer: &[u8] = if holds(question, BAD) {
        b"stream: X FOUND\0"
    } else {
        b"stream: OK\0"
    };
    Some(answer.to_vec())
}

fn icap(question: &[u8]) -> Option<Vec<u8>> {
    let answer: &[u8] = if question.starts_with(b"OPTIONS ") {
        question.ends_with(b"\r\n\r\n").then_some(())?;
        b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nISTag: \"t\"\r\nEncapsulated: null-body=0\r\n\r\n"
    } else if !question.ends_with(b"\r\n0\r\n\r\n") {
        return None;
    } else if holds(question, BAD) {
        b"ICAP/1.0 200 OK\r\nISTag: \"t\"\r\nX-Infection-Found: Type=0; Resolution=2; Threat=X;\r\n\
          Encapsulated: res-hdr=0, res-body=26\r\n\r\nHTTP/1.0 403 Forbidden\r\n\r\n"
    } else {
        b"ICAP/1.0 204 Unmodified\r\nISTag: \"t\"\r\n\r\n"
    };
    Some(answer.to_vec())
}

/// The first line and the content of a whole question.
fn http(question: &[u8]) -> Option<(String, &[u8])> {
    let end = question.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let heads = std::str::from_utf8(&question[..end])
        .ok()?
        .to_ascii_lowercase();
    let length = heads
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(Some(0), |length| length.trim().parse().ok())?;
    let content = &question[end..];
    (content.len() >= length)
        .then(|| (heads.lines().next().unwrap_or_default().to_owned(), content))
}

pub fn says(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Words\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn word(is_bad: bool) -> &'static str {
    if is_bad { "bad" } else { "good" }
}

fn kaspersky(question: &[u8]) -> Option<Vec<u8>> {
    let (line, content) = http(question)?;
    if line.starts_with("get ") {
        return Some(says(200, r#"{"version":"2.1"}"#));
    }
    let bad = STANDARD.encode(BAD);
    let result = if holds(content, bad.as_bytes()) {
        "DETECT"
    } else {
        "CLEAN"
    };
    Some(says(
        200,
        &json!({ "object": "memory", "scanResult": result }).to_string(),
    ))
}

fn metadefender(question: &[u8]) -> Option<Vec<u8>> {
    let (line, content) = http(question)?;
    if line.starts_with("get /version") {
        return Some(says(200, r#"{"version":"5.14.0","product_id":"MSCL"}"#));
    }
    if line.starts_with("post ") {
        let id = json!({ "data_id": word(holds(content, BAD)) });
        return Some(says(200, &id.to_string()));
    }
    let bad = line.starts_with("get /file/bad ");
    let (code, threat) = (u8::from(bad), if bad { "X" } else { "" });
    let details = json!({ "Engine": { "scan_result_i": code, "threat_found": threat } });
    let results =
        json!({ "progress_percentage": 100, "scan_all_result_i": code, "scan_details": details });
    let process =
        json!({ "progress_percentage": 100, "result": if bad { "Blocked" } else { "Allowed" } });
    Some(says(
        200,
        &json!({ "scan_results": results, "process_info": process }).to_string(),
    ))
}

fn virustotal(question: &[u8]) -> Option<Vec<u8>> {
    let (line, _) = http(question)?;
    let hash = line.strip_prefix("get /api/v3/files/")?.split(' ').next()?;
    let bad = digest::digest(&digest::SHA256, BAD);
    let hex = |byte: &u8| format!("{byte:02x}");
    let bad: String = bad.as_ref().iter().map(hex).collect();
    let stats = json!({ "malicious": if hash == bad { 50 } else { 0 }, "suspicious": 0 });
    let data = json!({ "id": hash, "attributes": { "last_analysis_stats": stats } });
    Some(says(200, &json!({ "data": data }).to_string()))
}

fn rest(question: &[u8]) -> Option<Vec<u8>> {
    let (line, content) = http(question)?;
    let answer = if line.starts_with("post ") {
        json!({ "id": word(holds(content, BAD)) })
    } else {
        json!({ "state": "done", "verdict": word(line.starts_with("get /jobs/bad ")) })
    };
    Some(says(200, &answer.to_string()))
}
