//! Evidence: written with its change, sealed soon, searched, proved, and silent about who was erased.

use std::time::Duration;

use serde_json::json;
use stoa_audit::{AuditError, Filter, Outcome, Record, Sealed, Sealer, SealerOptions};
use stoa_core::{Actor, ActorKind, Tenant};
use stoa_store::seal::{self, SealError};
use stoa_store::{MasterKeys, StoreError, Tx};

use crate::beds::{Bed, START, append_one, on_both_engines};

async fn a_record_is_there_if_and_only_if_its_change_is(bed: Bed) {
    let failed: Result<(), AuditError> = bed
        .store
        .write(async |tx: &mut Tx<'_>| {
            let actor = Actor::system("job:1", Tenant::default());
            stoa_audit::append(tx, &Record::done(&actor, "test.thing.change", "things/1".into())).await?;
            Err(AuditError::NotFound)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(bed.verify(&[]).await.unsealed, 0);
    bed.append(0..2).await;
    let verdict = bed.verify(&[]).await;
    assert!(verdict.is_intact());
    assert_eq!((verdict.verified, verdict.unsealed), (0, 2), "what waits for the sealer is counted");
    assert_eq!(verdict.unsealed_since, Some(START.plus(Duration::from_millis(1))));
    bed.seal().await;
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.verified, verdict.unsealed, verdict.unsealed_since), (2, 0, None));
}

async fn search(bed: &Bed, filter: Filter) -> Vec<String> {
    bed.store
        .read(async move |tx: &mut Tx<'_>| stoa_audit::search(tx, &Tenant::default(), &filter).await)
        .await
        .unwrap()
        .into_iter()
        .map(|found| found.entry.object)
        .collect()
}

async fn records_are_found_newest_first(bed: Bed) {
    bed.append(0..10).await;
    let actor = Actor {
        kind: ActorKind::System,
        on_behalf_of: Some("person:even".into()),
        ..Actor::system("block:payments", Tenant::default())
    };
    bed.store
        .write(async move |tx: &mut Tx<'_>| {
            let record = Record {
                subject: Some("person:odd"),
                purpose: Some("benefit"),
                outcome: Outcome::Refused,
                correlation: Some("c1"),
                ..Record::done(&actor, "test.thing.read", "things/read".into())
            };
            stoa_audit::append(tx, &record).await
        })
        .await
        .unwrap();
    let things = |numbers: &[u32]| numbers.iter().map(|n| format!("things/{n}")).collect::<Vec<_>>();
    let filter = Filter::default;
    assert_eq!(search(&bed, Filter { actor: Some("key:1".into()), ..filter() }).await, things(&[7, 4, 1]));
    assert_eq!(search(&bed, Filter { actor: Some("person:even".into()), ..filter() }).await, ["things/read"]);
    let both = Filter { subject: Some("person:even".into()), actor: Some("key:0".into()), ..filter() };
    assert_eq!(search(&bed, both).await, things(&[6, 0]));
    assert_eq!(search(&bed, Filter { action: Some("test.thing.read".into()), ..filter() }).await, ["things/read"]);
    assert_eq!(search(&bed, Filter { object: Some("things/3".into()), ..filter() }).await, things(&[3]));
    let (from, until) = (Some(START.plus(Duration::from_millis(3))), Some(START.plus(Duration::from_millis(5))));
    assert_eq!(search(&bed, Filter { from, until, ..filter() }).await, things(&[3, 2]));

    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = bed
            .store
            .read(async move |tx: &mut Tx<'_>| {
                let filter = Filter { before, limit: Some(4), ..Filter::default() };
                stoa_audit::search(tx, &Tenant::default(), &filter).await
            })
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.sequence);
        seen.extend(page.into_iter().map(|found| found.entry.object));
    }
    assert_eq!((seen.len(), seen[0].as_str(), seen[10].as_str()), (11, "things/read", "things/0"));

    for limit in [0, 1001] {
        let refused = bed
            .store
            .read(async move |tx: &mut Tx<'_>| {
                let filter = Filter { limit: Some(limit), ..Filter::default() };
                stoa_audit::search(tx, &Tenant::default(), &filter).await
            })
            .await;
        assert!(matches!(refused, Err(AuditError::Page(1000))));
    }
    let other = Tenant::new("other").unwrap();
    let found = bed
        .store
        .read(async move |tx: &mut Tx<'_>| stoa_audit::search(tx, &other, &Filter::default()).await)
        .await
        .unwrap();
    assert_eq!(found, [], "another tenant sees nothing");
}

