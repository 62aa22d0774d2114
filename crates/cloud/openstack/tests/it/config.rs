//! `clouds.yaml` and its companions.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use stoa_openstack::config::{Domain, Login, Owned, Scope};
use stoa_openstack::{Config, ConfigError, Environment, Interface, Service};

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

const GOOD: &str = "\
clouds:
  lab:
    auth:
      auth_url: https://cloud.example.org:5000/v3/
      username: demo
      project_name: demo
      user_domain_name: Default
      project_domain_id: default
    region_name: one
    cacert: ca.pem
";

fn environment(folder: &Path, variables: &[(&str, &str)]) -> Environment {
    let home = folder.join("home").display().to_string();
    Environment::new(variables.iter().copied().chain([("HOME", home.as_str())]), folder.join("here"))
}

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("here"), "clouds.yaml", text);
    Config::load(Some("lab"), &environment(folder.path(), &[]))
}

fn with(changed: &str) -> Result<Config, ConfigError> {
    load(&format!("{GOOD}{changed}"))
}

#[test]
fn a_cloud_is_put_together_of_three_files() {
    let folder = tempfile::tempdir().unwrap();
    let (here, user) = (folder.path().join("here"), folder.path().join("home/.config/openstack"));
    write(&here, "clouds.yaml", &format!("{GOOD}    profile: base\n"));
    // Later places are not looked at when an earlier one has the file.
    write(&user, "clouds.yaml", "clouds: {lab: {auth: {auth_url: 'https://wrong.example.org'}}}");
    write(&user, "secure.yaml", "clouds: {lab: {auth: {password: swordfish}}}");
    write(
        &user,
        "clouds-public.yaml",
        "public-clouds: {base: {interface: internal, region_name: two, api_timeout: 7, auth: {username: x, domain_id: y}}}",
    );
    let config = Config::load(None, &environment(folder.path(), &[])).unwrap();
    assert_eq!(config.name, "lab", "the only one that there is");
    assert_eq!(config.auth_url, "https://cloud.example.org:5000/v3");
    let Login::Password { user, password } = &config.login else { panic!("{config:?}") };
    assert_eq!(user, &Owned::Name { name: "demo".to_owned(), domain: Some(Domain::Name("Default".to_owned())) });
    assert_eq!(password.reveal(), "swordfish");
    let domain = Some(Domain::Id("default".to_owned()));
    assert_eq!(config.scope, Scope::Project(Owned::Name { name: "demo".to_owned(), domain }));
    assert_eq!((config.region.as_deref(), config.interface), (Some("one"), Interface::Internal));
    assert_eq!(config.call_time, Some(Duration::from_secs(7)));
    assert_eq!(config.tls.authorities, Some(here.join("ca.pem")));
    assert!(!format!("{config:?}").contains("swordfish"));
}

