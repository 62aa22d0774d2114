//! The sample data of profile `govstack`: an ordinary client, people, codes that were sent to them, and sign-ins that began,
//! from `fixtures/govstack.json`.

use serde::Deserialize;
use stoa_core::{Actor, Tenant};
use stoa_web::{BlockContext, BoxError, Seeding};

use crate::service::{By, Identity, NewClient, SamplePerson};

#[derive(Deserialize)]
struct Fixtures {
    client: NewClient,
    request: String,
    transactions: Vec<String>,
    people: Vec<SamplePerson>,
}

/// Loads the sample data.
pub(crate) fn govstack(context: BlockContext) -> Seeding {
    Box::pin(async move {
        let fixtures: Fixtures = serde_json::from_str(include_str!("../fixtures/govstack.json"))?;
        let identity = Identity::new(&context)?;
        let by = By::system(Actor::system("sample data", Tenant::default()));
        identity.register_checked(&by, fixtures.client).await?;
        for person in fixtures.people {
            identity.add_sample(&by, person).await?;
        }
        identity.begin_samples(&fixtures.request, &fixtures.transactions).await?;
        Ok::<_, BoxError>(())
    })
}
