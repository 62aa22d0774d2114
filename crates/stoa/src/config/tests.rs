use super::*;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Failure> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stoa.toml"), text).unwrap();
    Config::load(&Sources {
        file: None,
        folder: folder.path().to_owned(),
        environment: environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    })
    .map_err(|mut failure| {
        failure.message = failure.message.replace(&format!("{}/", folder.path().display()), "");
        failure
    })
}

#[test]
fn nothing_set_means_the_defaults() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.text("server.listen").as_deref(), Some("127.0.0.1:8080"));
    assert_eq!(config.text("store.url").as_deref(), Some("sqlite"));
    assert_eq!(config.number("store.queue_max"), Some(8192));
    assert!(!config.flag("server.behind_proxy"));
    assert_eq!(config.text("server.public_url"), None);
}

#[test]
fn the_environment_goes_before_the_file() {
    let config = load(
        "[server]\nlisten = \"127.0.0.1:1\"\n[blocks.registries]\nenabled = false\n",
        &[("STOA_SERVER__LISTEN", "127.0.0.1:2"), ("STOA_PORT", "tcp://10.0.0.1:80")],
    )
    .unwrap();
    assert_eq!(config.text("server.listen").as_deref(), Some("127.0.0.1:2"));
    assert_eq!(config.get("server.listen").unwrap().origin.to_string(), "STOA_SERVER__LISTEN");
    assert!(!config.flag("blocks.registries.enabled"));
    assert_eq!(config.names("blocks"), ["registries"]);
}