#[test]
fn mistakes_are_told_all_at_once_with_their_lines() {
    let error = load(
        "\
clouds:
  other: {}
  lab:
    auth:
      auth_url: ftp://cloud.example.org
      user_name: demo
      passwort: swordfish
      project_name: demo
    verify: perhaps
    interface: secret
    identity_api_version: 2
    compute_endpoint_override: nowhere
",
    )
    .unwrap_err();
    let ConfigError::Fields(faults) = &error else { panic!("{error}") };
    let told: Vec<String> = faults
        .iter()
        .map(|fault| {
            let (_, place) = fault.place.rsplit_once('/').unwrap();
            format!("{place}: {}: {}", fault.field, fault.message)
        })
        .collect();
    assert_eq!(
        told,
        [
            "clouds.yaml line 7: auth.passwort: no login takes this field; did you mean password?",
            "clouds.yaml line 5: auth_url: must begin with https:// or http://",
            "clouds.yaml line 4: user_domain_name: is missing: the domain of the user; Default in many clouds",
            "clouds.yaml line 4: password: is missing: the user's password; it may stand in secure.yaml",
            "clouds.yaml line 4: project_domain_name: is missing: the domain of the project; Default in many clouds",
            "clouds.yaml line 10: interface: expected public, internal or admin",
            "clouds.yaml line 11: identity_api_version: only version 3 is spoken; set it to 3, or remove it",
            "clouds.yaml line 9: verify: expected true or false",
            "clouds.yaml line 12: compute_endpoint_override: must begin with https:// or http://",
        ]
    );
    assert!(!error.to_string().contains("swordfish"), "values may be secrets in the wrong place");
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let folder = tempfile::tempdir().unwrap();
    let error = Config::load(Some("lab"), &environment(folder.path(), &[])).unwrap_err();
    assert!(matches!(&error, ConfigError::NoFile { searched } if searched.len() == 9), "{error}");
    let error = Config::load(None, &environment(folder.path(), &[("OS_CLIENT_CONFIG_FILE", "mine.yaml")])).unwrap_err();
    assert!(error.to_string().contains("here/mine.yaml"), "{error}");

    let here = folder.path().join("here");
    write(&here, "clouds.yaml", "clouds: {a: {}, b: {}}");
    let error = Config::load(Some("c"), &environment(folder.path(), &[])).unwrap_err().to_string();
    assert!(error.ends_with("has no cloud `c`; it has a, b"), "{error}");
    let error = Config::load(None, &environment(folder.path(), &[])).unwrap_err().to_string();
    assert!(error.ends_with("has a, b; name one, or set OS_CLOUD"), "{error}");
    let error = Config::load(None, &environment(folder.path(), &[("OS_CLOUD", "d")])).unwrap_err().to_string();
    assert!(error.contains("no cloud `d`"), "{error}");

    for (text, said) in [
        ("clouds: [", "line 2: not YAML"),
        ("", "the key `clouds` is missing"),
        ("- a", "expected a map with the key `clouds`"),
        ("clouds: a", "line 1: clouds: expected a map of clouds"),
        ("clouds:\n  a: b", "line 2: clouds.a: expected a map"),
    ] {
        write(&here, "clouds.yaml", text);
        let error = Config::load(Some("a"), &environment(folder.path(), &[])).unwrap_err();
        let all = format!("{error} {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
        assert!(all.contains(said), "{text}: {all}");
    }
    write(&here, "clouds.yaml", &"#".repeat(2_000_000));
    assert!(matches!(Config::load(Some("a"), &environment(folder.path(), &[])), Err(ConfigError::TooLarge { .. })));
    write(&here, "clouds.yaml", "clouds: {a: {profile: nobody}}");
    let error = Config::load(Some("a"), &environment(folder.path(), &[])).unwrap_err().to_string();
    assert!(error.contains("clouds.yaml line 1: there is no profile `nobody`"), "{error}");
}

#[test]
fn the_environment_alone_is_a_cloud_too() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("OS_AUTH_URL", "https://cloud.example.org/identity"),
        ("OS_AUTH_TYPE", "v3applicationcredential"),
        ("OS_APPLICATION_CREDENTIAL_ID", "c1"),
        ("OS_APPLICATION_CREDENTIAL_SECRET", "swordfish"),
        ("OS_REGION_NAME", "one"),
        ("OS_INSECURE", "true"),
        ("OS_PROJECT_NAME", "left over"),
        ("OS_VOLUMEV3_ENDPOINT_OVERRIDE", "https://volume.example.org/v3/p"),
        ("OS_COMPUTE_API_VERSION", "2.1"),
    ];
    let environment = environment(folder.path(), &variables);
    let config = Config::load(None, &environment).unwrap();
    assert_eq!(config.name, "envvars");
    let Login::ApplicationCredential { credential, user: None, secret } = &config.login else { panic!("{config:?}") };
    assert_eq!((credential, secret.reveal()), (&Owned::Id("c1".to_owned()), "swordfish"));
    assert_eq!(config.scope, Scope::Default, "Keystone refuses a credential with a scope");
    assert!(!config.tls.verify);
    assert_eq!(config.overrides[&Service::BlockStorage], "https://volume.example.org/v3/p");
    assert_eq!(config.ignored, ["compute_api_version (OS_COMPUTE_API_VERSION)"]);
    assert!(!format!("{environment:?}").contains("swordfish"));
    // A cloud that is asked for by its name is not mixed with the environment.
    assert!(matches!(Config::load(Some("lab"), &environment), Err(ConfigError::NoFile { .. })));
}

