//! Publications that are cut off, and writers that come while one is under way.

use serde_json::{Value, json};
use stoa_core::{Actor, Tenant};
use stoa_store::Tx;
use stoa_store::jobs::JobRunner;
use stoa_test::TestStoa;

use super::{Step, begin, step};
use crate::error::RegistriesError;
use crate::service::{By, Draft, Record, Registries, RegistryInfo};
use crate::store::registry;

struct Desk {
    stoa: TestStoa,
    registries: Registries,
    by: By,
}

fn schema(unique: bool) -> Value {
    json!({"type": "object", "properties": {"mail": {"type": "string", "unique": unique}}})
}

fn draft(unique: bool) -> Draft {
    Draft { code: "x".to_owned(), schema: schema(unique), ..Draft::default() }
}

impl Desk {
    /// A register `x` of one field that is not unique, with records.
    async fn new(mails: &[&str]) -> Self {
        let stoa = TestStoa::with(&[crate::BLOCK]).await;
        let registries = Registries::new(&stoa.contexts["registries"]);
        let by = By::system(Actor::system("test", Tenant::default()));
        let desk = Self { stoa, registries, by };
        desk.registries.define(&desk.by, draft(false)).await.unwrap();
        for mail in mails {
            desk.create("1.0", mail).await.unwrap();
        }
        desk
    }

    async fn create(&self, label: &str, mail: &str) -> Result<Record, RegistriesError> {
        self.registries.create(&self.by, "x", label, json!({"mail": mail}), "").await
    }

    async fn info(&self) -> RegistryInfo {
        self.registries.get(&self.by, "x").await.unwrap()
    }

    /// Notes that the draft is to be published, as a caller does who dies right after it.
    async fn begin(&self) -> i64 {
        self.registries.put_draft(&self.by, draft(true)).await.unwrap();
        let by = self.by.clone();
        let begun = self.registries.store().write(async move |tx: &mut Tx<'_>| {
            let row = registry::find(tx, by.tenant(), "x").await?.unwrap();
            let id = row.id;
            begin(tx, &by, row, None).await?;
            Ok::<_, RegistriesError>(id)
        });
        begun.await.unwrap()
    }

    /// One batch of one record.
    async fn step(&self, registry: i64) -> Step {
        let this = self.registries.clone();
        let done = self.registries.store().write(async move |tx: &mut Tx<'_>| step(tx, &this, registry, 1).await);
        done.await.unwrap()
    }
}

#[tokio::test]
async fn a_publication_that_is_cut_off_is_brought_to_its_end_by_the_job() {
    let desk = Desk::new(&["a", "b", "c", "d"]).await;
    let id = desk.begin().await;
    assert!(matches!(desk.step(id).await, Step::Again) && matches!(desk.step(id).await, Step::Again));
    let info = desk.info().await;
    let coming = info.publication.unwrap();
    assert_eq!((info.versions.len(), coming.checked, coming.is_refused, coming.label.as_str()), (1, 2, false, "2.0"));
    // The process dies here; another one starts.
    let registries = Registries::new(&desk.stoa.contexts["registries"]);
    let jobs = JobRunner::new(registries.store().clone(), vec![registries.publisher()]);
    assert_eq!(jobs.drain().await.unwrap(), 0, "its caller may still be at it");
    desk.stoa.clock.advance(super::JOB_AFTER);
    assert_eq!(jobs.drain().await.unwrap(), 1);
    let info = desk.info().await;
    assert_eq!((info.versions.len(), info.publication.is_none(), info.draft.is_none()), (2, true, true));
    assert_eq!(info.versions[1].published_by, "test");
    for taken in ["a", "d"] {
        assert!(matches!(desk.create("1.0", taken).await, Err(RegistriesError::NotUnique(_))));
    }
    assert_eq!(jobs.drain().await.unwrap(), 0);
}

#[tokio::test]
async fn writers_keep_the_coming_rule_while_old_records_are_checked() {
    let desk = Desk::new(&["a", "b", "c"]).await;
    let id = desk.begin().await;
    desk.step(id).await;
    // Checked already, not checked yet, and new: whoever comes second is refused.
    assert!(matches!(desk.create("1.0", "a").await, Err(RegistriesError::NotUnique(_))));
    let first = desk.create("1.0", "new").await.unwrap();
    assert!(matches!(desk.create("1.0", "new").await, Err(RegistriesError::NotUnique(_))));
    let moved = desk.registries.update_by_id(&desk.by, "x", "1.0", first.id, json!({"mail": "newer"}), None).await;
    moved.unwrap();
    desk.create("1.0", "new").await.unwrap();
    assert!(matches!(desk.registries.put_draft(&desk.by, draft(false)).await, Err(RegistriesError::Publishing(_))));
    assert!(matches!(desk.registries.publish(&desk.by, "x").await, Err(RegistriesError::Publishing(_))));
    while matches!(desk.step(id).await, Step::Again) {}
    assert_eq!(desk.info().await.versions.len(), 2);
    for taken in ["a", "b", "c", "new", "newer"] {
        assert!(matches!(desk.create("1.0", taken).await, Err(RegistriesError::NotUnique(_))), "{taken}");
    }
}

#[tokio::test]
async fn a_writer_who_came_first_stands_against_an_old_record() {
    let desk = Desk::new(&["a", "b"]).await;
    let id = desk.begin().await;
    // `b` is not checked yet, so nobody has claimed it.
    let late = desk.create("1.0", "b").await.unwrap();
    let faults = loop {
        match desk.step(id).await {
            Step::Again => {}
            Step::Refused(faults) => break faults,
            Step::Done => panic!("published over two records with one value"),
        }
    };
    assert_eq!(faults.len(), 1);
    assert!(faults[0].message.contains(&late.id.to_string()), "{faults:?}");
    let info = desk.info().await;
    assert_eq!((info.versions.len(), info.publication.unwrap().is_refused), (1, true));
    desk.create("1.0", "a").await.unwrap();
    // A new draft starts afresh.
    desk.registries.put_draft(&desk.by, draft(false)).await.unwrap();
    assert!(desk.info().await.publication.is_none());
}

#[tokio::test]
async fn a_register_that_is_deleted_meanwhile_is_left_alone() {
    let desk = Desk::new(&["a", "b"]).await;
    let id = desk.begin().await;
    desk.registries.delete_registry(&desk.by, id).await.unwrap();
    assert!(matches!(desk.step(id).await, Step::Done));
}

#[tokio::test]
async fn what_was_read_in_a_transaction_that_failed_is_not_remembered() {
    let desk = Desk::new(&[]).await;
    let (this, by, coming) = (desk.registries.clone(), desk.by.clone(), draft(true));
    let failed = desk.registries.store().write(async move |tx: &mut Tx<'_>| {
        let row = super::super::design::write_draft(tx, &by, &coming).await?;
        begin(tx, &by, row, None).await?;
        assert_eq!(this.compiled(tx, by.tenant(), "x").await?.versions.len(), 2);
        Err::<(), _>(RegistriesError::NoDraft)
    });
    failed.await.unwrap_err();
    let other = json!({"type": "object", "properties": {"other": {"type": "string"}}});
    desk.registries.define(&desk.by, Draft { schema: other, ..draft(false) }).await.unwrap();
    let compiled = desk.registries.open(&desk.by, "x").await.unwrap();
    assert_eq!(compiled.current().unwrap().schema.fields()[0].name(), "other");
}
