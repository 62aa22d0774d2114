//! One test for each kind of tampering: somebody with full access to the database does it, verification names it.

use stoa_audit::{AuditError, Checkpoint, Filter, Finding, SigningKey, verify};
use stoa_core::Tenant;
use stoa_store::{StoreError, Tx, params};

use crate::beds::{Bed, Value, on_both_engines};

/// Ten records in batches of three (the last of one), all of them sealed and in order.
async fn ten(bed: &Bed) -> Vec<stoa_audit::RecordId> {
    let ids = bed.append(0..10).await;
    bed.seal().await;
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.finding, verdict.verified, verdict.batches, verdict.unsealed), (None, 10, 4, 0));
    ids
}

async fn a_removed_record_is_named(bed: Bed) {
    let ids = ten(&bed).await;
    assert_eq!(bed.tamper("DELETE FROM audit_record WHERE id = $1", vec![Value::id(ids[4])]).await, 1);
    let verdict = bed.verify(&[]).await;
    assert_eq!(verdict.finding, Some(Finding::Removed { record: ids[4], position: 5 }));
    assert_eq!(verdict.verified, 4);
}

/// Each single column, so that none is forgotten in the encoding.
async fn a_changed_record_is_named(bed: Bed) {
    let ids = ten(&bed).await;
    for (column, change, back) in [
        ("at", Value::Number(1), None),
        ("tenant", Value::Text("other".into()), Some(Value::Text("default".into()))),
        ("actor_kind", Value::Text("person".into()), Some(Value::Text("system".into()))),
        ("actor", Value::Text("key:innocent".into()), Some(Value::Text("key:0".into()))),
        ("on_behalf_of", Value::Text("x".into()), None),
        ("client", Value::Text("x".into()), None),
        ("action", Value::Text("test.thing.read".into()), Some(Value::Text("test.thing.change".into()))),
        ("object", Value::Text("things/7".into()), Some(Value::Text("things/6".into()))),
        ("subject", Value::Text("person:odd".into()), Some(Value::Text("person:even".into()))),
        ("purpose", Value::Text("x".into()), None),
        ("outcome", Value::Text("refused".into()), Some(Value::Text("done".into()))),
        ("detail", Value::Text("{\"number\":7}".into()), Some(Value::Text("{\"number\":6}".into()))),
        ("sealed", Value::Bytes(vec![]), None),
        ("correlation", Value::Text(String::new()), None),
    ] {
        let set: &'static str = format!("UPDATE audit_record SET {column} = $2 WHERE id = $1").leak();
        let clear: &'static str = format!("UPDATE audit_record SET {column} = NULL WHERE id = $1").leak();
        let at_before = bed.checkpoint().await.head.at.micros();
        assert_eq!(bed.tamper(set, vec![Value::id(ids[6]), change]).await, 1);
        let finding = bed.verify(&[]).await.finding;
        assert_eq!(finding, Some(Finding::Changed { record: ids[6], position: 7 }), "{column}");
        match back {
            Some(back) => bed.tamper(set, vec![Value::id(ids[6]), back]).await,
            None if column == "at" => {
                // The seventh record was appended three milliseconds before the tenth, which was sealed at once.
                bed.tamper(set, vec![Value::id(ids[6]), Value::Number(at_before - 3000)]).await
            }
            None => bed.tamper(clear, vec![Value::id(ids[6])]).await,
        };
        assert!(bed.verify(&[]).await.is_intact(), "{column} put back");
    }
}