#[test]
fn scopes_and_logins_are_chosen_by_the_fields_that_are_there() {
    let auth =
        |fields: &str| load(&format!("clouds: {{lab: {{auth: {{auth_url: 'https://x.example.org', {fields}}}}}}}"));
    let user = "username: a, password: b, user_domain_id: d";
    for (fields, scope) in [
        (user.to_owned(), Scope::Default),
        (format!("{user}, domain_name: n"), Scope::Domain(Domain::Name("n".to_owned()))),
        (format!("{user}, system_scope: all"), Scope::System),
        (format!("{user}, unscoped: true"), Scope::Unscoped),
        (format!("{user}, trust_id: t"), Scope::Trust("t".to_owned())),
        (format!("{user}, tenant_id: 1234"), Scope::Project(Owned::Id("1234".to_owned()))),
        ("token: t, project_id: p".to_owned(), Scope::Project(Owned::Id("p".to_owned()))),
    ] {
        assert_eq!(auth(&fields).unwrap().scope, scope, "{fields}");
    }
    assert!(matches!(auth("token: t").unwrap().login, Login::Token(_)));
    let both = auth("username: a, password: 12345, default_domain: d, project_name: p").unwrap();
    assert!(matches!(both.login, Login::Password { password, .. } if password.reveal() == "12345"));
    let by_name = auth("application_credential_name: c, application_credential_secret: s, user_id: u").unwrap();
    assert!(matches!(by_name.login, Login::ApplicationCredential { user: Some(_), .. }));
    for (fields, said) in [
        ("application_credential_secret: s", "application_credential_id: is missing"),
        ("application_credential_name: c, application_credential_secret: s", "username: is missing: a credential"),
        ("username: a, user_domain_id: d", "password: is missing"),
        ("user_id: a, password: b, system_scope: some", "system_scope: expected all"),
    ] {
        assert!(auth(fields).unwrap_err().to_string().contains(said), "{fields}");
    }
    let error =
        load("clouds: {lab: {auth_type: v3oidcpassword, auth: {auth_url: 'https://x.example.org'}}}").unwrap_err();
    assert!(error.to_string().contains("auth_type: is none that is spoken here"), "{error}");
    // Fields of `auth` may stand beside it, as older files have them.
    let beside =
        load("clouds: {lab: {auth_url: 'https://x.example.org', username: a, password: b, user_domain_id: d}}");
    assert!(beside.is_ok(), "{beside:?}");
}

#[test]
fn regions_may_have_values_of_their_own() {
    let secret = "      password: x\n";
    let text = GOOD.replace("    region_name: one\n", "")
        + "    regions:\n    - name: two\n      values:\n        interface: admin\n    - three\n";
    let text = text.replace("      username: demo\n", &format!("      username: demo\n{secret}"));
    let config = load(&text).unwrap();
    assert_eq!((config.region.as_deref(), config.interface), (Some("two"), Interface::Admin));
    let config = load(&format!("{text}    region_name: three\n")).unwrap();
    assert_eq!((config.region.as_deref(), config.interface), (Some("three"), Interface::Public));
    let error = load(&format!("{text}    region_name: four\n")).unwrap_err().to_string();
    assert!(error.contains("region_name: is not among the regions two, three"), "{error}");
}

#[test]
fn unused_fields_are_listed_and_no_mistake() {
    let error = with("    floating_ip_source: neutron\n");
    assert!(error.unwrap_err().to_string().contains("password: is missing"));
    let text = GOOD.replace("      username: demo\n", "      username: demo\n      password: x\n");
    let config = load(&format!("{text}    verfiy: false\n    networks:\n    - name: a\n")).unwrap();
    let names: Vec<&str> = config.ignored.iter().filter_map(|field| field.split(' ').next()).collect();
    assert_eq!(names, ["networks[0].name", "verfiy"]);
}

proptest! {
    /// Whatever stands in the file, it is read or refused.
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n]{0,200}", value in "\\PC{0,40}") {
        let _ = load(&text);
        let _ = load(&format!("clouds:\n  lab:\n    auth: {text}\n    verify: {value}\n"));
        let _ = load(&format!("clouds: {{lab: {{auth: {{auth_url: {value:?}, password: {value:?}}}}}}}"));
    }
}
