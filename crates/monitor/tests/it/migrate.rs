//! The history of a published monitor, from a real PostgreSQL with its tables.

use std::process::Command;

use stoa_core::{Actor, Tenant};
use stoa_monitor::Monitor;
use stoa_monitor::service::{By, MigrateError};
use stoa_standards::verdict::Verdict;
use stoa_store::Foreign;
use stoa_test::Caller;
use uuid::Uuid;

use crate::desk::{Desk, IAAS, key, report, verdicts};

/// The tables of the published monitor, schema v4.
const TABLES: &str = "
CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
INSERT INTO meta VALUES ('version', 'v4');
CREATE TABLE account (accountid serial PRIMARY KEY, subject text UNIQUE, roles integer, \"group\" text);
CREATE TABLE apikey (apikeyid serial PRIMARY KEY, apikeyhash text, accountid integer NOT NULL);
CREATE TABLE publickey (keyid serial PRIMARY KEY, key text, keytype text, keyname text, accountid integer NOT NULL);
CREATE TABLE delegation (delegateid integer NOT NULL, accountid integer NOT NULL);
CREATE TABLE report (reportid serial PRIMARY KEY, reportuuid text UNIQUE, checked_at timestamp, subject text, data jsonb);
CREATE TABLE result2 (resultid serial PRIMARY KEY, checked_at timestamp NOT NULL, subject text NOT NULL,
    scopeuuid text NOT NULL, version text NOT NULL, testcase text NOT NULL, result int, approval boolean,
    reportid integer NOT NULL);
";

fn psql(url: &str, sql: &str) {
    let run = Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", url, "-c", sql]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// A database of its own on the server of the tests.
fn database() -> String {
    let server = std::env::var("STOA_TEST_PG").unwrap();
    let name = format!("peer_{}", Uuid::new_v4().simple());
    psql(&server, &format!("CREATE DATABASE {name}"));
    let (head, query) =
        server.split_once('?').map_or((server.as_str(), String::new()), |(head, query)| (head, format!("?{query}")));
    let (address, _) = head.rsplit_once('/').unwrap();
    format!("{address}/{name}{query}")
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server in STOA_TEST_PG"]
async fn a_published_monitors_history_comes_over_once_and_whole() {
    let url = database();
    psql(&url, TABLES);
    let desk = Desk::new().await;
    let now = desk.stoa.clock.now();
    let day = std::time::Duration::from_hours(24);
    let public = key(5).public().to_string();
    let key_text = public.split(' ').nth(1).unwrap();
    let hash = bcrypt::hash("secret", 4).unwrap();
    psql(
        &url,
        &format!(
            "INSERT INTO account (subject, roles, \"group\") VALUES ('old-1', 0, 'old'), ('old-ci', 3, NULL); \
             INSERT INTO apikey (apikeyhash, accountid) VALUES ('{hash}', 2); \
             INSERT INTO publickey (key, keytype, keyname, accountid) VALUES ('{key_text}', 'ssh-ed25519', 'primary', 2); \
             INSERT INTO delegation VALUES (2, 1)"
        ),
    );
    let add = |number: usize, id: &str, at: stoa_core::Instant, data: &str, results: &[(&str, &str, i64, bool)]| {
        let at = at.to_string();
        let scope = stoa_standards::scope::find_built_in(IAAS).unwrap().uuid;
        psql(
            &url,
            &format!("INSERT INTO report VALUES ({number}, '{id}', '{at}', 'old-1', '{}')", data.replace('\'', "''")),
        );
        for (version, case, result, approval) in results {
            psql(
                &url,
                &format!(
                    "INSERT INTO result2 (checked_at, subject, scopeuuid, version, testcase, result, approval, \
                reportid) VALUES ('{at}', 'old-1', '{scope}', '{version}', '{case}', {result}, {approval}, {number})"
                ),
            );
        }
    };
    let whole = report("old-1", IAAS, now.minus(day), verdicts(IAAS, &[]));
    let all = verdicts(IAAS, &[]);
    let all: Vec<(&str, &str, i64, bool)> = all.keys().map(|id| ("*", id.as_str(), 1, true)).collect();
    add(1, &whole.run.uuid.to_string(), whole.checked_at, &whole.to_json(), &all);
    let case = "scs-0100-syntax-check";
    let old = Uuid::new_v4().to_string();
    add(2, &old, now.minus(day * 40), "{}", &[("v3", case, 1, true), ("v4", case, -1, true)]);
    add(3, "no-uuid", now, "{}", &all);
    add(4, &Uuid::new_v4().to_string(), now, "{}", &[]);
    add(5, &Uuid::new_v4().to_string(), now.plus(day), "{}", &all);
    psql(
        &url,
        &format!(
            "UPDATE report SET subject = '<b>' WHERE reportid = 5; \
        INSERT INTO report SELECT 6, '{}', checked_at, 'old-1', data FROM report WHERE reportid = 5",
            Uuid::new_v4()
        ),
    );
    let monitor = Monitor::over(desk.stoa.stores["monitor"].clone(), String::new());
    let by = By::system(Actor::system("test", Tenant::default()));
    let migrate = async || {
        let mut migration = monitor.migrate(&by, Foreign::open(&url).await.unwrap()).await.unwrap();
        while migration.step().await.unwrap() {}
        migration.finish().await.unwrap()
    };
    let done = migrate().await;
    assert_eq!((done.accounts, done.reports, done.known, done.left_out), (2, 2, 0, 4), "{:?}", done.reasons);
    assert!(done.reasons.iter().any(|reason| reason.contains("is yet to come")), "{:?}", done.reasons);
    // What was changed here since then stays so.
    let roles = serde_json::json!({"roles": ["approve"]});
    desk.stoa.put(&desk.admin, "/monitor/v1/accounts/old-1", &roles).await.expect(200);
    let again = migrate().await;
    assert_eq!((again.accounts, again.reports, again.known), (0, 0, 2));
    let kept = desk.stoa.get(&desk.admin, "/monitor/v1/accounts/old-1").await.expect(200).json();
    assert_eq!((&kept["roles"][0], &kept["delegates"]), (&"approve".into(), &serde_json::json!([])));
    let before = serde_json::json!({"group": "old", "delegates": ["old-ci"]});
    desk.stoa.put(&desk.admin, "/monitor/v1/accounts/old-1", &before).await.expect(200);
    // The board of the running block looks once a second.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let standing = desk.standing("old-1", IAAS).await;
    assert_eq!((&standing["state"], &standing["verified"]), (&"pass".into(), &false.into()));
    let path = format!("/monitor/v1/subjects/old-1/scopes/{IAAS}/history");
    let history = desk.stoa.get(&Caller::anonymous(), &path).await.expect(200).json();
    assert_eq!((&history["days"][0]["state"], history["days"].as_array().unwrap().len()), (&"fail".into(), 41));
    // Nobody who was here left, and whoever came can come in.
    desk.stoa.get(&desk.admin, "/monitor/v1/accounts/cloud-1").await.expect(200);
    desk.stoa.get(&crate::desk::basic("old-ci", "secret"), "/monitor/results").await.expect(200);
    let account = desk.stoa.get(&desk.admin, "/monitor/v1/accounts/old-1").await.expect(200).json();
    assert_eq!((&account["group"], &account["delegates"][0]), (&"old".into(), &"old-ci".into()));
    // What was kept of the reports is shown as what it is.
    let at = format!("/monitor/reports/{}", whole.run.uuid);
    desk.stoa.get(&Caller::anonymous(), &format!("{at}/body")).await.expect(200);
    let refused = desk.stoa.get(&Caller::anonymous(), &format!("{at}/signature")).await.expect(404).json();
    assert_eq!(refused["code"], "monitor.not_signed");
    let page = desk.stoa.get(&Caller::anonymous(), &format!("/monitor/page/report/{}", whole.run.uuid)).await;
    assert!(page.expect(200).text().contains("without its signature"));
    let bundle = format!("/monitor/v1/subjects/old-1/scopes/{IAAS}/bundle");
    let bundle = desk.stoa.get(&Caller::anonymous(), &bundle).await.expect(200).text();
    let verified = stoa_monitor::model::bundle::verify(&bundle, &[]).unwrap();
    assert_eq!((verified.bundle.reports.len(), verified.bundle.moved.len()), (0, 1), "the monitor's own word");
    // New evidence goes on where the old ends.
    let fresh = report("old-1", IAAS, now, verdicts(IAAS, &[(case, Verdict::Fail)]));
    desk.hand_in(&crate::desk::basic("old-ci", "secret"), 5, &fresh.to_yaml()).await.expect(200);
    assert_eq!(desk.standing("old-1", IAAS).await["state"], "fail");
    // Whoever left here does not come back with an old list.
    desk.stoa.delete(&desk.admin, "/monitor/v1/accounts/old-ci").await.expect(204);
    migrate().await;
    desk.stoa.get(&desk.admin, "/monitor/v1/accounts/old-ci").await.expect(404);
    // Another version of that monitor is not guessed at.
    psql(&url, "UPDATE meta SET value = 'v9'");
    let refused = monitor.migrate(&by, Foreign::open(&url).await.unwrap()).await;
    assert!(matches!(refused, Err(MigrateError::Schema(_))));
    assert!(Foreign::open("postgres://nobody@192.0.2.1/x").await.is_err(), "not over an open network");
}
