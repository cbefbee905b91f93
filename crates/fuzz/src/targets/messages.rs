//! Messages that tell of jobs: what anybody who may write to a topic can send.

use aws_lc_rs::hmac;
use sofie_queue::kafka::Seal;
use uuid::Uuid;

use crate::input::{Input, Script};

const QUEUES: [&str; 3] = ["checks", "checks_large", "mail"];

fn seal(secret: &'static [u8]) -> Seal {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    Seal::new(move |bytes| {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&key, bytes).as_ref());
        hash
    })
}

/// A message is read only as it was written, by the same installation, and for its own queue.
pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let queue = QUEUES[input.below(QUEUES.len())];
    let id = Uuid::from_u64_pair(input.number(), input.number());
    let (ours, theirs) = (seal(b"ours"), seal(b"theirs"));
    let written = ours.write(queue, id);
    assert_eq!(ours.read(queue, &written), Ok(id));
    let mut damaged = written.clone();
    input.damage(&mut damaged, &theirs.write(queue, id));
    for other in QUEUES {
        let read = ours.read(other, &damaged);
        assert_eq!(
            read.is_ok(),
            damaged == written && other == queue,
            "{read:?}"
        );
        assert!(theirs.read(other, &written).is_err());
        assert!(ours.read(other, data).is_err(), "nobody guesses a tag");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let whole = || Script::default().below(1).number(7).number(9);
    vec![
        Vec::new(),
        seal(b"theirs").write("checks", Uuid::from_u128(7)),
        whole().rest(b""),
        // One bit, an end cut off, something put behind.
        whole().byte(0).below(3).below(0).byte(1).rest(b""),
        whole().byte(1).below(20).below(0).rest(b""),
        whole().byte(2).below(0).below(0).text("more").rest(b""),
    ]
}
