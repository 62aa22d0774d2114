//! What the configuration says, as the parts of the program that do it: who calls, whom we call, and where the blocks are.

use std::sync::Arc;

use stoa_core::{Clock, Tenant};
use stoa_web::mail::{MailPort, Smtp};
use stoa_web::{
    Block, ClientCredentials, Elsewhere, Issuer, Issuers, KeySource, Member, Metrics, NodeSigner, RateLimits,
    TokenVerifier, algorithm, outgoing,
};

use crate::config::Config;
use crate::exit::{Exit, Failure, chain};

/// How many requests one caller may send.
pub(crate) fn limits(config: &Config) -> RateLimits {
    let number = |path: &str| config.number(path).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    RateLimits {
        requests_per_second: number("limits.requests_per_second"),
        burst: number("limits.burst"),
        anonymous_per_second: number("limits.anonymous_per_second"),
        anonymous_burst: number("limits.anonymous_burst"),
    }
}

/// Who may come through the mediator, where it is known by its certificate.
pub(crate) fn members(config: &Config) -> Result<Option<Vec<Member>>, Failure> {
    if config.path("mediator.client_ca").is_none() {
        return Ok(None);
    }
    let mut members = Vec::new();
    for name in config.names("mediator.members") {
        let table = format!("mediator.members.{name}");
        let wrong = |what: String| Failure::new(Exit::Usage, format!("[{table}]: {what}"));
        let tenant = config.text(&format!("{table}.tenant")).unwrap_or_default();
        let tenant = Tenant::new(tenant).map_err(|error| wrong(error.to_string()))?;
        let member = config.text(&format!("{table}.member")).unwrap_or_default();
        let member = Member::new(member, tenant, config.list(&format!("{table}.roles")));
        members.push(member.map_err(|error| wrong(error.to_string()))?);
    }
    Ok(Some(members))
}

/// The client for calls to other systems.
pub(crate) fn outgoing(config: &Config, clock: &Clock, metrics: &Metrics) -> Result<outgoing::Client, Failure> {
    let mut allowed = Vec::new();
    for text in config.list("outgoing.allowed") {
        let one = text.parse::<outgoing::Allowed>();
        allowed.push(one.map_err(|error| Failure::new(Exit::Usage, format!("`outgoing.allowed`: {error}")))?);
    }
    let certificates = match config.path("outgoing.certificates") {
        Some(path) => Some(std::fs::read(&path).map_err(|error| {
            Failure::new(Exit::Usage, format!("`outgoing.certificates`: reading {}: {error}", path.display()))
        })?),
        None => None,
    };
    let observe = Some(metrics.observer());
    let options = outgoing::OutgoingOptions { allowed, certificates, observe, ..Default::default() };
    outgoing::Client::new(options, clock.clone())
        .map_err(|error| Failure::new(Exit::Failed, format!("setting up calls to other systems: {}", chain(&error))))
}

/// The way to the configured mail server.
pub(crate) fn mail(config: &Config) -> Result<Option<Arc<dyn MailPort>>, Failure> {
    let Some(url) = config.text("mail.smtp_url").filter(|url| !url.is_empty()) else { return Ok(None) };
    let from = config.text("mail.from").unwrap_or_default();
    let smtp = Smtp::new(&url, &from).map_err(|error| {
        Failure::new(Exit::Usage, format!("[mail]: {error}"))
            .advice("Write smtp_url = \"smtps://user:password@host:465\" and from = \"Name <address>\".")
    })?;
    Ok(Some(Arc::new(smtp)))
}

/// Verifies the tokens of the configured issuers, and those that the node signs for its own blocks.
pub(crate) fn tokens(
    config: &Config,
    blocks: &[&'static Block],
    signer: &NodeSigner,
    calls: &outgoing::Client,
    clock: &Clock,
) -> Result<Arc<dyn TokenVerifier>, Failure> {
    let wrong = |name: &str, what: String| Failure::new(Exit::Usage, format!("[issuers.{name}]: {what}"));
    let mut issuers = Vec::new();
    for name in config.names("issuers") {
        let text = |option: &str| config.text(&format!("issuers.{name}.{option}")).filter(|text| !text.is_empty());
        let algorithms = config.list(&format!("issuers.{name}.algorithms"));
        let algorithms = algorithms.iter().map(|name| algorithm(name)).collect::<Result<Vec<_>, _>>();
        issuers.push(Issuer {
            url: text("url").ok_or_else(|| wrong(&name, "`url` is missing".to_owned()))?,
            audiences: vec![text("audience").ok_or_else(|| wrong(&name, "`audience` is missing".to_owned()))?],
            keys: text("jwks_url").map_or(KeySource::Discovered, KeySource::At),
            algorithms: algorithms.map_err(|error| wrong(&name, error.to_string()))?,
            roles_claim: text("roles_claim").unwrap_or_else(|| "roles".to_owned()),
            tenant_claim: text("tenant_claim"),
        });
    }
    let own = signer.as_issuer(&blocks.iter().map(|block| block.name).collect::<Vec<_>>());
    if let Some(other) = issuers.iter().find(|issuer| issuer.url == own.url) {
        return Err(Failure::new(Exit::Usage, format!("[issuers]: {} is this node itself", other.url))
            .advice("Set `server.public_url` to the address of this node, or remove the issuer."));
    }
    issuers.push(own);
    let verifier = Issuers::new(issuers, calls, clock.clone());
    Ok(Arc::new(verifier.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?))
}

/// The blocks that another product or node serves.
pub(crate) fn elsewhere(config: &Config, calls: &outgoing::Client) -> Result<Vec<Elsewhere>, Failure> {
    let mut all = Vec::new();
    for block in config.names("blocks") {
        let text = |option: &str| config.text(&format!("blocks.{block}.{option}"));
        let Some(url) = text("url") else { continue };
        for (option, address) in [("url", Some(url.clone())), ("token_url", text("token_url"))] {
            let Some(address) = address else { continue };
            calls.check(&address).map_err(|error| {
                Failure::new(Exit::Usage, format!("`blocks.{block}.{option}`: {error}"))
                    .advice("Use https, or name the host in `outgoing.allowed`.")
            })?;
        }
        let client = text("token_url").map(|token_url| ClientCredentials {
            token_url,
            client_id: text("client_id").unwrap_or_default(),
            client_secret: text("client_secret").unwrap_or_default(),
            scope: text("scope"),
        });
        all.push(Elsewhere { block, url, client });
    }
    Ok(all)
}
