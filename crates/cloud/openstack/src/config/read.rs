//! From fields to a configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::ConfigError;
use super::fields::Fields;
use super::{Config, Domain, Login, Owned, Scope, Tls};
use crate::secret::Secret;
use crate::service::{Interface, Service};

/// Seconds that a call may take at most, where that is set.
const CALL_SECONDS_MAX: u64 = 600;

/// Reads the fields of a cloud; every mistake is told at once. `place` is where the cloud begins.
pub(super) fn read(name: &str, mut fields: Fields, place: Option<&str>) -> Result<Config, ConfigError> {
    let region = region(&mut fields);
    fields.check_login();
    let auth_url = auth_url(&fields);
    let login = login(&fields);
    let scope = scope(&fields, login.as_ref());
    let interface = fields.text("interface").or_else(|| fields.text("endpoint_type"));
    let interface = interface.map_or(Some(Interface::Public), Interface::of_name);
    if interface.is_none() {
        fields.fault("interface", "expected public, internal or admin");
    }
    if fields.text("identity_api_version").is_some_and(|version| !matches!(version, "3" | "3.0" | "v3")) {
        fields.fault("identity_api_version", "only version 3 is spoken; set it to 3, or remove it");
    }
    let tls = Tls {
        verify: fields.truth("verify").unwrap_or(true) && !fields.truth("insecure").unwrap_or(false),
        authorities: fields.path("cacert"),
        certificate: fields.path("cert"),
        key: fields.path("key"),
    };
    if tls.key.is_some() && tls.certificate.is_none() {
        fields.fault("cert", "is missing, though there is a key");
    }
    let (overrides, call_time) = (overrides(&fields), call_time(&fields));
    fields.check_lists();
    let config = Config {
        name: name.to_owned(),
        auth_url,
        scope,
        region,
        interface: interface.unwrap_or_default(),
        overrides,
        tls,
        call_time,
        ignored: fields.unused(),
        login: login.unwrap_or_else(|| Login::Token(Secret::new(""))),
    };
    let faults = fields.faults(place.unwrap_or("the environment"));
    if faults.is_empty() { Ok(config) } else { Err(ConfigError::Fields(faults)) }
}

/// The region, and what it changes. Of a list the first counts, unless one is named.
fn region(fields: &mut Fields) -> Option<String> {
    let named = fields.text("region_name").map(str::to_owned);
    let mut regions = Vec::new();
    for index in 0.. {
        let item = format!("regions[{index}]");
        let name = fields.text(&item).or_else(|| fields.text(&format!("{item}.name"))).map(str::to_owned);
        let Some(name) = name else { break };
        regions.push((name, item));
    }
    let chosen = match &named {
        Some(name) => regions.iter().find(|(region, _)| region == name),
        None => regions.first(),
    };
    if let (Some(_), None, false) = (&named, chosen, regions.is_empty()) {
        let known = regions.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        fields.fault("region_name", format!("is not among the regions {known}"));
    }
    let Some((name, item)) = chosen.cloned() else { return named };
    fields.lift(&format!("{item}.values"));
    Some(name)
}

fn auth_url(fields: &Fields) -> String {
    let Some(url) = fields.login("auth_url") else {
        fields.fault("auth_url", "is missing: the address of Keystone, such as https://cloud.example.org:5000/v3");
        return String::new();
    };
    match reqwest::Url::parse(url) {
        Ok(parsed) if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() => {
            fields.fault("auth_url", "must begin with https:// or http://");
        }
        // What stands in an address ends in logs.
        Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            fields.fault("auth_url", "must not hold a user or a password: they have fields of their own");
        }
        Ok(_) => {}
        Err(error) => fields.fault("auth_url", format!("is no address: {error}")),
    }
    url.trim_end_matches('/').to_owned()
}

fn domain(fields: &Fields, of: &str) -> Option<Domain> {
    let id = fields.login(&format!("{of}_id")).map(|id| Domain::Id(id.to_owned()));
    id.or_else(|| fields.login(&format!("{of}_name")).map(|name| Domain::Name(name.to_owned())))
}

fn default_domain(fields: &Fields) -> Option<Domain> {
    domain(fields, "default_domain").or_else(|| fields.login("default_domain").map(|id| Domain::Id(id.to_owned())))
}

fn user(fields: &Fields) -> Option<Owned> {
    if let Some(id) = fields.login("user_id") {
        return Some(Owned::Id(id.to_owned()));
    }
    let name = fields.login("username").or_else(|| fields.login("user_name"))?;
    let domain = domain(fields, "user_domain").or_else(|| default_domain(fields)).or_else(|| domain(fields, "domain"));
    if domain.is_none() {
        fields.fault("user_domain_name", "is missing: the domain of the user; Default in many clouds");
    }
    Some(Owned::Name { name: name.to_owned(), domain })
}