async fn an_inserted_record_is_named(bed: Bed) {
    let ids = bed.append(0..3).await;
    // A gap in the numbers, as a rolled-back transaction leaves one, where a record can be slipped in later.
    bed.tamper("UPDATE audit_record SET seq = seq + 100 WHERE id = $1", vec![Value::id(ids[2])]).await;
    bed.seal().await;
    assert!(bed.verify(&[]).await.is_intact());
    let forged = SigningKey::generate().unwrap();
    let new = stoa_audit::RecordId::from_bytes(forged.verifying_key().as_bytes()[..16].try_into().unwrap());
    bed.tamper(
        "INSERT INTO audit_record (seq, mark, id, at, tenant, actor_kind, actor, action, object, outcome, detail)
         SELECT seq + 1, mark, $2, at, tenant, actor_kind, actor, action, object, outcome, detail
         FROM audit_record WHERE id = $1",
        vec![Value::id(ids[1]), Value::id(new)],
    )
    .await;
    let verdict = bed.verify(&[]).await;
    assert_eq!(verdict.finding, Some(Finding::Inserted { record: Some(new), position: 3 }));
}

async fn reordered_records_are_named(bed: Bed) {
    let ids = ten(&bed).await;
    // Swaps the places of the third and the sixth, across batches: first one out of the way, for no two share a place.
    let places = "UPDATE audit_record SET mark = (SELECT o.mark FROM audit_record o WHERE o.id = $2),
                    seq = (SELECT o.seq FROM audit_record o WHERE o.id = $2) + $3 WHERE id = $1";
    bed.tamper(places, vec![Value::id(ids[2]), Value::id(ids[5]), Value::Number(1_000_000)]).await;
    bed.tamper(
        "UPDATE audit_record SET mark = (SELECT o.mark FROM audit_record o WHERE o.id = $2),
           seq = (SELECT o.seq FROM audit_record o WHERE o.id = $2) + 1 WHERE id = $1",
        vec![Value::id(ids[5]), Value::id(ids[1])],
    )
    .await;
    bed.tamper("UPDATE audit_record SET seq = seq - 1000000 WHERE id = $1", vec![Value::id(ids[2])]).await;
    let verdict = bed.verify(&[]).await;
    let expected = Finding::Reordered { record: ids[2], position: 3, found: Some(ids[5]) };
    assert_eq!(verdict.finding, Some(expected));
}

/// The end removed whole, records and chain: what is left agrees, and only the checkpoint kept elsewhere tells.
async fn a_cut_tail_is_found_against_a_checkpoint_kept_elsewhere(bed: Bed) {
    let ids = ten(&bed).await;
    let kept: Checkpoint = bed.checkpoint().await.to_string().parse().unwrap();
    assert!(bed.verify(std::slice::from_ref(&kept)).await.is_intact());
    bed.append(10..12).await;
    bed.seal().await;
    assert!(bed.verify(std::slice::from_ref(&kept)).await.is_intact(), "growing is no fault");
    bed.tamper("DELETE FROM audit_batch WHERE number >= $1", vec![Value::Number(3)]).await;
    bed.tamper("DELETE FROM audit_record WHERE id >= $1", vec![Value::id(ids[6])]).await;
    assert!(bed.verify(&[]).await.is_intact());
    assert_eq!(bed.verify(std::slice::from_ref(&kept)).await.finding, Some(Finding::TailCut { vouched: 10, there: 6 }));
}

/// Of several checkpoints that were kept every one counts, whatever their order.
async fn every_checkpoint_that_was_kept_is_compared(bed: Bed) {
    bed.append(0..3).await;
    bed.seal().await;
    let old = bed.checkpoint().await;
    let ids = bed.append(3..9).await;
    bed.seal().await;
    let (new, both) = (bed.checkpoint().await, async |bed: &Bed, kept: [&Checkpoint; 2]| {
        bed.verify(&kept.map(Clone::clone)).await.finding
    });
    assert_eq!(both(&bed, [&old, &new]).await, None);
    let mut altered = old.clone();
    altered.head.records = 4;
    let unfit = Some(Finding::CheckpointUnfit { why: "its signature does not fit" });
    assert_eq!(both(&bed, [&new, &altered]).await, unfit);
    bed.tamper("DELETE FROM audit_batch WHERE number >= $1", vec![Value::Number(2)]).await;
    bed.tamper("DELETE FROM audit_record WHERE id >= $1", vec![Value::id(ids[0])]).await;
    assert!(bed.verify(std::slice::from_ref(&old)).await.is_intact(), "the old one alone cannot tell");
    for kept in [[&old, &new], [&new, &old]] {
        assert_eq!(both(&bed, kept).await, Some(Finding::TailCut { vouched: 9, there: 3 }));
    }
}

