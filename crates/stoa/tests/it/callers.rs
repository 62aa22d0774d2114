//! Who calls, as the configuration says: the mediator by its certificate.

use serde_json::Value;

use crate::program::{Place, ask_tls, certificate};

fn configured(roles: &str) -> String {
    format!(
        "[server]\ntls_certificate = \"node.pem\"\ntls_key = \"node.key\"\n[mediator]\nclient_ca = \"theirs.pem\"\n\
         [mediator.members.tax]\nmember = \"EE/GOV/7000\"\nroles = [\"{roles}\"]\n"
    )
}

#[test]
fn the_mediator_is_known_by_its_certificate_and_its_members_by_the_configuration() {
    let place = Place::new();
    let own = certificate(&place, "own", "keyUsage=critical,keyCertSign", None);
    let theirs = certificate(&place, "theirs", "keyUsage=critical,keyCertSign", None);
    certificate(&place, "node", "extendedKeyUsage=serverAuth", Some(&own));
    let mediator = certificate(&place, "mediator", "extendedKeyUsage=clientAuth", Some(&theirs));
    place.write("stoa.toml", &configured("official"));
    let server = place.up(&[]);
    let list = "GET /registries/v1/registries HTTP/1.1\r\nx-road-client: EE/GOV/7000/tax";
    let with = ask_tls(&server.address, &own, Some(&mediator), list, "");
    assert!(with.starts_with("HTTP/1.1 200"), "{with}");
    let without = ask_tls(&server.address, &own, None, list, "");
    assert!(without.starts_with("HTTP/1.1 401"), "{without}");
    let document = ask_tls(&server.address, &own, None, "GET /registries/openapi.json HTTP/1.1", "");
    assert!(document.contains("\"mediator\""), "the document names the way in where it is one");
    drop(server);

    place.write("stoa.toml", &configured("offical"));
    let wrong = place.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("[mediator.members.tax]") && wrong.stderr.contains("`offical`"), "{wrong:?}");
}

#[test]
fn the_document_names_the_mediator_only_where_it_is_heard() {
    let place = Place::new();
    let schemes = |server: &crate::program::Server| {
        let (_, document) = server.ask("GET", "/registries/openapi.json", None, None);
        let document: Value =
            serde_json::from_str(&document[document.find('{').unwrap()..=document.rfind('}').unwrap()]).unwrap();
        let names: Vec<String> =
            document["components"]["securitySchemes"].as_object().unwrap().keys().cloned().collect();
        names
    };
    assert_eq!(schemes(&place.up(&[])), ["bearer"]);
    assert_eq!(schemes(&place.up(&["--profile", "govstack"])), ["bearer", "mediator"]);
}
