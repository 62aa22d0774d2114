//! The body of a login (Identity API v3, "Authentication and token management").

use serde_json::{Map, Value, json};

use crate::config::{Config, Domain, Login, Owned, Scope};

/// What is posted to `/v3/auth/tokens`.
pub(crate) fn body(config: &Config) -> Value {
    let identity = match &config.login {
        Login::Password { user, password } => {
            let mut user = owned(user);
            user.insert("password".to_owned(), password.reveal().into());
            json!({"methods": ["password"], "password": {"user": user}})
        }
        Login::Token(token) => json!({"methods": ["token"], "token": {"id": token.reveal()}}),
        Login::ApplicationCredential { credential, user, secret } => {
            let mut credential = owned(credential);
            credential.insert("secret".to_owned(), secret.reveal().into());
            if let Some(user) = user {
                credential.insert("user".to_owned(), Value::Object(owned(user)));
            }
            json!({"methods": ["application_credential"], "application_credential": credential})
        }
    };
    let scope = match &config.scope {
        Scope::Default => None,
        Scope::Unscoped => Some(json!("unscoped")),
        Scope::Project(project) => Some(json!({"project": owned(project)})),
        Scope::Domain(domain) => Some(json!({"domain": reference(domain)})),
        Scope::System => Some(json!({"system": {"all": true}})),
        Scope::Trust(id) => Some(json!({"OS-TRUST:trust": {"id": id}})),
    };
    match scope {
        None => json!({"auth": {"identity": identity}}),
        Some(scope) => json!({"auth": {"identity": identity, "scope": scope}}),
    }
}

fn reference(domain: &Domain) -> Map<String, Value> {
    let (key, value) = match domain {
        Domain::Id(id) => ("id", id),
        Domain::Name(name) => ("name", name),
    };
    Map::from_iter([(key.to_owned(), value.clone().into())])
}

fn owned(thing: &Owned) -> Map<String, Value> {
    match thing {
        Owned::Id(id) => Map::from_iter([("id".to_owned(), id.clone().into())]),
        Owned::Name { name, domain } => {
            let mut map = Map::from_iter([("name".to_owned(), name.clone().into())]);
            if let Some(domain) = domain {
                map.insert("domain".to_owned(), Value::Object(reference(domain)));
            }
            map
        }
    }
}
