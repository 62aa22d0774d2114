//! The sample data of profile `govstack`: ordinary registers and records from `fixtures/govstack.json`.

use serde::Deserialize;
use serde_json::Value;
use stoa_core::{Actor, Tenant};
use stoa_store::Tx;
use stoa_web::{BlockContext, BoxError, Seeding};

use crate::error::RegistriesError;
use crate::model::Label;
use crate::service::{By, Draft, RecordId, Registries};

#[derive(Deserialize)]
struct Fixtures {
    registries: Vec<Fixture>,
}

#[derive(Deserialize)]
struct Fixture {
    id: i64,
    code: String,
    name: String,
    label: Label,
    schema: Value,
    #[serde(default)]
    records: Vec<FixtureRecord>,
}

#[derive(Deserialize)]
struct FixtureRecord {
    uuid: Option<RecordId>,
    content: Value,
}

/// Loads the sample data.
pub(crate) fn govstack(context: BlockContext) -> Seeding {
    Box::pin(async move {
        let fixtures: Fixtures = serde_json::from_str(include_str!("../fixtures/govstack.json"))?;
        let registries = Registries::new(&context);
        let by = By::system(Actor::system("sample data", Tenant::default()));
        for fixture in fixtures.registries {
            load(&registries, &by, fixture).await?;
        }
        Ok::<_, BoxError>(())
    })
}

async fn load(registries: &Registries, by: &By, fixture: Fixture) -> Result<(), RegistriesError> {
    let draft = Draft {
        id: Some(fixture.id),
        code: fixture.code.clone(),
        name: fixture.name,
        label: Some(fixture.label.clone()),
        schema: fixture.schema,
        ..Draft::default()
    };
    registries.define(by, draft).await?;
    let (this, by, code, label) = (registries.clone(), by.clone(), fixture.code, fixture.label);
    let records = fixture.records;
    registries
        .store()
        .write(async move |tx: &mut Tx<'_>| {
            for record in &records {
                this.create_with_id(tx, &by, &code, label.as_str(), &record.content, record.uuid).await?;
            }
            Ok(())
        })
        .await
}