fn login(fields: &Fields) -> Option<Login> {
    let has_credential = fields.login("application_credential_secret").is_some();
    let kind = match fields.text("auth_type") {
        Some(kind) => kind,
        None if has_credential => "v3applicationcredential",
        None if fields.login("token").is_some() && fields.login("password").is_none() => "token",
        None => "password",
    };
    let required = |name: &str, what: &str| {
        let found = fields.login(name);
        if found.is_none() {
            fields.fault(name, format!("is missing: {what}"));
        }
        found.map(Secret::new)
    };
    match kind {
        "password" | "v3password" => {
            let user = user(fields);
            if user.is_none() {
                fields.fault("username", "is missing: who logs in");
            }
            let password = required("password", "the user's password; it may stand in secure.yaml");
            Some(Login::Password { user: user?, password: password? })
        }
        "token" | "v3token" => required("token", "the token to log in with").map(Login::Token),
        "v3applicationcredential" | "application_credential" => {
            let secret = required("application_credential_secret", "the secret that was shown when it was made");
            let (credential, user) = match fields.login("application_credential_id") {
                Some(id) => (Some(Owned::Id(id.to_owned())), None),
                None => {
                    let name = fields.login("application_credential_name");
                    (name.map(|name| Owned::Name { name: name.to_owned(), domain: None }), user(fields))
                }
            };
            match (&credential, &user) {
                (None, _) => fields.fault("application_credential_id", "is missing: the id of the credential"),
                (Some(Owned::Name { .. }), None) => {
                    fields.fault("username", "is missing: a credential is found by its name only with its user");
                }
                _ => {}
            }
            Some(Login::ApplicationCredential { credential: credential?, user, secret: secret? })
        }
        _ => {
            fields.fault(
                "auth_type",
                "is none that is spoken here: password, token or v3applicationcredential. An application credential \
                 works for every user: openstack application credential create",
            );
            None
        }
    }
}

fn scope(fields: &Fields, login: Option<&Login>) -> Scope {
    // An application credential has its project in it; Keystone refuses it with a scope.
    if matches!(login, Some(Login::ApplicationCredential { .. })) {
        for name in
            ["project_name", "project_id", "domain_name", "domain_id", "project_domain_name", "project_domain_id"]
        {
            let _ = fields.login(name);
        }
        return Scope::Default;
    }
    if let Some(id) = fields.login("trust_id") {
        return Scope::Trust(id.to_owned());
    }
    match fields.login("system_scope") {
        Some("all") => return Scope::System,
        Some(_) => fields.fault("system_scope", "expected all"),
        None => {}
    }
    if fields.login("unscoped").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Scope::Unscoped;
    }
    if let Some(id) = fields.login("project_id").or_else(|| fields.login("tenant_id")) {
        return Scope::Project(Owned::Id(id.to_owned()));
    }
    if let Some(name) = fields.login("project_name").or_else(|| fields.login("tenant_name")) {
        let domain =
            domain(fields, "project_domain").or_else(|| default_domain(fields)).or_else(|| domain(fields, "domain"));
        if domain.is_none() {
            fields.fault("project_domain_name", "is missing: the domain of the project; Default in many clouds");
        }
        return Scope::Project(Owned::Name { name: name.to_owned(), domain });
    }
    domain(fields, "domain").map_or(Scope::Default, Scope::Domain)
}

/// `compute_endpoint_override`, `volumev3_endpoint_override`: the type with underscores.
fn overrides(fields: &Fields) -> BTreeMap<Service, String> {
    let mut overrides = BTreeMap::new();
    for service in Service::ALL {
        for kind in service.types() {
            let field = format!("{}_endpoint_override", kind.replace('-', "_"));
            if let Some(url) = fields.text(&field) {
                let is_url = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
                if !is_url {
                    fields.fault(&field, "must begin with https:// or http://");
                }
                overrides.entry(service).or_insert_with(|| url.to_owned());
            }
        }
    }
    overrides
}

fn call_time(fields: &Fields) -> Option<Duration> {
    let text = fields.text("api_timeout")?;
    match text.parse() {
        Ok(seconds) if (1..=CALL_SECONDS_MAX).contains(&seconds) => Some(Duration::from_secs(seconds)),
        _ => {
            fields.fault("api_timeout", format!("expected seconds, 1 to {CALL_SECONDS_MAX}"));
            None
        }
    }
}