/// What waits for the sealer is vouched for by nobody, but what no program of ours writes is named there too.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_record_that_cannot_be_read_is_named() {
    let bed = Bed::sqlite().await;
    ten(&bed).await;
    let ids = bed.append(10..12).await;
    assert_eq!(bed.verify(&[]).await.unsealed, 2);
    bed.tamper("UPDATE audit_record SET at = 'x' WHERE id = $1", vec![Value::id(ids[1])]).await;
    assert_eq!(bed.verify(&[]).await.finding, Some(Finding::Unreadable { waiting: 2 }));
}

/// Evidence is only ever added to: the database itself refuses anything else, until somebody takes that away first.
async fn the_database_refuses_to_change_evidence(bed: Bed) {
    ten(&bed).await;
    for sql in [
        "UPDATE audit_record SET actor = 'nobody'",
        "DELETE FROM audit_record",
        "UPDATE audit_batch SET last_seq = 7",
        "DELETE FROM audit_batch WHERE number = 4",
    ] {
        let refused: Result<u64, StoreError> =
            bed.store.write(async move |tx: &mut Tx<'_>| tx.execute(sql, params![]).await).await;
        assert!(matches!(refused, Err(StoreError::Sql { .. })), "{sql}: {refused:?}");
    }
    let verdict = bed.verify(&[]).await;
    assert_eq!((verdict.finding, verdict.verified), (None, 10));
}

/// Only the records of the tail removed: the chain still names them.
async fn a_tail_cut_off_the_records_alone_is_found_without_help(bed: Bed) {
    let ids = ten(&bed).await;
    bed.tamper("DELETE FROM audit_record WHERE id >= $1", vec![Value::id(ids[8])]).await;
    assert_eq!(bed.verify(&[]).await.finding, Some(Finding::Removed { record: ids[8], position: 9 }));
}

async fn a_forged_checkpoint_is_found(bed: Bed) {
    ten(&bed).await;
    let stranger = SigningKey::generate().unwrap();
    let head = bed.checkpoint().await.head;
    let forged = head.clone().sign(&stranger);
    for (sql, values) in [
        ("UPDATE audit_batch SET signature = $1 WHERE number = 4", vec![Value::Bytes(forged.signature.to_vec())]),
        (
            "UPDATE audit_batch SET key = $1 WHERE number = 4",
            vec![Value::Bytes(stranger.verifying_key().as_bytes().to_vec())],
        ),
    ] {
        bed.tamper(sql, values).await;
        assert_eq!(bed.verify(&[]).await.finding, Some(Finding::Forged { batch: 4 }), "{sql}");
    }
    assert!(forged.is_intact() && !forged.is_signed_by(&[bed.key.verifying_key()]));
    let finding = bed.verify(std::slice::from_ref(&forged)).await.finding;
    assert_eq!(finding, Some(Finding::CheckpointUnfit { why: "its key is not trusted" }));
    let mut altered = head.clone().sign(&bed.key);
    altered.head.records = 3;
    let finding = bed.verify(std::slice::from_ref(&altered)).await.finding;
    assert_eq!(finding, Some(Finding::CheckpointUnfit { why: "its signature does not fit" }));
}

/// Rows of the chain itself altered or gone.
async fn a_broken_chain_is_found(bed: Bed) {
    ten(&bed).await;
    bed.tamper("UPDATE audit_batch SET count = count - 1 WHERE number = $1", vec![Value::Number(2)]).await;
    let counts = Some(Finding::ChainBroken { batch: 2, what: "its counts do not add up" });
    assert_eq!(bed.verify(&[]).await.finding, counts);
    bed.tamper("UPDATE audit_batch SET count = count + 1 WHERE number = $1", vec![Value::Number(2)]).await;
    let leaves = async |tx: &mut Tx<'_>| -> Result<(Vec<u8>,), StoreError> {
        tx.get::<(Vec<u8>,)>("SELECT leaves FROM audit_batch WHERE number = 2", params![]).await
    };
    let (mut leaves,) = bed.store.read(leaves).await.unwrap();
    *leaves.last_mut().unwrap() ^= 1;
    bed.tamper("UPDATE audit_batch SET leaves = $1 WHERE number = 2", vec![Value::Bytes(leaves)]).await;
    let list = Some(Finding::ChainBroken { batch: 2, what: "its list of records does not give its root" });
    assert_eq!(bed.verify(&[]).await.finding, list);
    bed.tamper("DELETE FROM audit_batch WHERE number = $1", vec![Value::Number(2)]).await;
    assert_eq!(bed.verify(&[]).await.finding, Some(Finding::ChainBroken { batch: 2, what: "it is missing" }));
}

