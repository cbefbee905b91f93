//! Packages to check, and archives to put into them.

use http::Method;
use serde_json::{Value, json};
use sofie_test_support::Client;

/// The EICAR test file, in two halves so that no antivirus takes these sources for it.
pub fn eicar() -> Vec<u8> {
    let halves = [
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
        "-ANTIVIRUS-TEST-FILE!$H+H*",
    ];
    halves.concat().into_bytes()
}

/// How a member lies in an archive (APPNOTE 6.3.10, 4.4).
#[derive(Clone, Copy)]
pub enum Member {
    Stored,
    Deflated,
    /// Claims to be encrypted.
    Encrypted,
}

/// A ZIP archive with one member.
pub fn zip(name: &str, content: &[u8], member: Member) -> Vec<u8> {
    let (flags, method, data) = match member {
        Member::Stored => (0_u16, 0_u16, content.to_vec()),
        Member::Encrypted => (1, 0, content.to_vec()),
        Member::Deflated => (0, 8, deflate(content)),
    };
    let mut common = 20_u16.to_le_bytes().to_vec();
    common.extend(flags.to_le_bytes());
    common.extend(method.to_le_bytes());
    common.extend([0, 0, 0x21, 0]);
    common.extend(crc32fast::hash(content).to_le_bytes());
    common.extend(length(data.len()));
    common.extend(length(content.len()));
    common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    let mut archive = [b"PK\x03\x04", &common[..], &[0, 0], name.as_bytes(), &data].concat();
    let start = archive.len();
    archive.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 16], name.as_bytes()].concat());
    let directory = length(archive.len() - start);
    archive.extend(
        [
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
            &directory[..],
            &length(start),
            &[0, 0],
        ]
        .concat(),
    );
    archive
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap().to_le_bytes()
}

fn deflate(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

/// Sends a private package with these files; returns its id.
pub async fn send(client: &Client, to: &str, files: &[(&str, &[u8])]) -> String {
    let draft = json!({ "title": "Plans", "recipients": [to] });
    let made = client
        .post("/api/v1/packages", draft)
        .await
        .expect(201)
        .json();
    let id = made["id"].as_str().unwrap().to_owned();
    for (name, content) in files {
        let path = format!("/api/v1/packages/{id}/files/{name}");
        let put = client.request(Method::PUT, &path);
        let _ = put
            .bytes("application/octet-stream", content.to_vec())
            .send()
            .await
            .expect(201);
    }
    let _ = client
        .post_empty(&format!("/api/v1/packages/{id}/send"))
        .await
        .expect(200);
    id
}

/// Returns a package as a client sees it.
pub async fn look(client: &Client, id: &str) -> Value {
    client
        .get(&format!("/api/v1/packages/{id}"))
        .await
        .expect(200)
        .json()
}

/// Returns the check of each file, in order.
pub fn checks(package: &Value) -> Vec<&str> {
    let files = package["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["check"].as_str().unwrap())
        .collect()
}

/// Tells whether an engine found something of this name in the file.
pub fn found(file: &Value, engine: &str, name: &str) -> bool {
    let findings = file["findings"].as_array().unwrap();
    findings
        .iter()
        .any(|one| one["engine"] == engine && one["name"].as_str().unwrap().contains(name))
}

/// Returns the ids of the packages that a recipient has received.
pub async fn inbox(client: &Client) -> Vec<String> {
    let list = client
        .get("/api/v1/packages?box=inbox")
        .await
        .expect(200)
        .json();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Fetches a file's content.
pub async fn fetch(client: &Client, package: &str, file: &Value) -> sofie_test_support::Answer {
    let file = file["id"].as_str().unwrap();
    client
        .get(&format!("/api/v1/packages/{package}/files/{file}/content"))
        .await
}

/// Returns the mails of a kind, as `(to, text)`.
pub async fn mails(app: &sofie_test_support::TestApp, kind: &str) -> Vec<(String, String)> {
    let mut tx = app.app.db().read().await.unwrap();
    let page = sofie_store::mails::list(&mut tx, None, 100).await.unwrap();
    let mut found = Vec::new();
    for mail in page.items {
        if mail.row.kind == kind {
            let id = sofie_domain::MailId(mail.row.id);
            let mail = sofie_store::mails::find(&mut tx, id)
                .await
                .unwrap()
                .unwrap();
            found.push((mail.row.to_email, mail.text));
        }
    }
    found
}

/// A ZIP archive with one stored member under a password (APPNOTE 6.3.10, 6.1).
pub fn sealed_zip(name: &str, content: &[u8], password: &str) -> Vec<u8> {
    let mut cipher = ZipCipher::new(password);
    let check = crc32fast::hash(content).to_le_bytes();
    let head = [&[7; 11][..], &check[3..]].concat();
    let sealed: Vec<u8> = head
        .iter()
        .chain(content)
        .map(|byte| cipher.seal(*byte))
        .collect();
    let mut archive = zip(name, &sealed, Member::Encrypted);
    // The archive says what the content is, not its sealed form.
    let (local, central) = (14, 30 + name.len() + sealed.len() + 16);
    for at in [local, central] {
        archive[at..at + 4].copy_from_slice(&check);
        archive[at + 8..at + 12].copy_from_slice(&length(content.len()));
    }
    archive
}

/// The stream cipher of PKZIP: no secret is safe with it.
struct ZipCipher([u32; 3]);

impl ZipCipher {
    fn new(password: &str) -> Self {
        let mut cipher = Self([0x1234_5678, 0x2345_6789, 0x3456_7890]);
        password.bytes().for_each(|byte| cipher.update(byte));
        cipher
    }

    fn crc(crc: u32, byte: u8) -> u32 {
        let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        (crc >> 8) ^ (0..8).fold((crc ^ u32::from(byte)) & 0xff, step)
    }

    fn update(&mut self, byte: u8) {
        let [a, b, c] = &mut self.0;
        *a = Self::crc(*a, byte);
        *b = b
            .wrapping_add(*a & 0xff)
            .wrapping_mul(134_775_813)
            .wrapping_add(1);
        *c = Self::crc(*c, b.to_be_bytes()[0]);
    }

    fn seal(&mut self, byte: u8) -> u8 {
        let key = self.0[2] | 2;
        let mask = (key.wrapping_mul(key ^ 1) >> 8).to_le_bytes()[0];
        self.update(byte);
        byte ^ mask
    }
}

/// A ZIP archive with so many small stored members, and another one at its end.
pub fn zip_of_many(count: usize, last: &[u8]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let small = (0..count).map(|number| (format!("{number}.txt"), &b"x"[..]));
    let members = small.chain([("last.zip".to_owned(), last)]);
    for (name, content) in members {
        let one = zip(&name, content, Member::Stored);
        // The local part of the archive of one; the central entry is its own, with the place changed.
        let local = 30 + name.len() + content.len();
        let mut central = one[local..local + 46 + name.len()].to_vec();
        central[42..46].copy_from_slice(&length(archive.len()));
        archive.extend_from_slice(&one[..local]);
        directory.extend(central);
    }
    let entries = u16::try_from(count + 1).unwrap().to_le_bytes();
    let (start, size) = (length(archive.len()), length(directory.len()));
    archive.extend(directory);
    let end = [
        b"PK\x05\x06\0\0\0\0",
        &entries[..],
        &entries,
        &size,
        &start,
        &[0, 0],
    ];
    archive.extend(end.concat());
    archive
}
