//! `stoa check` by its surface, against a cloud on this machine: reports in every format, exit codes, what is refused before
//! anything is asked, and that a run that was stopped or killed leaves nothing behind.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::cloud::{Cloud, alone};
use crate::program::Place;
use crate::server::{Answer, Server};

/// The check of names, which pass in the cloud.
const NAMES: [&str; 7] = ["check", "cloud", "mycloud", "--version", "v5.1", "--tests", "scs-0100"];

/// A scope in the published format, with one version of two test cases.
const SCOPE: &str = "uuid: 50393e6f-2ae1-4c5c-a62c-3b75f2abef3f\nname: Two\nscripts:\n- executable: x.py\n  testcases:\n  \
    - id: scs-0100-semantics-check\n  - id: scs-0100-syntax-check\nmodules:\n- id: names\n  targets:\n    main:\n    \
    - scs-0100-syntax-check\nversions:\n- version: v1\n  include: [names]\ntimeline:\n- date: 2026-01-01\n  versions:\n    \
    v1: effective\n";
/// The id of the scope "SCS-compatible KaaS".
const KAAS: &str = "1fffebe6-fd4b-44d3-a36c-fc58b4bb0180";

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&NAMES[..], more].concat()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_cloud_is_checked_and_the_exit_code_says_how_it_stands() {
    let cloud = Cloud::start();
    let good = cloud.run(&NAMES);
    assert_eq!(good.code, 0, "{good:?}");
    assert!(good.stdout.starts_with("mycloud: SCS-compatible IaaS\nv5.1 was tested in part, and all of that passed."));
    assert!(good.stdout.contains("Asked for: version v5.1; test cases that match scs-0100.\n"), "{}", good.stdout);
    assert!(good.stdout.contains("v5.1 (effective): INCOMPLETE (2 passed, 52 missing)"), "{}", good.stdout);
    // Progress, which is nobody's result.
    assert_eq!(good.stderr, "PASS   scs-0100-semantics-check\nPASS   scs-0100-syntax-check\n");
    assert_eq!(cloud.asked().len(), 2, "a login and a list: {:?}", cloud.asked());

    let bad = cloud.run(&["check", "cloud", "mycloud", "--version", "v5.1", "--tests", "scs-0103-flavor-1[vl]-[14]$"]);
    assert_eq!(bad.code, 3, "{bad:?}");
    assert!(bad.stdout.contains("FAIL (0 passed, 2 failed, 52 missing)"), "{}", bad.stdout);
    assert!(bad.stdout.contains("flavor SCS-1L-1: no flavor has this name, neither as its own nor as scs:name-v2"));
    assert!(bad.stdout.contains("next: openstack flavor create --vcpus 1 --ram 1024 --disk 0"), "{}", bad.stdout);
    assert!(!bad.stdout.contains('\u{1b}') && !bad.stderr.contains('\u{1b}'), "no terminal, no colours");

    // Nothing was found out about services that are not in the catalog's reach, and that is never green.
    let wrong = cloud.place.path("clouds.yaml");
    std::fs::write(&wrong, std::fs::read_to_string(&wrong).unwrap().replace("s3cret", "wrong")).unwrap();
    let refused = cloud.run(&with(&["--format", "json"]));
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused.stderr.contains(
            "ABORT  scs-0100-syntax-check  POST identity/auth/tokens: the login was refused: Wrong password."
        )
    );
    assert!(!refused.stdout.contains("wrong\"") && !refused.stderr.contains(" wrong "), "passwords are not told");
}