/// The strongest attack: with the signing key in hand everything is written anew. A checkpoint kept elsewhere tells.
async fn a_history_written_anew_differs_from_the_checkpoint_kept_elsewhere(bed: Bed) {
    let ids = ten(&bed).await;
    let kept = bed.checkpoint().await;
    bed.tamper("DELETE FROM audit_batch WHERE number >= $1", vec![Value::Number(0)]).await;
    bed.tamper("UPDATE audit_record SET actor = 'key:innocent' WHERE id = $1", vec![Value::id(ids[3])]).await;
    bed.seal().await;
    assert!(bed.verify(&[]).await.is_intact());
    let finding = bed.verify(std::slice::from_ref(&kept)).await.finding;
    assert_eq!(finding, Some(Finding::Rewritten { batch: 4 }));
}

/// Whatever place it is given: below every mark, at the very bottom of what a column can hold, in the middle, at the end.
async fn a_record_slipped_in_anywhere_is_named(bed: Bed) {
    let ids = ten(&bed).await;
    for (mark, seq, position) in [(-5, 500, 1), (i64::MIN, i64::MIN, 1), (i64::MIN, 777, 1), (-1, -1, 1)] {
        let new = stranger(mark);
        slip_in(&bed, ids[2], new, mark, seq).await;
        let verdict = bed.verify(&[]).await;
        assert_eq!(verdict.finding, Some(Finding::Inserted { record: Some(new), position }), "{mark} {seq}");
        let (found, proved) = bed
            .store
            .scan(async move |tx: &mut Tx<'_>| {
                let found = stoa_audit::search(tx, &Tenant::default(), &Filter::default()).await?;
                let shown = stoa_audit::get(tx, &Tenant::default(), new).await;
                assert!(matches!(shown, Err(AuditError::NotFound)));
                Ok::<_, AuditError>((found, stoa_audit::prove(tx, new).await))
            })
            .await
            .unwrap();
        assert_eq!(found.len(), 10, "what no commit wrote is not shown as evidence");
        assert!(matches!(proved, Err(AuditError::NotFound)));
        assert_eq!(bed.tamper("DELETE FROM audit_record WHERE id = $1", vec![Value::id(new)]).await, 1);
        assert!(bed.verify(&[]).await.is_intact(), "put back");
    }
}

/// An id that no record has.
fn stranger(seed: i64) -> stoa_audit::RecordId {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    stoa_audit::RecordId::from_bytes(bytes)
}

