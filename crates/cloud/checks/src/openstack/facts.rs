//! What was observed of a cloud, each thing once, however many test cases need it. What could not be observed is
//! remembered too: it is not tried again by the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::Value;
use stoa_openstack::{Call, Cloud, Error, Service, Session, segment};
use stoa_standards::flavor::CloudFlavor;
use stoa_standards::rule::Check;
use stoa_standards::rule::image::Image;
use tokio::sync::OnceCell;

use super::journal::{Journal, JournalError};
use crate::{Answers, Context};

/// Roles with which nothing is proven about what users may do (scs-0004: tests run without rights of administrators).
const TOO_MIGHTY: [&str; 2] = ["admin", "manager"];
/// The role that users of a cloud have.
const MEMBER: &str = "member";

/// A flavor with its id.
#[derive(Debug, Clone)]
pub struct FoundFlavor {
    /// Its id.
    pub id: String,
    /// What it has.
    pub facts: CloudFlavor,
}

/// What was observed.
pub(super) struct Facts {
    pub(super) cloud: Arc<Cloud>,
    pub(super) context: Context,
    session: OnceCell<Result<Arc<Session>, Check>>,
    flavors: OnceCell<Result<Vec<FoundFlavor>, Check>>,
    images: OnceCell<Result<Vec<Image>, Check>>,
    journal: OnceCell<Result<Arc<Journal>, Check>>,
}

impl Facts {
    pub(super) fn new(cloud: Arc<Cloud>, context: Context) -> Self {
        let (session, flavors, images) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { cloud, context, session, flavors, images, journal: OnceCell::new() }
    }

    /// The session of a user with the rights that users have.
    pub(super) async fn session(&self) -> Result<&Arc<Session>, Check> {
        let session = self.session.get_or_init(async || {
            let session = self.cloud.session().await.map_err(|error| aborted(&error))?;
            preflight(&session.roles)?;
            Ok(session)
        });
        session.await.as_ref().map_err(Clone::clone)
    }

    /// All flavors, with extra specs.
    pub(super) async fn flavors(&self) -> Result<&[FoundFlavor], Check> {
        let flavors = self.flavors.get_or_init(async || {
            self.session().await?;
            flavors(&self.cloud).await.map_err(|error| aborted(&error))
        });
        flavors.await.as_deref().map_err(Clone::clone)
    }

    /// Images that everybody can see or use.
    pub(super) async fn images(&self) -> Result<&[Image], Check> {
        let images = self.images.get_or_init(async || {
            self.session().await?;
            images(&self.cloud).await.map_err(|error| aborted(&error))
        });
        images.await.as_deref().map_err(Clone::clone)
    }

    /// Where everything is noted that is made.
    pub(super) async fn journal(&self) -> Result<&Arc<Journal>, Check> {
        let journal = self.journal.get_or_init(async || {
            let session = self.session().await?;
            let config = self.cloud.config();
            let project = session.project_id.as_deref().unwrap_or_default();
            Journal::open(&self.context.journal, &config.name, &config.auth_url, project)
                .map(Arc::new)
                .map_err(|error| unwritten(&error))
        });
        journal.await.as_ref().map_err(Clone::clone)
    }

    /// Tells what is being done.
    pub(super) fn step(&self, group: &'static str, text: &str) {
        self.context.progress.step(group, text);
    }
}

/// A user with more rights than users have proves nothing, and one with less cannot use the cloud.
fn preflight(roles: &BTreeSet<String>) -> Result<(), Check> {
    let remedy = "log in as a user of a project with the role member, and none of an administrator";
    if let Some(role) = TOO_MIGHTY.iter().find(|role| roles.contains(**role)) {
        let reason = format!("it has the role {role}, with which nothing is proven about what users may do");
        return Err(Check::aborted("the user of the run", reason, remedy));
    }
    if !roles.contains(MEMBER) {
        let has = roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let has = if has.is_empty() { "none".to_owned() } else { has };
        return Err(Check::aborted("the user of the run", format!("it has not the role member, but {has}"), remedy));
    }
    Ok(())
}

/// The check that a failed call leaves: nothing was found out.
pub(super) fn aborted(error: &Error) -> Check {
    Check::aborted(error.call.to_string(), error.failure.to_string(), error.remedy())
}

/// The check that is not made because what it makes could not be noted.
pub(super) fn unwritten(error: &JournalError) -> Check {
    Check::aborted("journal", format!("nothing is made that is not noted: {error}"), error.remedy())
}

/// The same answer for all.
pub(super) fn answer_all(ids: &BTreeSet<String>, check: &Check) -> Answers {
    ids.iter().map(|id| (id.clone(), check.clone())).collect()
}

/// An object that an answer should hold, or the error that says what it is instead.
pub(super) fn malformed(service: Service, path: &str, what: &str) -> Check {
    Check::aborted(
        format!("GET {service}{path}"),
        format!("the answer has {what}"),
        format!("see what answers at the address of {service}"),
    )
}

/// All flavors that the user of the cloud may see, with their extra specs.
///
/// Extra specs stand in the list since microversion 2.61 (Rocky, 2018); from older clouds they are asked one by one.
pub async fn flavors(cloud: &Cloud) -> Result<Vec<FoundFlavor>, Error> {
    // `None` is how Nova is asked for all that the user may see, its public ones and those of the project.
    let all = || Call::get(Service::Compute, "/flavors/detail").with("is_public", "None").with("limit", "1000");
    match cloud.list(all().in_version("2.61"), "flavors").await {
        Ok(items) => Ok(items.iter().map(|item| flavor(item, item.get("extra_specs"))).collect()),
        Err(error) if error.status() == Some(406) => {
            let items = cloud.list(all(), "flavors").await?;
            try_join_all(items.iter().map(async |item| {
                let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
                let call = Call::get(Service::Compute, format!("/flavors/{}/os-extra_specs", segment(id)));
                let specs = cloud.send(call).await?.part("extra_specs")?;
                Ok(flavor(item, Some(&specs)))
            }))
            .await
        }
        Err(error) => Err(error),
    }
}

/// Numbers that are not there count as none at all: what a flavor does not say it has, nobody gets.
fn flavor(item: &Value, specs: Option<&Value>) -> FoundFlavor {
    let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| item.get(key).and_then(Value::as_u64).unwrap_or(0);
    let specs = specs.and_then(Value::as_object).into_iter().flatten();
    let extra_specs: BTreeMap<String, String> =
        specs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
    FoundFlavor {
        id: text("id"),
        facts: CloudFlavor {
            name: text("name"),
            vcpus: number("vcpus"),
            ram_mib: number("ram"),
            disk_gb: number("disk"),
            extra_specs,
        },
    }
}

/// The images of a cloud that everybody can see or use: public ones, and those of the community.
pub async fn images(cloud: &Cloud) -> Result<Vec<Image>, Error> {
    // Glance's pages have 25 images unless one asks for more.
    let items = cloud.list(Call::get(Service::Image, "/images").with("limit", "1000"), "images").await?;
    let is_for_all = |item: &Value| {
        let has = |key: &str, value: &str| item.get(key).and_then(Value::as_str) == Some(value);
        (has("visibility", "public") || has("visibility", "community")) && !has("status", "deleted")
    };
    let objects = items.into_iter().filter(is_for_all).filter_map(|item| match item {
        Value::Object(facts) => Some(Image::new(facts)),
        _ => None,
    });
    Ok(objects.collect())
}