#[test]
fn a_report_has_every_format_and_its_keys_in_their_order() {
    let cloud = Cloud::start();
    let subject = ["--subject", "<b>my & \"cloud\"", "--output"];
    for (format, holds) in [
        ("json", "\"subject\": \"<b>my & \\\"cloud\\\"\""),
        ("yaml", "subject: \"<b>my & \\\"cloud\\\"\""),
        ("junit", "<testsuites name=\"&lt;b&gt;my &amp; &quot;cloud&quot;\" tests=\"54\" failures=\"0\" errors=\"0\""),
        ("html", "<h1>&lt;b&gt;my &amp; &quot;cloud&quot;: SCS-compatible IaaS</h1>"),
        ("markdown", "# &lt;b&gt;my &amp; \"cloud\": SCS-compatible IaaS"),
        ("text", "<b>my & \"cloud\": SCS-compatible IaaS"),
    ] {
        let ended = cloud.run(&with(&[&subject[..], &[format, "--format", format]].concat()));
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(
            ended.stdout.contains("v5.1 was tested in part, and all of that passed"),
            "the table comes all the same: {}",
            ended.stdout
        );
        assert!(ended.stderr.ends_with(&format!("written to {format}\n")), "{}", ended.stderr);
        let text = std::fs::read_to_string(cloud.place.path(format)).unwrap();
        assert!(text.contains(holds) && text.ends_with('\n') && !text.ends_with("\n\n"), "{format}: {text}");
        // What a file holds is what is printed without one.
        let shown = cloud.run(&["report", "show", "yaml", "--format", format]);
        assert_eq!(shown.code, if format == "json" { 2 } else { 0 }, "the first of them was not there yet: {shown:?}");
    }
    let left = std::fs::read_dir(cloud.place.path("")).unwrap().count();
    assert_eq!(left, 1 + 6, "six files beside clouds.yaml, and nothing half written");

    let report: Value = serde_json::from_slice(&std::fs::read(cloud.place.path("json")).unwrap()).unwrap();
    assert_eq!(keys(&report), ["spec", "checked_at", "reference_date", "subject", "run"]);
    assert_eq!(keys(&report["spec"]), ["uuid", "name", "url"]);
    let run = &report["run"];
    let of_run = ["uuid", "argv", "assignment", "sections", "forced_version", "forced_tests", "invocations"];
    assert_eq!(keys(run), of_run);
    let (id, invocation) = run["invocations"].as_object().unwrap().iter().next().unwrap();
    let of_invocation = ["id", "cmd", "results", "rc", "stdout", "stderr", "info", "warning", "error", "critical"];
    assert_eq!((keys(invocation), invocation["id"].as_str()), (of_invocation.to_vec(), Some(id.as_str())));
    assert_eq!(invocation["results"]["scs-0100-syntax-check"], 1);
    assert_eq!((&run["forced_version"], &run["forced_tests"]), (&"v5.1".into(), &"scs-0100".into()));
    assert_eq!(run["assignment"]["os_cloud"], "mycloud");
    // YAML has them in the same order.
    let yaml = std::fs::read_to_string(cloud.place.path("yaml")).unwrap();
    let order: Vec<usize> = keys(&report).iter().map(|key| yaml.find(&format!("\n{key}:")).unwrap()).collect();
    assert!(yaml.starts_with("---\nspec:\n") && order.is_sorted(), "{yaml}");
}