async fn slip_in(bed: &Bed, like: stoa_audit::RecordId, new: stoa_audit::RecordId, mark: i64, seq: i64) {
    let added = bed
        .tamper(
            "INSERT INTO audit_record (seq, mark, id, at, tenant, actor_kind, actor, action, object, outcome, detail)
             SELECT $3, $4, $2, at, tenant, actor_kind, actor, action, object, outcome, detail
             FROM audit_record WHERE id = $1",
            vec![Value::id(like), Value::id(new), Value::Number(seq), Value::Number(mark)],
        )
        .await;
    assert_eq!(added, 1);
}

/// Where the next batch begins is vouched for too: one number must not switch the evidence off unseen.
async fn a_batchs_end_cannot_be_moved(bed: Bed) {
    ten(&bed).await;
    for change in ["last_seq = last_seq + 1000000", "last_mark = last_mark + 5", "last_seq = last_seq - 1"] {
        let sql: &'static str = format!("UPDATE audit_batch SET {change} WHERE number = $1").leak();
        bed.tamper(sql, vec![Value::Number(4)]).await;
        let verdict = bed.verify(&[]).await;
        assert!(matches!(verdict.finding, Some(Finding::ChainBroken { batch: 4, .. })), "{change}: {verdict:?}");
        let sealer = bed.sealer(3);
        bed.append(10..12).await;
        assert!(sealer.pass().await.is_err(), "nothing is sealed behind a batch that was altered");
        bed.clock.advance(std::time::Duration::from_mins(1));
        assert!(sealer.lag() >= std::time::Duration::from_mins(1), "and the lag says so");
        let undo = change.replace('+', "~").replace('-', "+").replace('~', "-");
        bed.tamper(format!("UPDATE audit_batch SET {undo} WHERE number = $1").leak(), vec![Value::Number(4)]).await;
        let verdict = bed.verify(&[]).await;
        assert_eq!(verdict.finding, None, "put back");
    }
}

/// A sealed record that is moved behind the others does not keep the sealer from what comes after.
async fn a_last_record_that_was_moved_stops_nothing(bed: Bed) {
    let ids = ten(&bed).await;
    bed.tamper("UPDATE audit_record SET mark = mark + 1000000 WHERE id = $1", vec![Value::id(ids[9])]).await;
    bed.append(10..12).await;
    bed.settled().await;
    bed.sealer(100).seal_all().await.unwrap();
    let verdict = bed.verify(&[]).await;
    assert!(matches!(verdict.finding, Some(Finding::Reordered { position: 10, .. })), "{verdict:?}");
}

/// A change of a value's type is a change like any other: the record or batch is named, and nothing stops.
async fn what_cannot_be_read_any_more_is_named(bed: Bed) {
    let ids = ten(&bed).await;
    bed.tamper("UPDATE audit_record SET id = $2 WHERE id = $1", vec![Value::id(ids[3]), Value::Bytes(vec![1])]).await;
    assert_eq!(bed.verify(&[]).await.finding, Some(Finding::Changed { record: ids[3], position: 4 }));
    bed.tamper("UPDATE audit_record SET id = $1 WHERE id = $2", vec![Value::id(ids[3]), Value::Bytes(vec![1])]).await;
    assert!(bed.verify(&[]).await.is_intact(), "put back");
    for (number, column, bytes) in
        [(2, "leaves", vec![0]), (2, "key", vec![0]), (2, "root", vec![]), (4, "chain", vec![])]
    {
        let keep: &'static str = format!("UPDATE audit_batch SET {column} = $2 WHERE number = $1").leak();
        let before = bed.blob(format!("SELECT {column} FROM audit_batch WHERE number = {number}")).await;
        bed.tamper(keep, vec![Value::Number(number), Value::Bytes(bytes)]).await;
        let expected = Finding::ChainBroken { batch: number.unsigned_abs(), what: "its row cannot be read" };
        assert_eq!(bed.verify(&[]).await.finding, Some(expected), "{column} of batch {number}");
        bed.tamper(keep, vec![Value::Number(number), Value::Bytes(before)]).await;
        assert!(bed.verify(&[]).await.is_intact(), "{column} put back");
    }
}

