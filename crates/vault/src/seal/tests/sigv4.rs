//! An AWS Signature, version 4, by the book: what the service itself computes.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};

use super::server::Request;

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// Makes sure that a request to `/` is signed by a secret; says what is wrong otherwise.
pub(super) fn verify(
    request: &Request,
    (key, secret): (&str, &str),
    (region, service): (&str, &str),
) -> Result<(), &'static str> {
    let given = request.header("authorization");
    let given = given
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or("the algorithm")?;
    let field = |name: &str| {
        let fields = given.split(',').map(str::trim);
        fields
            .filter_map(|field| field.split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v)
    };
    let date = request.header("x-amz-date");
    let day = date.get(..8).ok_or("the date")?;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    if field("Credential") != Some(&format!("{key}/{scope}")) {
        return Err("the credential");
    }
    let signed = field("SignedHeaders").ok_or("the signed headers")?;
    let names: Vec<&str> = signed.split(';').collect();
    if !names.is_sorted() || !names.contains(&"host") {
        return Err("the signed headers");
    }
    let headers: Vec<String> = names
        .iter()
        .map(|name| format!("{name}:{}\n", request.header(name)))
        .collect();
    let headers = headers.concat();
    let (method, path, body) = (&request.method, &request.path, sha256(&request.body));
    let canonical = format!("{method}\n{path}\n\n{headers}\n{signed}\n{body}");
    let canonical = sha256(canonical.as_bytes());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
    let mut signing = format!("AWS4{secret}").into_bytes();
    for part in [day, region, service, "aws4_request"] {
        signing = mac(&signing, part);
    }
    if field("Signature") == Some(&hex::encode(mac(&signing, &text))) {
        Ok(())
    } else {
        Err("the signature")
    }
}

/// `get-vanilla` of the test suite that AWS published with the algorithm.
#[test]
fn the_published_example_verifies() {
    let headers = [
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut request = Request {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        headers: headers.into(),
        body: Vec::new(),
    };
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let check =
        |request: &Request| verify(request, ("AKIDEXAMPLE", secret), ("us-east-1", "service"));
    check(&request).unwrap();
    request.body = b"x".to_vec();
    assert_eq!(check(&request), Err("the signature"));
}
