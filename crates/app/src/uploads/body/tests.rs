use futures_util::stream;
use tokio::time::sleep;

use super::*;

const PACE: Pace = Pace {
    idle: Duration::from_mins(1),
    window: Duration::from_mins(1),
    least: 1_000,
};

/// A body of pieces, each of which comes so many seconds after the one before was taken.
fn dripping(pieces: Vec<(u64, usize)>) -> Paced {
    let pieces = stream::iter(pieces).then(|(seconds, len)| async move {
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, std::io::Error>(Bytes::from(vec![0; len]))
    });
    Paced::new(from_stream(pieces), PACE)
}

async fn taken(mut body: Paced) -> (usize, Result<()>) {
    let mut taken = 0;
    loop {
        match body.next().await {
            Ok(Some(bytes)) => taken += bytes.len(),
            Ok(None) => return (taken, Ok(())),
            Err(error) => return (taken, Err(error)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_body() {
    let (bytes, ended) = taken(dripping(vec![(0, 5_000), (59, 5_000), (61, 5_000)])).await;
    assert_eq!(bytes, 10_000);
    assert!(matches!(ended, Err(Error::TooSlow)), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_trickle_ends_a_body_however_fast_it_began() {
    let mut pieces = vec![(0, 50_000_000)];
    pieces.extend([(10, 100); 20]);
    let (bytes, ended) = taken(dripping(pieces)).await;
    assert!(matches!(ended, Err(Error::TooSlow)), "{ended:?}");
    assert!(bytes < 50_001_000, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn what_is_slow_but_fast_enough_comes_through() {
    let (bytes, ended) = taken(dripping(vec![(5, 100); 1_000])).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(bytes, 100_000);
    // Small and late, but whole.
    assert!(taken(dripping(vec![(50, 1)])).await.1.is_ok());
}

/// Our own slowness is not the sender's: what waits in the socket meanwhile is there at once.
#[tokio::test(start_paused = true)]
async fn the_time_in_which_we_write_does_not_count() {
    let mut body = dripping(vec![(1, 20); 200]);
    for _ in 0..200 {
        assert!(body.next().await.unwrap().is_some());
        sleep(Duration::from_secs(30)).await;
    }
    assert!(body.next().await.unwrap().is_none());
}
