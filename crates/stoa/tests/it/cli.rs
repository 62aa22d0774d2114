//! The surface: exit codes, what goes to standard output and what to standard error.

use std::time::Duration;

use insta::assert_snapshot;

use crate::program::Place;

/// Ports, links and folders differ from run to run.
fn masked(place: &Place, address: &str, text: &str) -> String {
    let here = place.path("x").parent().unwrap().display().to_string();
    let mask = |line: &str| match line.split_once("link=") {
        Some((before, _)) => format!("{before}link=[SECRET]"),
        None => line.to_owned(),
    };
    text.replace(&here, "[HERE]").replace(address, "[ADDRESS]").lines().map(mask).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_first_start_says_everything_and_the_second_is_quiet() {
    let place = Place::new();
    let first = place.up(&[]);
    let address = first.address.clone();
    assert_eq!(first.ask("GET", "/healthz", None, None).0, 200);
    assert_eq!(first.ask("GET", "/readyz", None, None).0, 200);
    let (code, said, elapsed) = first.terminate();
    assert_eq!(code, 0);
    assert!(elapsed < Duration::from_secs(5), "an idle server took {elapsed:?} to stop");
    assert_snapshot!(masked(&place, &address, &said), @r#"
    Stoa 0.1.0 is running at http://[ADDRESS]

      sign in   http://[ADDRESS]/sign-in?link=[SECRET]
                (works once, for 15 minutes; `stoa link` makes another)
      data      [HERE]/stoa-data
      API       http://[ADDRESS]/docs

    Try next, in a second terminal:
      stoa registry import iso-codes
      stoa sample people --count 1000
      stoa key create --name me --role analyst

    Stop with Ctrl-C.
    stopping: what is in flight is finished first
    "#);

    let second = place.up(&[]);
    let address = second.address.clone();
    let (_, said, _) = second.terminate();
    assert_snapshot!(masked(&place, &address, &said), @r"
    Stoa 0.1.0 at http://[ADDRESS], data in [HERE]/stoa-data (a sign-in link: stoa link; stop: Ctrl-C)
    stopping: what is in flight is finished first
    ");
}

#[test]
fn a_key_is_printed_alone_works_and_ends_with_its_revocation() {
    let place = Place::new();
    let server = place.up(&[]);
    let made = place.run(&["key", "create", "--name", "test", "--role", "operator"]);
    let remark = made.stderr.clone();
    let key = made.done();
    assert!(key.starts_with("stoa_") && key.lines().count() == 1, "{key}");
    let key = key.trim();
    assert!(!remark.contains(key), "the key is shown once");
    assert!(place.run(&["key", "list"]).done().contains("test  [operator]"));
    let path = "/registries/v1/registries";
    assert_eq!(server.ask("GET", path, None, None).0, 401);
    assert_eq!(server.ask("GET", path, Some(key), None).0, 200);
    let id = remark.split([' ', ',']).nth(1).unwrap().to_owned();
    place.run(&["key", "revoke", &id]).done();
    assert_eq!(server.ask("GET", path, Some(key), None).0, 401);
    drop(server);

    // The same commands without a server, on the folder itself.
    assert!(place.run(&["key", "list"]).done().contains("revoked"));
    assert!(place.run(&["audit", "verify"]).done().contains("node: whole, 4 records"));
    let wrong = place.run(&["key", "create", "--name", "x", "--role", "king"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("`king` is none of"), "{wrong:?}");
    assert_eq!(wrong.stdout, "");
}

#[test]
fn a_program_has_several_keys_and_those_of_any_tenant_are_found_and_ended() {
    let place = Place::new();
    let server = place.up(&[]);
    let create = |arguments: &[&str]| {
        let made = place.run(&[&["key", "create", "--name", "ci"], arguments].concat());
        let id = made.stderr.split([' ', ',']).nth(1).unwrap_or_default().to_owned();
        (made.done().trim().to_owned(), id)
    };
    let path = "/registries/v1/registries";
    let (old, id) = create(&["--tenant", "ministry", "--role", "operator"]);
    let (fresh, _) = create(&["--tenant", "ministry"]);
    let list = place.run(&["key", "list"]).done();
    assert_eq!(list.matches("ci  [operator]  ministry  valid").count(), 2, "{list}");
    assert_eq!(place.run(&["key", "list", "--tenant", "default"]).done(), "");
    assert_eq!(server.ask("GET", path, Some(&old), None).0, 200);
    place.run(&["key", "revoke", &id]).done();
    assert_eq!(server.ask("GET", path, Some(&old), None).0, 401, "the leaked key of another tenant is ended");
    assert_eq!(server.ask("GET", path, Some(&fresh), None).0, 200);
    let wrong = place.run(&["key", "create", "--name", "ci", "--tenant", "ministry", "--role", "admin"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("(operator)"), "{wrong:?}");
    assert!(place.run(&["key", "revoke", "--name", "ci", "--tenant", "ministry"]).done().starts_with("ci: 1 key is"));
    assert_eq!(server.ask("GET", path, Some(&fresh), None).0, 401);
    let gone = place.run(&["key", "revoke", "0190f3c2-0000-7000-8000-000000000000"]);
    assert!(gone.code == 1 && gone.stderr.contains("`stoa key list`"), "{gone:?}");
    assert_eq!(place.run(&["key", "revoke"]).code, 2);
    let refused = place.run(&["key", "create", "--name", "x", "--role", "govstack"]);
    assert!(refused.code == 2 && refused.stderr.contains("`govstack` is none of"), "{refused:?}");
    let link = place.run(&["link", "--tenant", "ministry"]).done();
    assert!(link.contains("/sign-in?link="), "{link}");
    let found = place.run(&["audit", "search", "--tenant", "ministry", "--action", "node.link.create"]).done();
    assert!(found.contains("\"actor\":\"command-line\""), "{found}");
}

#[test]
fn wrong_arguments_and_configuration_are_named_before_anything_is_touched() {
    let place = Place::new();
    assert_snapshot!(place.run(&["audit", "verify"]).surface(), @r#"
    exit: 1
    --- stdout
    --- stderr
    error: there is no data in [HERE]/stoa-data
      next: Name the folder with --data, or make it with `stoa up`.
    "#);
    assert_snapshot!(place.run(&["up", "--listen", "0.0.0.0:0"]).surface(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: plain HTTP is refused on 0.0.0.0:0, which other machines can reach
      next: Set `server.tls_certificate` and `server.tls_key`; or `server.behind_proxy = true` behind a proxy that speaks TLS; or listen on 127.0.0.1.
    "#);
    assert_snapshot!(place.run(&["up", "--profile", "govstack", "--listen", "0.0.0.0:0"]).surface(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: profile `govstack` listens on loopback only, and 0.0.0.0:0 is reachable from other machines
      next: It trusts headers without proof. Use --listen 127.0.0.1:PORT, or the profile `secure`.
    "#);
    assert_snapshot!(place.run(&["up", "--only", "payments"]).surface(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: there is no block `payments`
      next: This binary holds: identity, registries, monitor.
    "#);
    place.write("stoa.toml", "[server]\nlisten = \"127.0.0.1:0\"\nbehind_proxi = true\n");
    assert_snapshot!(place.run(&["config", "check"]).surface(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: ./stoa.toml:3: unknown key `server.behind_proxi`; did you mean `server.behind_proxy`?
      next: `stoa config reference` lists every option; `stoa config check` reads the file without starting.
    "#);
    assert_eq!(place.run(&["up"]).code, 2);
    assert!(!place.path("stoa-data").exists(), "nothing was made");
    assert_eq!(place.run(&["pu"]).code, 2);
    assert_eq!(place.run(&["--help"]).code, 0);
}

#[test]
fn whatever_a_start_would_refuse_the_check_names_without_making_anything() {
    let place = Place::new();
    let other = Place::new();
    for place in [&place, &other] {
        place.write("junk.pem", "no certificate");
    }
    for (toml, option) in [
        ("[log]\nlevel = \"a=b=c\"", "log.level"),
        ("[server]\nlisten = \"192.0.2.1:8080\"", "plain HTTP is refused"),
        ("[server]\ntls_certificate = \"junk.pem\"\ntls_key = \"junk.pem\"", "junk.pem"),
        ("[mail]\nsmtp_url = \"gopher://x\"\nfrom = \"a@example.org\"", "mail"),
        ("[mail]\nsmtp_url = \"smtps://mail.example.org\"\nfrom = \"nobody\"", "mail.from"),
        ("[outgoing]\nallowed = [\"http://[\"]", "outgoing.allowed"),
        ("[outgoing]\ncertificates = \"nowhere.pem\"", "outgoing.certificates"),
        ("[blocks.registries]\nurl = \"http://10.0.0.1\"", "blocks.registries.url"),
        ("[blocks.registries]\nlisten = \"192.0.2.1:8081\"", "plain HTTP is refused"),
        ("[issuers.city]\nurl = \"https://id.example.org\"", "[issuers.city]"),
        ("[keys]\ntrusted = [\"abc\"]", "keys.trusted"),
        ("[keys]\nmaster_file = \"junk.pem\"", "master keys"),
    ] {
        place.write("stoa.toml", toml);
        other.write("stoa.toml", toml);
        let checked = place.run(&["config", "check"]);
        assert!(checked.code != 0 && checked.stderr.contains(option), "{toml}: {checked:?}");
        assert!(!place.path("stoa-data").exists(), "{toml}: something was made");
        let free = ["up", "--listen", "127.0.0.1:0"];
        let started = other.run(if toml.starts_with("[server]\nlisten") { &free[..1] } else { &free });
        assert!(started.code == checked.code && started.stderr.contains(option), "{toml}: {started:?}");
    }
    place.write("stoa.toml", "[mail]\nsmtp_url = \"smtps://mail.example.org\"\nfrom = \"Desk <desk@example.org>\"");
    assert!(place.run(&["config", "check"]).done().contains("in order"));
}

#[test]
fn configuration_is_shown_with_its_origin_and_without_secrets() {
    let place = Place::new();
    place.write("stoa.toml", "[server]\nlisten = \"127.0.0.1:9999\"\n");
    let mut command = place.command(&["config", "show", "--data", "/srv/stoa"]);
    command.env("STOA_STORE__URL", "postgres://stoa:secret@db/stoa");
    let shown = place.ended(&mut command).done();
    for line in [
        "listen = \"127.0.0.1:9999\"  # ./stoa.toml:2",
        "dir = \"/srv/stoa\"  # --data",
        "url = \"postgres://***@db/stoa\"  # STOA_STORE__URL",
        "behind_proxy = false  # default",
    ] {
        assert!(shown.contains(line), "{line} is not in\n{shown}");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.run(&["completions", shell]).done().contains("stoa"), "{shell}");
    }
}

#[test]
fn profile_govstack_says_what_it_is_and_begins_anew_each_time() {
    let place = Place::new();
    let first = place.up(&["--profile", "govstack", "--only", "registries"]);
    assert!(first.said.contains("PROFILE GOVSTACK"), "{}", first.said);
    assert_eq!(first.ask("GET", "/registries/openapi.json", None, None).0, 200);
    assert_eq!(first.ask("GET", "/openapi.json", None, None).0, 200, "the block is at / too");
    assert!(place.path("stoa-data-govstack/node.db").exists());
    place.write("stoa-data-govstack/left-over", "x");
    drop(first);
    drop(place.up(&["--profile", "govstack"]));
    assert!(!place.path("stoa-data-govstack/left-over").exists());
    let other = place.run(&["up", "--listen", "127.0.0.1:0", "--data", "stoa-data-govstack"]);
    assert_eq!(other.code, 6, "{other:?}");
    assert!(other.stderr.contains("belongs to profile `govstack`"), "{other:?}");
}

#[test]
fn the_monitor_alone_has_its_public_table_at_the_front() {
    let place = Place::new();
    let server = place.monitor();
    // The node has a front page too; whoever runs one block alone means that of the block.
    let (status, body) = server.ask("GET", "/", None, None);
    assert_eq!(status, 303, "{body}");
    for path in ["/page/table", "/monitor/page/table", "/console", "/status", "/openapi.json", "/readyz"] {
        assert!(matches!(server.ask("GET", path, None, None).0, 200 | 303 | 401), "{path}");
    }
    assert_eq!(server.ask("GET", "/registries/openapi.json", None, None).0, 404);
    assert_eq!(server.ask("GET", "/nothing", None, None).0, 404);
    assert_eq!(server.ask("DELETE", "/status", None, None).0, 405);
}

#[test]
fn refusals_are_told_once_a_minute_and_name_nobody() {
    let place = Place::new();
    let server = place.up(&[]);
    for nth in 0..40 {
        assert_eq!(server.ask("GET", "/registries/v1/registries", Some(&format!("stoa_guess{nth}")), None).0, 401);
    }
    assert_eq!(server.ask("GET", "/registries/v1/registries", None, None).0, 401);
    let (_, said, _) = server.terminate();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("security")).collect();
    assert_eq!(lines.len(), 2, "{said}");
    let first = [
        "WARN",
        "who=\"anonymous from 127.0.0.0/24\"",
        "code=\"web.unauthenticated\"",
        "path=\"/registries/v1/registries\"",
    ];
    assert!(first.iter().all(|part| lines[0].contains(part)), "{}", lines[0]);
    assert!(lines[1].contains("times=41"), "{}", lines[1]);
    assert!(!said.contains("stoa_guess"), "no credential is logged: {said}");
}