/// SQLite takes any type in any column.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_type_is_named() {
    for (change, finding) in [
        ("at = 'x'", true),
        ("actor = x'ff00'", true),
        ("actor = CAST(x'ff00' AS TEXT)", true),
        ("detail = 7.5", true),
        ("sealed = 'text'", true),
        ("subject = x'00'", true),
        ("mark = 0.5", false),
        ("mark = 'x'", false),
    ] {
        let bed = Bed::sqlite().await;
        let ids = ten(&bed).await;
        let sql: &'static str = format!("UPDATE audit_record SET {change} WHERE id = $1").leak();
        assert_eq!(bed.tamper(sql, vec![Value::id(ids[4])]).await, 1);
        let verdict = bed.verify(&[]).await;
        assert_eq!(verdict.verified, 4, "{change}");
        if finding {
            assert_eq!(verdict.finding, Some(Finding::Changed { record: ids[4], position: 5 }), "{change}");
        } else {
            let moved = Finding::Reordered { record: ids[4], position: 5, found: Some(ids[5]) };
            assert_eq!(verdict.finding, Some(moved), "{change}");
        }
    }
    for change in ["number = 'x'", "last_mark = 'x'", "at = 'x'", "signature = 'x'", "records = -1"] {
        let bed = Bed::sqlite().await;
        ten(&bed).await;
        bed.tamper(format!("UPDATE audit_batch SET {change} WHERE number = $1").leak(), vec![Value::Number(4)]).await;
        let verdict = bed.verify(&[]).await;
        assert!(matches!(verdict.finding, Some(Finding::ChainBroken { batch: 4, .. })), "{change}: {verdict:?}");
        bed.append(10..11).await;
        assert!(bed.sealer(3).pass().await.is_err(), "{change}: the sealer does not build on it");
    }
}

/// Not through the engine at all: bytes of the file, changed in place.
#[tokio::test(flavor = "multi_thread")]
async fn changed_bytes_of_the_file_are_named() {
    let bed = Bed::sqlite().await;
    let ids = ten(&bed).await;
    let bed = bed.with_bytes_changed(b"things/4", b"things/5").await;
    assert_eq!(bed.verify(&[]).await.finding, Some(Finding::Changed { record: ids[4], position: 5 }));
}

/// Keys change; a chain signed by both is intact for who trusts both.
async fn a_new_signing_key_continues_the_chain(mut bed: Bed) {
    let old = bed.key.verifying_key();
    bed.append(0..3).await;
    bed.seal().await;
    bed.key = SigningKey::from_seed(&[8; 32]).unwrap();
    bed.append(3..5).await;
    bed.seal().await;
    assert_eq!(bed.verify(&[]).await.finding, Some(Finding::Forged { batch: 1 }));
    let verdict = verify::verify(&bed.store, &[old, bed.key.verifying_key()], &[]).await.unwrap();
    assert_eq!((verdict.finding, verdict.verified), (None, 5));
}

on_both_engines!(
    a_removed_record_is_named,
    a_changed_record_is_named,
    an_inserted_record_is_named,
    reordered_records_are_named,
    a_cut_tail_is_found_against_a_checkpoint_kept_elsewhere,
    a_tail_cut_off_the_records_alone_is_found_without_help,
    a_forged_checkpoint_is_found,
    a_broken_chain_is_found,
    a_history_written_anew_differs_from_the_checkpoint_kept_elsewhere,
    a_new_signing_key_continues_the_chain,
    a_record_slipped_in_anywhere_is_named,
    a_batchs_end_cannot_be_moved,
    a_last_record_that_was_moved_stops_nothing,
    what_cannot_be_read_any_more_is_named,
    every_checkpoint_that_was_kept_is_compared,
    the_database_refuses_to_change_evidence,
);
