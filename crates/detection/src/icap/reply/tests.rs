use proptest::prelude::*;

use super::*;

const INFECTED: &[u8] = b"ICAP/1.0 200 OK\r\nServer: C-ICAP/0.5.10\r\nConnection: close\r\nISTag: \"CI0001-x\"\r\n\
X-Infection-Found: Type=0; Resolution=2; Threat=Lab.Eicar-Hash.UNOFFICIAL;\r\nX-Violations-Found: 1\r\n\t-\r\n\
\tLab.Eicar-Hash.UNOFFICIAL\r\n\t0\r\n\t0\r\nEncapsulated: res-hdr=0, res-body=47\r\n\r\n\
HTTP/1.0 403 Forbidden\r\nContent-Length: 10\r\n\r\n\r\n5\r\nhello";

fn whole(bytes: &[u8]) -> Reply {
    match read(bytes) {
        Read::Whole(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn wrong(bytes: &[u8]) -> bool {
    matches!(read(bytes), Read::Wrong(_))
}

#[test]
fn heads_and_folded_headers_are_read() {
    let text = String::from_utf8_lossy(INFECTED).replace("res-body=47", "res-body=46");
    let reply = whole(text.as_bytes());
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers.one("istag"), Some("\"CI0001-x\""));
    assert_eq!(
        reply.headers.one("x-violations-found"),
        Some("1 - Lab.Eicar-Hash.UNOFFICIAL 0 0")
    );
    assert_eq!(reply.http.unwrap().status, Some(403));
    let lf = text.replace("\r\n\r\nHTTP", "\n\nHTTP");
    assert_eq!(whole(lf.as_bytes()).status, 200);
}

#[test]
fn what_is_not_an_answer_is_none() {
    let wrongs: [&[u8]; 14] = [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"ICAP/1.1 204 OK\r\n\r\n",
        b"ICAP/1.0 20 OK\r\n\r\n",
        b"ICAP/1.0 2040 OK\r\n\r\n",
        b"ICAP/1.0  204\r\n\r\n",
        b"\r\n\r\n",
        b"ICAP/1.0 204 OK\r\nno colon\r\n\r\n",
        b"ICAP/1.0 204 OK\r\n: x\r\n\r\n",
        b"ICAP/1.0 204 OK\r\n folded\r\n\r\n",
        b"ICAP/1.0 204 OK\r\nA: b\0c\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=5, res-body=9\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=-1\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=4\r\n\r\nabcd",
    ];
    for bytes in wrongs {
        assert!(wrong(bytes), "{}", String::from_utf8_lossy(bytes));
    }
    assert!(wrong(&vec![b'x'; LONGEST + 1]));
}

#[test]
fn every_beginning_asks_for_more_and_says_nothing_else() {
    let text = String::from_utf8_lossy(INFECTED).replace("res-body=47", "res-body=46");
    let end = text.find("\r\n5\r\nhello").unwrap();
    for length in 0..end {
        assert_eq!(read(&text.as_bytes()[..length]), Read::More, "{length}");
    }
    let reply = whole(&text.as_bytes()[..end]);
    for length in end..=text.len() {
        assert_eq!(whole(&text.as_bytes()[..length]), reply);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_words_behind_a_status_are_read_without_harm(text in "ICAP/1.0 2[0-9]{2} [a-zA-Z0-9:=, \r\n-]{0,200}\r\n\r\n[ -~\r\n]{0,200}") {
        let _ = read(text.as_bytes());
    }
}
