//! Evidence by the command line: verified, compared with what was kept elsewhere, tampered with and found.

use stoa_core::{Actor, Clock, Ids, Tenant};
use stoa_store::{Durability, Engine, Store, StoreError, StoreLimits, StoreOptions, Tx, params};

use crate::program::Place;

/// The node's database of a data folder that no process holds.
async fn node(place: &Place) -> Store {
    let steps = stoa_web::MIGRATIONS.iter().chain(stoa_audit::MIGRATIONS).chain(stoa_web::webhook::MIGRATIONS);
    let clock = Clock::system();
    Store::open(StoreOptions {
        block: "node",
        engine: Engine::Sqlite { file: place.path("stoa-data/node.db"), durability: Durability::Full },
        migrations: steps.copied().collect(),
        ids: Ids::random(clock.clone()),
        clock,
        limits: StoreLimits::default(),
    })
    .await
    .unwrap()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

/// Changes the node's database behind the program's back; the database's own refusal is taken off first.
fn tamper(place: &Place, statements: &'static [&'static str]) {
    wait(async {
        let store = node(place).await;
        let changed: Result<(), StoreError> = store
            .write(async move |tx: &mut Tx<'_>| {
                for trigger in ["audit_record_kept", "audit_record_stays", "audit_batch_kept", "audit_batch_stays"] {
                    tx.execute(&format!("DROP TRIGGER IF EXISTS {trigger}"), params![]).await?;
                }
                for statement in statements {
                    tx.execute(statement, params![]).await?;
                }
                Ok(())
            })
            .await;
        changed.unwrap();
        store.close().await;
    });
}

/// A place with a data folder and some evidence in the node's database, sealed.
fn with_evidence() -> Place {
    let place = Place::new();
    assert_eq!(place.up(&[]).terminate().0, 0);
    place.run(&["key", "create", "--name", "one"]).done();
    place
}

#[test]
fn evidence_is_verified_against_checkpoints_kept_elsewhere() {
    let place = with_evidence();
    let old = place.run(&["audit", "checkpoint"]).done();
    place.write("old.txt", &old);
    place.run(&["key", "create", "--name", "two"]).done();
    let whole = place.run(&["audit", "verify", "--against", "old.txt"]).done();
    assert!(whole.contains("node: whole, 5 records") && whole.contains("agrees with the checkpoint"), "{whole}");
    let found = place.run(&["audit", "search", "--action", "node.key.create", "--limit", "1"]).done();
    let record: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(record["actor"], "command-line");

    place.write("forged.txt", &old.replace("records: 3", "records: 9"));
    let forged = place.run(&["audit", "verify", "--against", "forged.txt"]);
    assert_eq!(forged.code, 3, "{forged:?}");
    assert!(forged.stdout.contains("NOT WHOLE"), "{forged:?}");

    // A file that grows by a checkpoint each night: all of them count.
    let new = place.run(&["audit", "checkpoint"]).done();
    place.write("both.txt", &format!("{old}\n{new}"));
    let whole = place.run(&["audit", "verify", "--against", "both.txt"]).done();
    assert!(whole.contains("agrees with the 2 checkpoints"), "{whole}");
    tamper(&place, &["DELETE FROM audit_batch WHERE number > 2", "DELETE FROM audit_record WHERE seq > 3"]);
    place.run(&["audit", "verify", "--against", "old.txt"]).done();
    let cut = place.run(&["audit", "verify", "--against", "both.txt"]);
    assert!(cut.code == 3 && cut.stdout.contains("node: NOT WHOLE: the tail was cut off"), "{cut:?}");
}