#[test]
fn every_mistake_is_named_at_once_with_its_line() {
    let failure = load(
        "[server]\nlistne = \"x\"\nbehind_proxy = \"yes\"\n\n[store]\nqueue_max = 0\n[sever]\nlisten = 1\n\n[log]\nformat = \"xml\"\n",
        &[("STOA_DATA__DRI", "/tmp"), ("STOA_STORE__QUEUE_MAX", "many")],
    )
    .unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    insta::assert_snapshot!(failure.message, @r#"
    stoa.toml:2: unknown key `server.listne`; did you mean `server.listen`?
    error: stoa.toml:3: `server.behind_proxy` must be true or false, not the text "yes"
    error: stoa.toml:6: `store.queue_max` must be a whole number from 16 to 100000, not the number 0
    error: stoa.toml:7: unknown key `sever`; did you mean `server`?
    error: stoa.toml:11: `log.format` must be one of "text", "json", not the text "xml"
    error: environment STOA_DATA__DRI: unknown key `data.dri`; did you mean `data.dir`?
    error: environment STOA_STORE__QUEUE_MAX: `store.queue_max` must be a whole number from 16 to 100000
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_named_with_its_line() {
    let failure = load("[server]\nlisten = 127.0.0.1:8080\n", &[]).unwrap_err();
    assert!(failure.message.starts_with("stoa.toml:2: this is not TOML"), "{}", failure.message);
}

#[test]
fn options_that_belong_together_are_asked_for_together() {
    let failure = load("[server]\ntls_key = \"key.pem\"\n[store]\nurl = \"mysql://x\"\n", &[]).unwrap_err();
    assert!(failure.message.contains("`server.tls_key` needs `server.tls_certificate` beside it"));
    assert!(failure.message.contains("`store.url` must be \"sqlite\""));
}

#[test]
fn who_is_reached_through_others_says_under_which_address() {
    for wrong in ["", "public_url = \"http://registers.example\"\n"] {
        let failure =
            load(&format!("[server]\nlisten = \"10.0.0.5:8080\"\nbehind_proxy = true\n{wrong}"), &[]).unwrap_err();
        assert!(failure.message.contains("`server.behind_proxy` needs `server.public_url`"), "{}", failure.message);
    }
    let failure = load("[server]\nlisten = \"0.0.0.0:443\"\n", &[]).unwrap_err();
    assert!(failure.message.contains("`server.public_url` must say"), "{}", failure.message);
    let good = "[server]\nlisten = \"0.0.0.0:8080\"\nbehind_proxy = true\npublic_url = \"https://registers.example\"\n";
    assert!(load(good, &[]).is_ok());
}

#[test]
fn tables_of_ones_own_are_whole_and_the_mediator_has_what_it_is_known_by() {
    let text = "[issuers.ministry]\nurl = \"https://id.example\"\n[mediator.members.tax]\nmember = \"EE/GOV/1\"\n";
    insta::assert_snapshot!(load(text, &[]).unwrap_err().message, @"
    stoa.toml:2: [issuers.ministry] needs `audience`
    error: stoa.toml:4: [mediator.members.tax] needs `roles`
    error: stoa.toml:4: `mediator.members.tax.member` needs `mediator.client_ca` beside it
    ");
    let failure = load("[mediator]\nclient_ca = \"ca.pem\"\n", &[]).unwrap_err();
    assert_eq!(failure.message, "stoa.toml:2: `mediator.client_ca` needs `server.tls_certificate` beside it");
    let whole = load(
        "[server]\ntls_certificate = \"a\"\ntls_key = \"b\"\n[mediator]\nclient_ca = \"ca.pem\"\n\
         [mediator.members.tax]\nmember = \"EE/GOV/1\"\nroles = [\"official\"]\n",
        &[],
    );
    let config = whole.unwrap();
    assert_eq!(config.names("mediator.members"), ["tax"]);
    assert!(config.show().contains("[mediator.members.tax]\nmember = \"EE/GOV/1\""), "{}", config.show());
}

#[test]
fn a_block_that_is_none_is_named_and_one_elsewhere_says_how_it_is_reached() {
    let text = "[blocks.registreis]\nenabled = false\n[blocks.payments]\nurl = \"https://x.example\"\n[blocks.nothing]\n\
                [blocks.registries]\ntoken_url = \"https://id.example/token\"\nclient_id = \"stoa\"\n";
    insta::assert_snapshot!(load(text, &[("STOA_BLOCKS__REGISTERS__ENABLED", "true")]).unwrap_err().message, @"
    stoa.toml:1: there is no block `registreis`; did you mean `blocks.registries`?
    error: stoa.toml:3: there is no block `payments`; this program knows identity, monitor, registries
    error: stoa.toml:5: there is no block `nothing`; this program knows identity, monitor, registries
    error: environment STOA_BLOCKS__REGISTERS__ENABLED: there is no block `registers`; did you mean `blocks.registries`?
    error: stoa.toml:7: `blocks.registries.token_url` needs `blocks.registries.url` beside it
    error: stoa.toml:7: `blocks.registries.token_url` needs `blocks.registries.client_secret` beside it
    ");
    let both = "[blocks.registries]\nurl = \"https://x.example\"\nlisten = \"127.0.0.1:1\"\n";
    assert!(load(both, &[]).unwrap_err().message.contains("exclude each other"));
    load("[blocks.registries]\nurl = \"https://x.example\"\n", &[]).unwrap();
}

#[test]
fn secrets_are_not_shown() {
    let config = load(
        "[store]\nurl = \"postgres://stoa:pa@ss@db.example/stoa\"\n[mail]\nsmtp_url = \"smtps://u:secret@mail.example\"\nfrom = \"a@b.example\"\n\
         [blocks.registries]\nurl = \"https://r.example\"\ntoken_url = \"https://id.example/token\"\nclient_id = \"stoa\"\n\
         client_secret = \"hunter2\"\n",
        &[],
    )
    .unwrap();
    let shown = config.show();
    for secret in ["pa@ss", "secret@", "hunter2"] {
        assert!(!shown.contains(secret), "{secret} is shown:\n{shown}");
    }
    assert!(shown.contains("url = \"postgres://***@db.example/stoa\""), "{shown}");
    assert!(shown.contains("client_secret = \"***\""), "{shown}");
    assert!(toml::from_str::<toml::Table>(&shown).is_ok(), "{shown}");
}

#[test]
fn every_default_is_a_value_that_its_own_option_accepts() {
    for option in options::all().filter(|option| !option.default.is_empty()) {
        let name = if option.path.starts_with("blocks.") { "registries" } else { "name" };
        let path = option.path.replace('*', name);
        let (table, key) = path.rsplit_once('.').unwrap();
        // Other options of the table may be missing; that is another mistake.
        let config = load(&format!("[{table}]\n{key} = {}\n", option.default), &[]);
        let said = config.err().map(|failure| failure.message).unwrap_or_default();
        assert!(!said.contains("must be") && !said.contains("unknown"), "{path}: {said}");
    }
}

#[test]
fn a_bucket_is_nothing_without_its_key() {
    let failure = load("[blobs]\nbucket = \"files\"\n", &[]).unwrap_err();
    insta::assert_snapshot!(failure.message, @r#"
    stoa.toml:2: `blobs.bucket` needs `blobs.access_key_id` beside it
    error: stoa.toml:2: `blobs.bucket` needs `blobs.secret_access_key` beside it
    "#);
    let config =
        load("[blobs]\nbucket = \"files\"\naccess_key_id = \"me\"\nsecret_access_key = \"very secret\"\n", &[])
            .unwrap();
    assert!(!config.show().contains("very secret"), "{}", config.show());
}
