//! Many records in, under the store's bounds.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stoa_core::{Clock, Ids, Permissions, Tenant};
use stoa_registries::import::{Rows, SourceRow};
use stoa_registries::service::{By, Draft, Trial};
use stoa_registries::{BLOCK, Registries};
use stoa_store::keys::MasterKeys;
use stoa_store::{Store, StoreLimits, StoreOptions};

fn rows(count: u64) -> Rows<'static> {
    Box::new((0..count).map(|n| {
        let mut content = Map::new();
        content.insert("number".to_owned(), Value::String(format!("N{n:06}")));
        content.insert("name".to_owned(), Value::String(format!("Somebody with a name, the {n}th")));
        Ok(SourceRow { line: n + 1, content, warnings: Vec::new() })
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_too_slow_for_one_unit_of_work_go_into_several() {
    let place = stoa_test::Place::new();
    let clock = Clock::system();
    let store = Store::open(StoreOptions {
        block: "registries",
        engine: place.engine("registries"),
        migrations: BLOCK
            .migrations
            .iter()
            .chain(stoa_audit::MIGRATIONS)
            .chain(stoa_web::webhook::MIGRATIONS)
            .copied()
            .collect(),
        clock: clock.clone(),
        ids: Ids::random(clock),
        // A batch of 250 such rows takes longer than this on any machine, a single one does not.
        limits: StoreLimits { unit_time: Duration::from_millis(20), ..StoreLimits::default() },
    })
    .await
    .unwrap();
    let registries = Registries::over(store.clone(), MasterKeys::generate().unwrap());
    let by = By::system(stoa_core::Actor {
        permissions: Permissions::All,
        ..stoa_core::Actor::anonymous(Tenant::new("default").unwrap())
    });
    let schema = json!({"type": "object", "properties": {
        "number": {"type": "string", "primaryKey": true, "personalDataId": true},
        "name": {"type": "string", "personalData": true, "isFulltext": true}}});
    let draft = Draft { code: "people".to_owned(), name: "People".to_owned(), schema, ..Draft::default() };
    registries.define(&by, draft).await.unwrap();
    let before = store.state().units;
    let done = registries.import(&by, "people", "1.0", rows(500), Trial::No, |_, _| {}).await.unwrap();
    assert_eq!((done.created, done.refused), (500, 0));
    assert_eq!(registries.count(&by, "people").await.unwrap(), 500);
    let units = store.state().units - before;
    assert!(units > 4, "two batches were too long for two units and were split: {units}");
}