#[test]
fn what_cannot_be_done_is_refused_before_the_cloud_is_asked() {
    let cloud = Cloud::start();
    let place = &cloud.place;
    place.write("plain.txt", "a text");
    place.write("empty.yaml", "");
    place.write("broken.yaml", "a: [");
    place.write("list.yaml", "- a\n");
    place.write("keys.yaml", &SCOPE.replacen("timeline:", "timelime:", 1).replacen("uuid: ", "uuid: 7 #", 1));
    place.write("twice.yaml", &SCOPE.replacen("scs-0100-semantics-check", "scs-0100-syntax-check", 1));
    place.write("kaas.yaml", &SCOPE.replacen("50393e6f-2ae1-4c5c-a62c-3b75f2abef3f", KAAS, 1));
    let huge = std::fs::File::create(place.path("huge.yaml")).unwrap();
    huge.set_len(100 << 20).unwrap();
    std::fs::create_dir(place.path("folder")).unwrap();

    let long = "x".repeat(101);
    for (arguments, message, advice) in [
        (&["--scope", "caas"][..], "invalid value 'caas' for '--scope", "possible values: iaas, kaas"),
        (&["--version", "v99\u{1b}[31m"], "has no version `v99", "it has next, v5.1, v4, v3"),
        (&["--tests", "("], "--tests: unclosed group", "next: Give a regular expression"),
        (&["--tests", ""], "--tests: the pattern is empty", "next: Give a regular expression"),
        (&["--tests", "(a{1000}){1000}"], "--tests: Compiled regex exceeds size limit", "next: "),
        (&["--tests", "xyz"], "no test case of SCS-compatible IaaS is left: no name matches", "next: "),
        (&["--sections", "light"], "none has a section, so none is in light", "next: "),
        (&["--tests", "domain-manager", "--beyond"], "needs two domains and their managers", "--domain-config FILE"),
        (&["--domain-config", "plain.txt"], "plain.txt: ", "next: "),
        (&["--domain-config", "nowhere"], "nowhere: No such file", "next: "),
        (&["--date", "0000-00-00"], "`0000-00-00` is not a date such as 2026-11-24", ""),
        (&["--date", "2026-02-30"], "`2026-02-30` is not a date such as 2026-11-24", ""),
        (&["--date", "99999-12-31"], "`99999-12-31` is not a date such as 2026-11-24", ""),
        (&["--subject", ""], "a subject has 1 to 100 letters", "next: Give another name with --subject."),
        (&["--subject", "a\u{1b}[31m"], "none of which is a control character", "next: "),
        (&["--subject", &long], "a subject has 1 to 100 letters", "next: "),
        (&["--format", "xml"], "invalid value 'xml' for '--format", "text, json, yaml, junit, html, markdown"),
        (&["--offline-data", "nowhere"], "nowhere holds neither kubernetes.json nor", "stoa check data refresh"),
        (&["--spec", "nowhere"], "reading nowhere: No such file", "next: See that the name is right."),
        (&["--spec", "folder"], "reading folder: Is a directory", "next: Name a file; this is a folder."),
        (&["--spec", "huge.yaml"], "huge.yaml is longer than 16 MiB", "next: "),
        (&["--spec", "empty.yaml"], "expected one document, found 0", "scs-0003-v1"),
        (&["--spec", "broken.yaml"], "line 2: not YAML", "scs-0003-v1"),
        (&["--spec", "list.yaml"], "line 1: expected a map, found a list", "scs-0003-v1"),
        (&["--spec", "plain.txt"], "line 1: expected a map, found `a text`", "scs-0003-v1"),
        (
            &["--spec", "keys.yaml"],
            "timelime: unknown key; known here: uuid, name",
            "uuid: expected a UUID, found the number 7",
        ),
        (&["--spec", "twice.yaml"], "the test case `scs-0100-syntax-check` is there already, in line", "scs-0003-v1"),
        (&["--spec", "kaas.yaml"], "describes Two, which is not about", "next: Say --scope kaas"),
        (&["--output", "nowhere/report"], "writing nowhere/report: No such file", "next: Make its folder first"),
        (&["--output", "-"], "`-` is no file to write to", "next: Without a file it is written to standard output"),
        (&["--output", "folder"], "writing folder: ", "next: Name a file; this is a folder."),
    ] {
        let ended = cloud.run(&[&["check", "cloud", "mycloud"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?} {ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains(advice), "{arguments:?} {}", ended.stderr);
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{arguments:?} {}", ended.stderr);
        assert!(!ended.stderr.contains(['\u{1b}', '\u{0}']), "{arguments:?} {}", ended.stderr);
    }
    place.write("scope.yaml", SCOPE);
    let own = cloud.run(&["check", "cloud", "mycloud", "--spec", "scope.yaml"]);
    assert!(own.code == 0 && own.stdout.contains("v1 (effective): PASS (1 passed)"), "{own:?}");
    // A day before the timeline, and one far away.
    let early = cloud.run(&with(&["--date", "2020-01-01", "--format", "json"]));
    assert_eq!(early.code, 0, "a version that is named is tested on any day: {early:?}");
    let none = cloud.run(&["check", "cloud", "mycloud", "--date", "2020-01-01"]);
    assert!(none.code == 2 && none.stderr.contains("has no version on 2020-01-01"), "{none:?}");
    let late = cloud.run(&["check", "cloud", "mycloud", "--tests", "scs-0100", "--date", "9999-12-31"]);
    assert_eq!(late.code, 0, "{late:?}");
    assert_eq!(cloud.asked().len(), 2 + 2 + 2, "only those three runs asked the cloud");
}

#[test]
fn mistakes_in_clouds_yaml_are_told_with_their_places() {
    let place = Place::new();
    let keystone = "auth_url: 'https://127.0.0.1:1/v3'";
    let ann = "username: a, password: s3cret, user_domain_name: d, project_name: p, project_domain_name: d";
    for (text, message) in [
        (String::new(), "clouds.yaml: the key `clouds` is missing"),
        ("clouds: 5".to_owned(), "clouds.yaml: line 1: clouds: expected a map of clouds by their names"),
        ("clouds:\n\tmycloud: 1".to_owned(), "clouds.yaml: line 2: not YAML: tabs"),
        ("clouds: {mycloud: 5}".to_owned(), "clouds.yaml: line 1: clouds.mycloud: expected a map"),
        ("clouds: {other: {}}".to_owned(), "has no cloud `mycloud`; it has other"),
        (format!("clouds: {{mycloud: {{auth: {{{ann}}}}}}}"), "auth_url: is missing: the address of Keystone"),
        (format!("clouds: {{mycloud: {{auth: {{{keystone}, {ann}, pasword: x}}}}}}"), "did you mean password?"),
        (
            format!("clouds: {{mycloud: {{verify: perhaps, auth: {{{keystone}, {ann}}}}}}}"),
            "verify: expected true or false",
        ),
        (
            format!("clouds: {{mycloud: {{region_name: [a, b], auth: {{{keystone}, {ann}}}}}}}"),
            "region_name: expected one value, not a list",
        ),
        (
            format!("clouds: {{mycloud: {{auth_type: v3kerberos, auth: {{{keystone}}}}}}}"),
            "auth_type: is none that is spoken here",
        ),
        (
            format!("clouds: {{mycloud: {{cacert: nowhere.pem, auth: {{{keystone}, {ann}}}}}}}"),
            "nowhere.pem: cannot be read",
        ),
    ] {
        place.write("clouds.yaml", &text);
        let ended = place.ended(&mut alone(&place, &NAMES));
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{text} {ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains("\n  next: "), "{text} {}", ended.stderr);
        assert_eq!(ended.stderr.matches(message).count(), 1, "said once: {}", ended.stderr);
        assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
    }
    std::fs::remove_file(place.path("clouds.yaml")).unwrap();
    let none = place.ended(&mut alone(&place, &NAMES));
    assert!(none.code == 2 && none.stderr.contains("no clouds.yaml; looked for [HERE]"), "{none:?}");
}

/// Starts a check that makes a secret and then comes no further.
fn stuck(cloud: &Cloud) -> std::process::Child {
    let waiting = cloud.stick();
    let mut command = cloud.command(&["check", "cloud", "mycloud", "--version", "v5.1", "--tests", "scs-0116"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    waiting.recv().unwrap();
    assert_eq!(cloud.secrets(), 1, "the check has made it");
    child
}

/// Ends it where it stands.
fn kill(mut child: std::process::Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_that_is_stopped_cleans_up_and_reports() {
    for signal in ["-INT", "-TERM"] {
        let cloud = Cloud::start();
        let child = stuck(&cloud);
        let killed = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(3), "{said}{told}");
        assert_eq!(cloud.secrets(), 0, "{told}");
        assert!(said.contains("ABORT   scs-0116-permissions  check key-manager: the run was stopped"), "{said}");
        assert!(
            told.contains("removing one thing that checks have left")
                && told.contains("removed the secret _scs-0116-secret-"),
            "{told}"
        );
        let again = cloud.run(&["check", "cleanup", "mycloud"]);
        assert_eq!((again.code, again.stdout.as_str()), (0, "nothing was left\n"), "{again:?}");
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_cleanup() {
    let cloud = Cloud::start();
    kill(stuck(&cloud));
    assert_eq!(cloud.secrets(), 1, "nobody has tidied up");
    // Without a name: all clouds that something was left in.
    let cleaned = cloud.run(&["check", "cleanup"]);
    assert_eq!(cleaned.code, 0, "{cleaned:?}");
    assert!(cleaned.stdout.starts_with("mycloud: removed the secret _scs-0116-secret-"), "{cleaned:?}");
    assert_eq!(cloud.secrets(), 0);
    assert_eq!(cloud.run(&["check", "cleanup"]).done(), "nothing was left\n");
    // One cloud that is not to be had keeps nobody from cleaning up the others, and is told.
    let left = std::fs::create_dir_all(cloud.place.path("state/stoa/check"));
    left.and_then(|()| std::fs::write(cloud.place.path("state/stoa/check/gone.journal"), "")).unwrap();
    let child = stuck(&cloud);
    // A run beside it makes nothing, and takes nothing away from it.
    let beside = cloud.run(&["check", "cloud", "mycloud", "--version", "v5.1", "--tests", "scs-0116"]);
    assert!(beside.code == 3 && beside.stdout.contains("another run is using it"), "{beside:?}");
    assert!(beside.stdout.contains("next: wait until the other run has ended"), "{beside:?}");
    assert!(!beside.stderr.contains("removing") && !beside.stdout.contains("not everything"), "{beside:?}");
    assert_eq!(cloud.secrets(), 1);
    kill(child);
    let others = cloud.run(&["check", "cleanup"]);
    assert_eq!((others.code, cloud.secrets()), (2, 0), "{others:?}");
    assert!(others.stdout.starts_with("mycloud: removed the secret") && others.stderr.contains("has no cloud `gone`"));
    let unknown = cloud.run(&["check", "cleanup", "nobodys"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("has no cloud `nobodys`; it has mycloud"), "{unknown:?}");
}

#[test]
fn a_terminal_is_shown_what_is_being_done() {
    let cloud = Cloud::start();
    let program = format!("{} {}", env!("CARGO_BIN_EXE_stoa"), NAMES.join(" "));
    let at_terminal = |name: &str, value: &str| {
        let stoa = cloud.command(&[]);
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &program, "/dev/null"]).current_dir(cloud.place.path("")).stdin(Stdio::null());
        for (key, kept) in stoa.get_envs() {
            match kept {
                Some(kept) => command.env(key, kept),
                None => command.env_remove(key),
            };
        }
        let ended = command.env_remove("NO_COLOR").env("TERM", "xterm").env(name, value).output();
        ended.ok().map(|ended| (ended.status.code(), String::from_utf8(ended.stdout).unwrap()))
    };
    let Some((code, said)) = at_terminal("LANG", "C") else {
        eprintln!("without script (Debian's bsdutils) nothing was proven");
        return;
    };
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\r\u{1b}[2K0/2  flavors (0 s)") && said.contains("\r\u{1b}[2K1/2  "), "{said:?}");
    assert!(said.contains("\u{1b}[32mPASS \u{1b}[0m  scs-0100-syntax-check"), "{said:?}");
    let table = said.find("\u{1b}[1mmycloud: SCS-compatible IaaS\u{1b}[0m").unwrap();
    assert!(said[..table].ends_with("\r\u{1b}[2K") && !said[table..].contains("[2K"), "the last line goes: {said:?}");
    let (_, plain) = at_terminal("NO_COLOR", "1").unwrap();
    assert!(plain.contains("\u{1b}[2K") && !plain.contains("\u{1b}[3") && !plain.contains("\u{1b}[1m"), "{plain:?}");
    let (_, dumb) = at_terminal("TERM", "dumb").unwrap();
    assert!(!dumb.contains('\u{1b}') && dumb.contains("scs-0100-syntax-check"), "{dumb:?}");
}

#[test]
fn what_is_known_of_kubernetes_is_shown_with_its_age() {
    let place = Place::new();
    let shown = place.run(&["check", "data", "show"]).done();
    assert!(shown.contains("1.36") && shown.contains("supported until") && shown.contains("ended on"), "{shown}");
    place.write("kubernetes.json", "{\"branches\": 5}");
    for (folder, message) in [("nowhere", "nowhere holds neither"), (".", "kubernetes.json")] {
        let ended = place.run(&["check", "data", "show", folder]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains("stoa check data refresh"), "{ended:?}");
    }
    let cluster = |arguments: &[&str]| {
        place.ended(&mut alone(&place, &[&["check", "cloud", "c", "--scope", "kaas"], arguments].concat()))
    };
    place.write("kubeconfig", "apiVersion: v1\nkind: Config\n");
    for (arguments, message) in [
        (&[][..], "[HERE]/.kube/config: No such file"),
        (&["--kubeconfig", "nowhere"], "reading nowhere: No such file"),
        (&["--kubeconfig", "kubeconfig"], "kubeconfig: "),
        (&["--sections", "huge"], "sections huge were asked for, there are heavy, light"),
    ] {
        let ended = cluster(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?} {ended:?}");
        assert!(
            ended.stderr.contains(message) && ended.stderr.contains("\n  next: "),
            "{arguments:?} {}",
            ended.stderr
        );
    }
}

#[test]
fn a_cluster_is_checked_by_data_from_a_mirror() {
    let place = Place::new();
    let data = Arc::new(Mutex::new(
        json!({
            "format": "stoa-kubernetes-data/1", "retrieved_at": "2026-11-20T06:00:00Z", "sources": ["a mirror"],
            "branches": [{"branch": "1.36", "end_of_life": "2999-06-28"}, {"branch": "1.35", "end_of_life": "2026-02-28"}],
            "releases": [{"version": "1.36.1", "published_at": "2026-01-01T00:00:00Z"}],
            "vulnerabilities": [],
        })
        .to_string(),
    ));
    let own = data.clone();
    let version = Arc::new(Mutex::new("v1.36.1+k3s1"));
    let running = version.clone();
    let server = Server::start(move |asked| match asked.line.as_str() {
        "GET /kubernetes.json" => Answer::Say(200, "", own.lock().unwrap().clone()),
        "GET /version" => Answer::json(&json!({ "major": "1", "minor": "36", "gitVersion": *running.lock().unwrap() })),
        _ => Answer::Say(404, "", "{}".to_owned()),
    });
    let mirror = format!("{}/kubernetes.json", server.url);
    let refresh = || place.run(&["check", "data", "refresh", "data", "--mirror", &mirror]);
    assert!(refresh().done().contains("data/kubernetes.json: 2 branches, 1 releases, 0 vulnerabilities"));
    // What cannot be read changes nothing.
    "{\"format\": 5}".clone_into(&mut data.lock().unwrap());
    let broken = refresh();
    assert!(broken.code == 1 && broken.stderr.contains("next: What was there stays."), "{broken:?}");
    let address = place.run(&["check", "data", "refresh", "data", "--mirror", "kubernetes.json"]);
    assert!(
        address.code == 2 && address.stderr.contains("is no address") && address.stderr.contains("next: "),
        "{address:?}"
    );
    assert!(place.run(&["check", "data", "show", "data"]).done().contains("1.36  supported until 2999-06-28"));

    place.write(
        "kubeconfig",
        &format!(
            "current-context: a\nclusters: [{{name: a, cluster: {{server: '{}'}}}}]\nusers: [{{name: a, user: {{token: abc}}}}]\n\
             contexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n",
            server.url
        ),
    );
    let check = ["check", "cloud", "mycluster", "--scope", "kaas", "--kubeconfig", "kubeconfig", "--sections", "light"];
    let run = |more: &[&str]| place.ended(&mut alone(&place, &[&check[..], more].concat()));
    let good = run(&["--offline-data", "data", "--format", "junit"]);
    assert_eq!(good.code, 0, "{good:?}");
    assert!(good.stdout.contains("name=\"version-policy-check\" time="), "{}", good.stdout);
    *version.lock().unwrap() = "v1.35.9";
    let ended = run(&["--offline-data", "data"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.stdout.contains("FAIL    version-policy-check"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("data about Kubernetes: ") && ended.stdout.contains(" days old (2026-11-20)"),
        "{}",
        ended.stdout
    );
}
