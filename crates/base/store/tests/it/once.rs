//! Leases and idempotency keys: one at a time, and once.

use std::time::Duration;

use stoa_store::idempotency::{self, Answer, Started};
use stoa_store::{Store, StoreError, Tx, leases, params};

use crate::engines::{Bed, on_both_engines};

async fn acquire(store: &Store, holder: &'static str) -> Option<leases::Lease> {
    store
        .write(async move |tx: &mut Tx<'_>| leases::acquire(tx, "single", holder, Duration::from_secs(10)).await)
        .await
        .unwrap()
}

async fn a_lease_has_one_holder(bed: Bed) {
    let first = acquire(&bed.store, "a").await.unwrap();
    assert_eq!(acquire(&bed.store, "b").await, None);
    bed.clock.advance(Duration::from_secs(5));
    let renewed = acquire(&bed.store, "a").await.unwrap();
    assert_eq!((renewed.token, renewed.until > first.until), (first.token, true));

    bed.clock.advance(Duration::from_secs(11));
    let taken = acquire(&bed.store, "b").await.unwrap();
    assert!(taken.token > first.token);
    let stale = renewed.clone();
    let holds = bed.store.read(async move |tx: &mut Tx<'_>| leases::holds(tx, &stale).await).await.unwrap();
    assert!(!holds, "who lost the lease finds out");
    bed.store.write(async move |tx: &mut Tx<'_>| leases::release(tx, &renewed).await).await.unwrap();
    assert_eq!(acquire(&bed.store, "a").await, None, "giving back what was lost takes it from nobody");
    bed.store.write(async move |tx: &mut Tx<'_>| leases::release(tx, &taken).await).await.unwrap();
    assert!(acquire(&bed.store, "a").await.is_some());
}

/// Of many nodes that want a lease at the same time, one gets it.
async fn a_race_for_a_lease_has_one_winner(bed: Bed) {
    let other = bed.other_node().await;
    let holders = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let tries = holders.iter().enumerate().map(|(n, holder)| {
        let store = if n % 2 == 0 { bed.store.clone() } else { other.clone() };
        async move { acquire(&store, holder).await.is_some() }
    });
    let won = futures_util::future::join_all(tries).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
}

/// Does the "work" under a key: a note is written, and the answer tells its number.
async fn request(store: &Store, key: &'static str, digest: [u8; 32]) -> Result<Answer, StoreError> {
    store
        .write(async move |tx: &mut Tx<'_>| {
            if let Started::Replay(answer) = idempotency::begin(tx, "default/key:1/create", key, &digest).await? {
                return Ok(answer);
            }
            tx.execute("INSERT INTO note (seen) VALUES ($1)", params![key]).await?;
            let (count,): (i64,) = tx.get("SELECT count(*) FROM note", params![]).await?;
            let answer = Answer {
                status: 201,
                content_type: Some("application/json".to_owned()),
                location: None,
                body: count.to_string().into_bytes(),
            };
            idempotency::finish(tx, "default/key:1/create", key, &answer).await?;
            Ok(answer)
        })
        .await
}

async fn a_request_sent_twice_is_done_once(bed: Bed) {
    let first = request(&bed.store, "k1", [1; 32]).await.unwrap();
    assert_eq!(request(&bed.store, "k1", [1; 32]).await.unwrap(), first);
    assert_eq!(request(&bed.store, "k2", [1; 32]).await.unwrap().body, b"2", "another key is another request");
    assert!(matches!(request(&bed.store, "k1", [2; 32]).await, Err(StoreError::IdempotencyConflict)));
    let problem = stoa_core::Problem::from(StoreError::IdempotencyConflict);
    assert_eq!((problem.refusal, problem.code), (stoa_core::Refusal::Conflict, "store.idempotency_conflict"));

    bed.clock.advance(Duration::from_hours(23));
    assert_eq!(request(&bed.store, "k1", [1; 32]).await.unwrap(), first);
    bed.clock.advance(Duration::from_hours(2));
    assert_eq!(request(&bed.store, "k1", [2; 32]).await.unwrap().body, b"3", "after a day the key is free again");
    let expired = bed.store.write(async |tx: &mut Tx<'_>| idempotency::expire(tx).await).await.unwrap();
    assert_eq!(expired, 1, "k2 is forgotten, the new k1 is not");
}

async fn a_failed_request_leaves_its_key_free(bed: Bed) {
    let failed: Result<(), StoreError> = bed
        .store
        .write(async |tx: &mut Tx<'_>| {
            idempotency::begin(tx, "default/key:1/create", "k", &[1; 32]).await?;
            Err(StoreError::NoRow)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(request(&bed.store, "k", [9; 32]).await.unwrap().body, b"1");
}

/// The same request many times at the same moment, from two nodes: one does the work, all get its answer.
async fn a_burst_of_the_same_request_is_done_once(bed: Bed) {
    let other = bed.other_node().await;
    let requests = (0..16).map(|n| {
        let store = if n % 2 == 0 { bed.store.clone() } else { other.clone() };
        async move { request(&store, "burst", [1; 32]).await.unwrap().body }
    });
    let answers = futures_util::future::join_all(requests).await;
    assert!(answers.iter().all(|body| body == b"1"), "{answers:?}");
}

on_both_engines!(
    a_lease_has_one_holder,
    a_race_for_a_lease_has_one_winner,
    a_request_sent_twice_is_done_once,
    a_failed_request_leaves_its_key_free,
    a_burst_of_the_same_request_is_done_once,
);
