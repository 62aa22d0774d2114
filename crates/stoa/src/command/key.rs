//! `stoa key` and `stoa link`: how programs and people come in.

use std::str::FromStr;
use std::time::Duration;

use stoa_core::Id;
use stoa_web::NewKey;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::instance::Instance;

/// The role of a new account when nobody names one.
const USUAL_ROLE: &str = "operator";

/// Makes a key and prints it alone, so that `KEY=$(stoa key create …)` holds exactly the key.
pub(super) async fn create(
    instance: &Instance,
    name: String,
    mut roles: Vec<String>,
    tenant: &str,
    days: Option<u32>,
    console: &Console,
) -> Result<Exit, Failure> {
    let by = Instance::operator(tenant)?;
    let there = instance.node.roles_of_account(&by.tenant, &name).await.map_err(|problem| refused(&problem))?;
    if roles.is_empty() && there.is_none() {
        roles = vec![USUAL_ROLE.to_owned()];
    }
    let expires_at = days.map(|days| instance.clock.now().plus(Duration::from_hours(u64::from(days) * 24)));
    let (key, text) =
        instance.node.create_key(&by, NewKey { name, roles, expires_at }).await.map_err(|problem| refused(&problem))?;
    console.out(text).await?;
    console
        .note(format!(
            "id {}, roles {}: shown this once only; `stoa key revoke {}` ends it",
            key.id,
            key.roles.join(" "),
            key.id
        ))
        .await?;
    Ok(Exit::Done)
}

/// Lists keys of every tenant or of one, never the keys themselves.
pub(super) async fn list(instance: &Instance, tenant: Option<&str>, console: &Console) -> Result<Exit, Failure> {
    let keys = match tenant {
        Some(tenant) => instance.node.list_keys(&Instance::operator(tenant)?).await,
        None => instance.node.list_all_keys().await,
    };
    let keys = keys.map_err(|problem| refused(&problem))?;
    if keys.is_empty() {
        console.note("no keys yet: `stoa key create --name NAME` makes one").await?;
    }
    for key in keys {
        let state = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) if at <= instance.clock.now() => format!("expired {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "valid".into(),
        };
        let used = key.last_used_at.map_or_else(|| "never used".into(), |at| format!("used {at}"));
        let (roles, tenant) = (key.roles.join(" "), key.tenant);
        let line = format!("{}  {}…  {}  [{roles}]  {tenant}  {state}  {used}", key.id, key.prefix, key.name);
        console.out(line).await?;
    }
    Ok(Exit::Done)
}

/// Ends a key at once, whichever tenant it works for: whoever holds the folder holds them all.
pub(super) async fn revoke(instance: &Instance, id: &str, console: &Console) -> Result<Exit, Failure> {
    let parsed = Id::from_str(id).map_err(|_| {
        Failure::new(Exit::Usage, format!("{id:?} is not the id of a key")).advice("`stoa key list` shows the ids.")
    })?;
    let tenant = instance.node.tenant_of_key(parsed).await.map_err(|problem| refused(&problem))?;
    let tenant = tenant.ok_or_else(|| {
        Failure::new(Exit::Failed, format!("there is no key {id}"))
            .advice("`stoa key list` shows those that there are.")
    })?;
    let by = Instance::operator(tenant.as_str())?;
    instance.node.revoke_key(&by, parsed).await.map_err(|problem| refused(&problem))?;
    console.out(format!("{id} is invalid from now on")).await?;
    Ok(Exit::Done)
}

/// Ends every key of a program at once.
pub(super) async fn revoke_all(
    instance: &Instance,
    name: &str,
    tenant: &str,
    console: &Console,
) -> Result<Exit, Failure> {
    let by = Instance::operator(tenant)?;
    let ended = instance.node.revoke_keys_of(&by, name).await.map_err(|problem| refused(&problem))?;
    let keys = if ended == 1 { "1 key is".to_owned() } else { format!("{ended} keys are") };
    console.out(format!("{name}: {keys} invalid from now on")).await?;
    Ok(Exit::Done)
}

/// Makes a link that signs in once as administrator.
pub(super) async fn link(
    instance: &Instance,
    public_url: &str,
    tenant: &str,
    console: &Console,
) -> Result<Exit, Failure> {
    console.out(sign_in_link(instance, public_url, tenant).await?).await?;
    Ok(Exit::Done)
}

/// The address of a new one-time link.
pub(crate) async fn sign_in_link(instance: &Instance, public_url: &str, tenant: &str) -> Result<String, Failure> {
    let by = Instance::operator(tenant)?;
    let secret = instance.node.create_link(&by, "administrator", &["admin"]).await;
    let secret = secret.map_err(|problem| refused(&problem))?;
    Ok(format!("{public_url}/sign-in?link={secret}"))
}

/// What a block refused, in its own words.
pub(crate) fn refused(problem: &stoa_core::Problem) -> Failure {
    use stoa_core::Refusal;
    let exit = match problem.refusal {
        Refusal::Malformed | Refusal::Invalid => Exit::Usage,
        Refusal::Busy | Refusal::TooMany => Exit::Busy,
        _ => Exit::Failed,
    };
    let fields: Vec<String> = problem
        .errors
        .iter()
        .map(|error| format!("{}: {}", error.pointer.trim_start_matches('/'), error.message))
        .collect();
    let message = match (problem.detail.is_empty(), fields.is_empty()) {
        (false, true) => problem.detail.clone(),
        (true, false) => fields.join("; "),
        (false, false) => format!("{} ({})", problem.detail, fields.join("; ")),
        (true, true) => problem.code.to_owned(),
    };
    Failure::new(exit, message)
}