/// Personal values are sealed; after an erasure the records still verify and no longer tell.
async fn erased_people_leave_evidence_that_says_nothing(bed: Bed) {
    let keys = MasterKeys::generate().unwrap();
    let writing = keys.clone();
    let id = bed
        .store
        .write(async move |tx: &mut Tx<'_>| {
            let actor = Actor::system("key:1", Tenant::default());
            let nobody = Record::done(&actor, "test.person.change", "people/1".into());
            let refused = stoa_audit::append_sealed(tx, &writing, &nobody, &json!({})).await;
            assert!(matches!(refused, Err(AuditError::NoSubject)));
            let record = Record { subject: Some("person:1"), ..nobody };
            stoa_audit::append_sealed(tx, &writing, &record, &json!({"name": {"old": "Amina", "new": "Aminata"}})).await
        })
        .await
        .unwrap();
    bed.seal().await;
    let reading = keys.clone();
    let open = async move |tx: &mut Tx<'_>| {
        let entry = stoa_audit::get(tx, &Tenant::default(), id).await?;
        assert!(!String::from_utf8_lossy(entry.sealed.as_ref().unwrap()).contains("Amina"));
        stoa_audit::open_sealed(tx, &reading, &entry).await
    };
    assert_eq!(bed.store.read(open.clone()).await.unwrap().unwrap()["name"]["old"], "Amina");
    bed.store.write(async move |tx: &mut Tx<'_>| seal::destroy_subject(tx, &keys, "person:1").await).await.unwrap();
    assert!(matches!(bed.store.read(open).await, Err(AuditError::Seal(SealError::Erased))));
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.finding, verdict.verified), (None, 1));
}

