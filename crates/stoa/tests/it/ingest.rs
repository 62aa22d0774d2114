//! The monitor's process is killed while evidence comes in: what it acknowledged is there, whole, and counts; what it did
//! not is there whole or not at all.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use stoa_core::Clock;
use stoa_standards::report::read_yaml;
use stoa_standards::signature::{PublicKey, SigningKey, join, verify};

use crate::program::Place;

/// Callers that hand in at the same time.
const CALLERS: usize = 4;
/// Reports that are acknowledged before the process is killed.
const ACKNOWLEDGED: usize = 40;

/// How often it is killed; more by the variable, as `scripts/crash-test.sh` does.
fn kills() -> usize {
    std::env::var("STOA_CRASH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// Hands a body in; the status, where an answer came.
fn hand_in(address: &str, key: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let head = format!(
        "POST /monitor/reports HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/x-signed-yaml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// A signed body: its text is of this number.
fn text(subject: &str, number: usize) -> (String, String) {
    let mut report = read_yaml(include_str!("../data/report.yaml")).unwrap().remove(0);
    subject.clone_into(&mut report.subject);
    report.checked_at = Clock::system().now();
    let id = format!("00000000-0000-4000-8000-{number:012x}");
    report.run.uuid = id.parse().unwrap();
    (id, report.to_yaml())
}

#[test]
fn what_was_acknowledged_outlives_the_process() {
    let place = Place::new();
    let signing = SigningKey::from_seed(&[7; 32], "test").unwrap();
    let numbers = AtomicUsize::new(1);
    let sent: Mutex<Vec<(String, String, String)>> = Mutex::default();
    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    place.write("stoa.toml", "[limits]\nrequests_per_second = 0\nanonymous_per_second = 0\n");
    let mut running = Some(place.up(&[]));
    let server = running.as_ref().unwrap();
    let key = place.run(&["key", "create", "--name", "test", "--role", "admin"]).done().trim().to_owned();
    for caller in 0..CALLERS {
        let line = signing.public().to_string();
        let body = json!({"subject": format!("cloud-{caller}"), "keys": [{"name": "primary", "publicKey": line}]});
        let (status, said) = server.ask("POST", "/monitor/v1/accounts", Some(&key), Some(&body.to_string()));
        assert_eq!(status, 201, "{said}");
    }
    for kill in 1..=kills() {
        let address = running.as_ref().unwrap().address.clone();
        let wanted = acknowledged.lock().unwrap().len() + ACKNOWLEDGED;
        std::thread::scope(|scope| {
            for caller in 0..CALLERS {
                let (numbers, sent, acknowledged, signing) = (&numbers, &sent, &acknowledged, &signing);
                let (address, key) = (&address, &key);
                scope.spawn(move || {
                    let subject = format!("cloud-{caller}");
                    loop {
                        let (id, text) = text(&subject, numbers.fetch_add(1, Ordering::Relaxed));
                        let body = join(&signing.sign(text.as_bytes()).unwrap(), &text);
                        sent.lock().unwrap().push((id.clone(), subject.clone(), text));
                        match hand_in(address, key, &body) {
                            Some(200) => acknowledged.lock().unwrap().push(id),
                            Some(status) => panic!("answered {status}"),
                            // The process is gone.
                            None => return,
                        }
                    }
                });
            }
            while acknowledged.lock().unwrap().len() < wanted {
                std::thread::sleep(Duration::from_millis(1));
            }
            running.take().unwrap().kill();
        });
        let server = &*running.insert(place.up(&[]));
        let acknowledged = acknowledged.lock().unwrap();
        for (id, subject, text) in sent.lock().unwrap().iter() {
            let (status, info) = server.ask("GET", &format!("/monitor/v1/reports/{id}"), None, None);
            if status == 404 {
                assert!(!acknowledged.contains(id), "kill {kill}: {id} of {subject} was acknowledged and is lost");
                continue;
            }
            assert_eq!(status, 200, "{info}");
            let of = |what: &str| server.ask("GET", &format!("/monitor/reports/{id}/{what}"), None, None);
            let (status, body) = of("body");
            assert_eq!((status, body.as_str()), (200, text.as_str()), "kill {kill}: {id} is there by half");
            let signers = of("allowed_signers").1;
            let signer: PublicKey = signers.trim().split_once("\"report\" ").unwrap().1.parse().unwrap();
            verify(&of("signature").1, body.as_bytes(), &[signer]).unwrap();
        }
        // The state of each subject rests on the newest of what is there.
        for caller in 0..CALLERS {
            let path = format!("/monitor/v1/subjects/cloud-{caller}/scopes/scs-compatible-iaas");
            let (status, standing) = server.ask("GET", &path, None, None);
            assert_eq!(status, 200, "{standing}");
            let standing: Value = serde_json::from_str(&standing).unwrap();
            let cases = standing["items"][0]["testCases"].as_object().unwrap();
            let evidence = cases.values().find_map(|case| case["evidence"].as_str());
            let evidence = evidence.unwrap_or_else(|| panic!("{standing}"));
            let newest = sent.lock().unwrap().iter().rev().find_map(|(id, subject, _)| {
                let is_there = || server.ask("GET", &format!("/monitor/v1/reports/{id}"), None, None).0 == 200;
                (*subject == format!("cloud-{caller}") && is_there()).then(|| id.clone())
            });
            assert_eq!(Some(evidence), newest.as_deref(), "kill {kill}: cloud-{caller}");
        }
    }
    running.unwrap().terminate();
    let chain = place.run(&["audit", "verify"]).done();
    assert!(chain.contains("monitor: whole"), "{chain}");
}