#[test]
fn what_several_databases_hold_is_found_newest_first() {
    let place = with_evidence();
    place.write("towns.csv", "code,name\nTL,Tallinn\n");
    place.run(&["registry", "import", "towns.csv", "--yes"]).done();
    place.run(&["key", "create", "--name", "two"]).done();
    let lines = |limit: &str| -> Vec<serde_json::Value> {
        let found = place.run(&["audit", "search", "--limit", limit]).done();
        found.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines("1000");
    let at: Vec<&str> = all.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(at.is_sorted_by(|newer, older| newer >= older), "{at:?}");
    let first_of = |name: &str| all.iter().position(|line| line["database"] == name).unwrap();
    let last_of = |name: &str| all.iter().rposition(|line| line["database"] == name).unwrap();
    assert!(first_of("node") < first_of("registries") && last_of("registries") < last_of("node"), "{at:?}");
    assert_eq!(lines("3"), all[..3], "a limit takes the newest of all");
}

#[test]
fn a_comparison_that_was_not_made_is_said() {
    let place = with_evidence();
    let node = place.run(&["audit", "checkpoint"]).done();
    // What a nightly command leaves when it fails.
    place.write("empty.txt", "\n");
    let empty = place.run(&["audit", "verify", "--against", "empty.txt"]);
    assert!(empty.code == 2 && empty.stderr.contains("holds no checkpoint"), "{empty:?}");

    place.write("node.txt", &node);
    let whole = place.run(&["audit", "verify", "--against", "node.txt"]).done();
    assert!(whole.contains("registries: whole, 0 records in 0 sealed batches\n"), "{whole}");
    place.write("towns.csv", "code,name\nTL,Tallinn\n");
    place.run(&["registry", "import", "towns.csv", "--yes"]).done();
    let later = place.run(&["audit", "verify", "--against", "node.txt"]).done();
    assert!(later.contains("registries: whole") && later.contains("not compared: nothing was sealed yet"), "{later}");
    let other = place.run(&["audit", "verify", "--against", "node.txt", "--block", "registries"]);
    assert!(other.code == 2 && other.stderr.contains("holds no checkpoint of registries"), "{other:?}");

    let all = place.run(&["audit", "checkpoint"]).done();
    let (_, registries) = all.split_once("\n\n").unwrap();
    place.write("registries.txt", registries);
    let missing = place.run(&["audit", "verify", "--against", "registries.txt"]);
    assert!(missing.code == 3 && missing.stdout.contains("NOT COMPARED"), "{missing:?}");
    place.write("gone.txt", &all.replace("block: registries", "block: payments"));
    let gone = place.run(&["audit", "verify", "--against", "gone.txt"]);
    assert!(gone.code == 3 && gone.stdout.contains("payments: NOT HERE"), "{gone:?}");
}

#[test]
fn what_is_not_sealed_is_said_and_verification_changes_nothing() {
    let place = with_evidence();
    wait(async {
        let store = node(&place).await;
        let actor = Actor::system("test", Tenant::default());
        let late: Result<_, stoa_audit::AuditError> = store
            .write(async move |tx: &mut Tx<'_>| {
                stoa_audit::append(tx, &stoa_audit::Record::done(&actor, "test.late", "late".to_owned())).await
            })
            .await;
        late.unwrap();
        store.close().await;
    });
    let young = place.run(&["audit", "verify", "--block", "node"]).done();
    assert!(
        young.contains("node: whole, 3 records") && young.contains("node: not sealed yet: 1 record since "),
        "{young}"
    );
    // The last batches removed and their records kept, so that they would be sealed again.
    tamper(&place, &["DELETE FROM audit_batch WHERE number > 1", "UPDATE audit_record SET at = at - 3600000000"]);
    tamper(&place, &["UPDATE audit_record SET at = at + 3600000000 WHERE seq = 1"]);
    for _ in 0..2 {
        let behind = place.run(&["audit", "verify", "--block", "node"]);
        assert_eq!(behind.code, 3, "{behind:?}");
        assert!(behind.stdout.contains("node: NOT SEALED: 3 records"), "{behind:?}");
    }
}

#[test]
fn one_database_that_cannot_be_verified_keeps_none_of_the_others_from_it() {
    let place = with_evidence();
    tamper(&place, &["ALTER TABLE audit_record RENAME TO hidden"]);
    let run = place.run(&["audit", "verify"]);
    assert_ne!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("node: NOT VERIFIED") && run.stdout.contains("registries: whole"), "{run:?}");
}

#[test]
fn the_public_key_is_taken_from_where_the_node_cannot_write() {
    let place = with_evidence();
    let key = place.run(&["audit", "key"]).done();
    assert_eq!(key.trim().len(), 64, "{key}");
    place.write("kept.pub", &key);
    // Whoever holds the folder puts another signing key there: what it signs is its own word.
    std::fs::remove_file(place.path("stoa-data/keys/audit.key")).unwrap();
    place.run(&["key", "create", "--name", "two"]).done();
    let own = place.run(&["audit", "verify", "--block", "node"]);
    assert!(own.code == 3 && own.stdout.contains("batch 1 is not signed by a trusted key"), "{own:?}");
    let kept = place.run(&["audit", "verify", "--block", "node", "--key", "kept.pub"]);
    assert!(kept.code == 3 && kept.stdout.contains("batch 3 is not signed by a trusted key"), "{kept:?}");
    let new = place.run(&["audit", "key"]).done();
    assert_ne!(new, key);
    let both = place.run(&["audit", "verify", "--block", "node", "--key", "kept.pub", "--key", new.trim()]).done();
    assert!(both.contains("node: whole, 5 records"), "{both}");
    let mut configured = place.command(&["audit", "verify", "--block", "node"]);
    configured.env("STOA_KEYS__TRUSTED", key.trim());
    assert!(place.ended(&mut configured).done().contains("node: whole, 5 records"));
    let wrong = place.run(&["audit", "verify", "--key", "nonsense"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("nonsense"), "{wrong:?}");
}