/// Each record proves that it belongs to its signed checkpoint; no other record does with its proof.
async fn a_record_is_proved_without_the_others(bed: Bed) {
    let ids = bed.append(0..7).await;
    bed.seal().await;
    let late = bed.append(7..8).await[0];
    let trusted = [bed.key.verifying_key()];
    let prove = |id| bed.store.read(async move |tx: &mut Tx<'_>| stoa_audit::prove(tx, id).await);
    let mut last = None;
    for id in ids {
        let (entry, proof) = prove(id).await.unwrap();
        assert!(proof.holds(&entry, &trusted));
        assert!(!proof.holds(&entry, &[]));
        let mut changed = entry.clone();
        changed.outcome = "refused".into();
        assert!(!proof.holds(&changed, &trusted));
        if let Some((other, other_proof)) = last.replace((entry.clone(), proof.clone())) {
            assert!(!proof.holds(&other, &trusted) && !other_proof.holds(&entry, &trusted));
        }
    }
    assert!(matches!(prove(late).await, Err(AuditError::NotSealed)));
    assert!(matches!(prove(stoa_audit::RecordId::from_bytes([0; 16])).await, Err(AuditError::NotFound)));
}

/// Many writers at once, and the sealer beside them: everything ends up in one chain, in one order.
async fn writers_do_not_queue_for_the_chain(bed: Bed) {
    let options = SealerOptions { batch: 16, gather: Duration::from_millis(1), ..SealerOptions::default() };
    let sealer = std::sync::Arc::new(Sealer::with_options(bed.store.clone(), bed.key.clone(), options));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = std::sync::Arc::clone(&sealer);
    let running = tokio::spawn(async move {
        running
            .run(async {
                let _ = stopped.await;
            })
            .await;
    });
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = bed.store.clone();
            tokio::spawn(async move {
                for n in 0..20 {
                    append_one(&store, writer * 100 + n).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    bed.seal().await;
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.finding, verdict.verified, verdict.unsealed), (None, 160, 0));
}

async fn the_lag_is_the_age_of_what_waits(bed: Bed) {
    let sealer = bed.sealer(2);
    assert_eq!(sealer.lag(), Duration::ZERO);
    bed.append(0..3).await;
    bed.clock.advance(Duration::from_millis(500));
    bed.seal().await;
    bed.clock.advance(Duration::from_millis(500));
    assert!(sealer.lag() >= Duration::from_millis(500), "nobody has looked for a second");
    assert_eq!(sealer.pass().await.unwrap(), Sealed::Nothing);
    assert_eq!(sealer.lag(), Duration::ZERO);
}

/// A transaction that runs for long and is older than a record keeps it from being sealed: that is not silence but lag.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
async fn postgres_counts_what_cannot_be_sealed_yet_as_behind() {
    let bed = Bed::postgres().await;
    let other = bed.open_again().await;
    let slow = tokio::spawn(async move {
        let held = other.write(async |tx: &mut Tx<'_>| {
            let mark = tx.commit_mark().await?;
            tx.get::<(i64,)>("SELECT 1::bigint FROM pg_sleep(1.5)", &[]).await?;
            Ok::<_, StoreError>(mark)
        });
        held.await.unwrap();
    });
    let mut count = 0;
    while bed.is_settled().await {
        bed.append(count..count + 1).await;
        count += 1;
    }
    let sealer = bed.sealer(100);
    sealer.seal_all().await.unwrap();
    bed.clock.advance(Duration::from_secs(5));
    assert_eq!(sealer.pass().await.unwrap(), Sealed::Nothing);
    assert!(sealer.lag() >= Duration::from_secs(5), "{:?}", sealer.lag());
    assert!(bed.verify(&[]).await.unsealed > 0);
    slow.await.unwrap();
    bed.settled().await;
    sealer.seal_all().await.unwrap();
    assert_eq!(sealer.lag(), Duration::ZERO);
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.finding, verdict.verified, verdict.unsealed), (None, count.into(), 0));
}

/// Of two nodes one seals; when it is gone the other goes on where it stopped.
async fn two_nodes_make_one_chain(bed: Bed) {
    let first = bed.sealer(100);
    let second = Sealer::new(bed.open_again().await, bed.key.clone());
    bed.append(0..2).await;
    bed.settled().await;
    assert_eq!(first.pass().await.unwrap(), Sealed::Batch(2));
    bed.append(2..4).await;
    if bed.is_shared() {
        bed.settled().await;
        assert_eq!(second.pass().await.unwrap(), Sealed::Elsewhere, "the first node holds the lease");
        bed.clock.advance(Duration::from_secs(11));
    }
    bed.settled().await;
    assert_eq!(second.pass().await.unwrap(), Sealed::Batch(2));
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.finding, verdict.verified, verdict.batches), (None, 4, 2));
}

/// A restored copy, also one from the other engine, verifies against the old checkpoint, and its chain goes on.
async fn a_restored_copy_verifies_and_goes_on(bed: Bed) {
    bed.append(0..5).await;
    bed.seal().await;
    let kept = bed.checkpoint().await;
    bed.append(5..7).await;
    let restored = bed.restored().await;
    let verdict = restored.verify(std::slice::from_ref(&kept)).await;
    assert_eq!((verdict.finding, verdict.verified, verdict.unsealed), (None, 5, 2));
    bed.clock.advance(Duration::from_secs(11)); // the copy holds the old node's lease too
    restored.append(7..9).await;
    restored.seal().await;
    let verdict = restored.verify(std::slice::from_ref(&kept)).await;
    assert_eq!((verdict.finding, verdict.verified, verdict.unsealed), (None, 9, 0));
}

on_both_engines!(
    a_restored_copy_verifies_and_goes_on,
    a_record_is_there_if_and_only_if_its_change_is,
    records_are_found_newest_first,
    erased_people_leave_evidence_that_says_nothing,
    a_record_is_proved_without_the_others,
    writers_do_not_queue_for_the_chain,
    the_lag_is_the_age_of_what_waits,
    two_nodes_make_one_chain,
);
