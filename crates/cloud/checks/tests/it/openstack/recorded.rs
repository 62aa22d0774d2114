//! What a real cloud answered, in its good and its broken state (`scripts/record-cloud.py`), comes to the same verdicts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use regex::{Captures, Regex};
use serde::Deserialize;
use serde_json::Value;
use stoa_core::{Clock, Instant};
use stoa_standards::verdict::{Reading, Verdict};

use super::counterpart::client;
use super::server::{Reply, Server};
use super::{context, run};

#[derive(Deserialize)]
struct Recording {
    checked_at: String,
    verdicts: BTreeMap<String, String>,
    answers: Vec<Recorded>,
}

#[derive(Deserialize, Clone)]
struct Recorded {
    method: String,
    path: String,
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Recorded {
    fn reply(&self, base: &str, names: &Names) -> Reply {
        let body = match &self.body {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let reply = Reply::text(self.status, &names.put_into(&body.replace("{base}", base)));
        self.headers.iter().fold(reply, |reply, (key, value)| reply.with(key, &value.replace("{base}", base)))
    }
}

/// The names that a run gave, by all but their random end: what was made is called so in the answers too.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn pattern() -> Regex {
        Regex::new("(_scs-[0-9]{4}-[a-z-]+-)[0-9a-f]{8}").unwrap()
    }

    fn learn(&mut self, body: &str) {
        let found = Self::pattern();
        self.0.extend(found.captures_iter(body).map(|name| (name[1].to_owned(), name[0].to_owned())));
    }

    fn put_into(&self, text: &str) -> String {
        let put = |name: &Captures<'_>| self.0.get(&name[1]).unwrap_or(&name[0].to_owned()).clone();
        Self::pattern().replace_all(text, put).into_owned()
    }
}

/// Answers as it was recorded, in order; the last answer stays.
async fn replay(answers: Vec<Recorded>) -> Server {
    let mut waiting: BTreeMap<(String, String), VecDeque<Recorded>> = BTreeMap::new();
    for answer in answers {
        waiting.entry((answer.method.clone(), answer.path.clone())).or_default().push_back(answer);
    }
    let state = Mutex::new((waiting, Names::default()));
    Server::start(move |asked| {
        let base = format!("http://{}", asked.header("host").unwrap());
        let (waiting, names) = &mut *state.lock().unwrap();
        names.learn(&String::from_utf8_lossy(&asked.body));
        let Some(answers) = waiting.get_mut(&(asked.method.clone(), asked.path.clone())) else {
            return Reply::text(501, &format!("not recorded: {} {}", asked.method, asked.path));
        };
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        answer.reply(&base, names)
    })
    .await
}

async fn compare(recording: &str) {
    let mut recording: Recording = serde_json::from_str(recording).unwrap();
    // The clock stands where it stood: tokens end, and images grow old.
    let moment: Instant = format!("{}Z", recording.checked_at.replace(' ', "T")).parse().unwrap();
    let server = replay(std::mem::take(&mut recording.answers)).await;
    let cloud = client(format!("{}/5000/v3", server.url), stoa_openstack::Limits::default(), Clock::fixed(moment));
    let folder = tempfile::tempdir().unwrap();
    let mut context = context(folder.path(), Reading::Standard);
    (context.clock, context.today) = (Clock::fixed(moment), moment.date());
    let wanted: Vec<&str> = recording.verdicts.keys().map(String::as_str).collect();
    let answers = run(&cloud, &wanted, &context).await;
    for (id, expected) in &recording.verdicts {
        let check = &answers[id];
        assert_eq!(check.verdict.name(), expected, "{id}: {}", check.reason());
        assert!(check.verdict == Verdict::Pass || !check.reason().is_empty(), "{id}");
    }
}

#[tokio::test]
async fn the_answers_of_a_good_cloud_pass() {
    compare(include_str!("../../data/recorded-scs.json")).await;
}

#[tokio::test]
async fn the_answers_of_a_broken_cloud_fail_as_they_did() {
    compare(include_str!("../../data/recorded-broken.json")).await;
}
