//! A monitor with accounts, and reports that are signed here.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{LineEnding, PrivateKey};
use stoa_core::Instant;
use stoa_standards::report::{Invocation, LineCounts, Report, ReportedScope, Run};
use stoa_standards::scope;
use stoa_standards::signature::{SigningKey, join};
use stoa_standards::verdict::Verdict;
use stoa_test::{Answer, Caller, TestStoa};
use stoa_web::Method;
use uuid::Uuid;

/// The scope that most tests are about.
pub(crate) const IAAS: &str = "scs-compatible-iaas";

/// A monitor: the delegate `tester` may act for `cloud-1`, `cloud-2` (of one group) and `cloud-3`, which signs by itself.
pub(crate) struct Desk {
    pub(crate) stoa: TestStoa,
    pub(crate) admin: Caller,
    secrets: BTreeMap<&'static str, String>,
}

/// A key of a test, as `ssh-keygen` would write it.
pub(crate) fn key(seed: u8) -> SigningKey {
    private_key(seed).parse().unwrap()
}

fn private_key(seed: u8) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = Ed25519PublicKey::try_from(pair.public_key().as_ref()).unwrap();
    let pair = Ed25519Keypair { public, private: Ed25519PrivateKey::from_bytes(&[seed; 32]) };
    PrivateKey::new(KeypairData::Ed25519(pair), "test").unwrap().to_openssh(LineEnding::LF).unwrap().to_string()
}

/// The verdicts of a run that passes but for these.
pub(crate) fn verdicts(alias: &str, other: &[(&str, Verdict)]) -> BTreeMap<String, Verdict> {
    let scope = scope::find_built_in(alias).unwrap();
    let version = scope.version(if alias == IAAS { "v5.1" } else { "v1" }).unwrap();
    let mut verdicts: BTreeMap<String, Verdict> = version.main().map(|id| (id.to_owned(), Verdict::Pass)).collect();
    verdicts.extend(other.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict)));
    verdicts
}

/// A report.
pub(crate) fn report(subject: &str, alias: &str, at: Instant, verdicts: BTreeMap<String, Verdict>) -> Report {
    let scope = scope::find_built_in(alias).unwrap();
    let stderr: Vec<String> = verdicts
        .iter()
        .filter(|(_, verdict)| **verdict == Verdict::Fail)
        .map(|(id, _)| format!("ERROR: {id}: <script>alert(1)</script>: is not as it should be"))
        .chain(["DEBUG: a secret of nobody's business".to_owned()])
        .collect();
    Report {
        scope: ReportedScope { uuid: scope.uuid, name: scope.name.clone(), url: scope.url.clone() },
        checked_at: at,
        reference_date: at.date(),
        subject: subject.to_owned(),
        run: Run {
            uuid: Uuid::new_v4(),
            argv: Vec::new(),
            assignment: BTreeMap::new(),
            sections: None,
            forced_version: None,
            forced_tests: None,
            invocations: vec![Invocation {
                id: Uuid::new_v4(),
                command: "check".to_owned(),
                exit_code: 0,
                stdout: verdicts.iter().map(|(id, verdict)| format!("{id}: {}", verdict.name())).collect(),
                counts: LineCounts::of(&stderr),
                stderr,
                results: verdicts,
            }],
        },
        versions: BTreeMap::new(),
    }
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::over(TestStoa::with(&[stoa_monitor::BLOCK]).await).await
    }

    pub(crate) async fn over(stoa: TestStoa) -> Self {
        let admin = stoa.role("admin").await;
        let mut desk = Self { stoa, admin, secrets: BTreeMap::new() };
        let line = |seed| key(seed).public().to_string();
        for (subject, body) in [
            ("tester", json!({"roles": ["append_any"], "keys": [{"name": "primary", "publicKey": line(1)}]})),
            ("cloud-1", json!({"group": "one", "delegates": ["tester"]})),
            ("cloud-2", json!({"group": "one", "delegates": ["tester"]})),
            ("cloud-3", json!({"delegates": ["tester"], "keys": [{"name": "primary", "publicKey": line(3)}]})),
        ] {
            let mut body = body;
            body["subject"] = json!(subject);
            desk.stoa.post(&desk.admin, "/monitor/v1/accounts", &body).await.expect(201);
            let path = format!("/monitor/v1/accounts/{subject}/secrets");
            let issued = desk.stoa.post(&desk.admin, &path, &Value::Null).await.expect(201).json();
            desk.secrets.insert(subject, issued["secret"].as_str().unwrap().to_owned());
        }
        desk
    }

    /// Whoever comes in as an account.
    pub(crate) fn account(&self, subject: &str) -> Caller {
        basic(subject, &self.secrets[subject])
    }

    /// Hands a text in, signed with a key.
    pub(crate) async fn hand_in(&self, by: &Caller, seed: u8, text: &str) -> Answer {
        let body = join(&key(seed).sign(text.as_bytes()).unwrap(), text);
        self.stoa.send_text(by, Method::POST, "/monitor/reports", "application/x-signed-yaml", body).await
    }

    /// The delegate hands in what it found now; the report's id.
    pub(crate) async fn found(&self, subject: &str, alias: &str, other: &[(&str, Verdict)]) -> Uuid {
        let report = report(subject, alias, self.stoa.clock.now(), verdicts(alias, other));
        self.hand_in(&self.account("tester"), 1, &report.to_yaml()).await.expect(200);
        report.run.uuid
    }

    /// The state of a subject.
    pub(crate) async fn standing(&self, subject: &str, alias: &str) -> Value {
        let path = format!("/monitor/v1/subjects/{subject}/scopes/{alias}");
        self.stoa.get(&Caller::anonymous(), &path).await.expect(200).json()["items"][0].clone()
    }
}

/// A caller with a name and a secret.
pub(crate) fn basic(name: &str, secret: &str) -> Caller {
    let pair = BASE64.encode(format!("{name}:{secret}"));
    Caller::anonymous().with("authorization", &format!("Basic {pair}"))
}
