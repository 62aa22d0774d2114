//! A cloud for the program, on this machine: a login, a catalog, flavors, images, and a place for secrets.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::program::{Ended, Place};
use crate::server::{Answer, Asked, Server};

/// What the cloud has.
#[derive(Default)]
struct State {
    /// Extra specs by flavor.
    flavors: BTreeMap<String, BTreeMap<String, String>>,
    secrets: Vec<String>,
    /// Told once a secret is there; from then on the list of secrets is not to be had.
    is_stuck: Option<Sender<()>>,
}

/// The cloud, and the folder from which the program finds it as `mycloud`.
pub(crate) struct Cloud {
    pub(crate) place: Place,
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Cloud {
    pub(crate) fn start() -> Cloud {
        let state = Arc::new(Mutex::new(State::default()));
        let specs = |name: &str| {
            let pairs = [("scs:cpu-type", "shared-core"), ("scs:name-v2", name)];
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
        };
        for name in ["SCS-1V-4", "SCS-2V-8"] {
            state.lock().unwrap().flavors.insert(name.to_owned(), specs(name));
        }
        state.lock().unwrap().flavors.insert("m1.tiny".to_owned(), BTreeMap::new());
        let (own, url) = (state.clone(), Arc::new(Mutex::new(String::new())));
        let at = url.clone();
        let server = Server::start(move |asked| answer(asked, &at.lock().unwrap(), &mut own.lock().unwrap()));
        url.lock().unwrap().clone_from(&server.url);
        let place = Place::new();
        place.write(
            "clouds.yaml",
            &format!(
                "clouds:\n  mycloud:\n    auth:\n      auth_url: {}/v3\n      username: ann\n      password: s3cret\n      \
                 user_domain_name: Default\n      project_name: test\n      project_domain_name: Default\n",
                server.url
            ),
        );
        Cloud { place, server, state }
    }

    /// The program in the cloud's folder; nothing of the environment leads elsewhere.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        alone(&self.place, arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.place.ended(&mut self.command(arguments))
    }

    /// What was asked so far, method and path.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.server.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// From now on a check that made a secret comes no further; whoever waits here knows when.
    pub(crate) fn stick(&self) -> Receiver<()> {
        let (sender, receiver) = channel();
        self.state.lock().unwrap().is_stuck = Some(sender);
        receiver
    }

    pub(crate) fn secrets(&self) -> usize {
        self.state.lock().unwrap().secrets.len()
    }

    pub(crate) fn extra_spec(&self, flavor: &str, key: &str) -> Option<String> {
        self.state.lock().unwrap().flavors[flavor].get(key).cloned()
    }

    pub(crate) fn set(&self, flavor: &str, key: &str, value: &str) {
        let mut state = self.state.lock().unwrap();
        state.flavors.get_mut(flavor).unwrap().insert(key.to_owned(), value.to_owned());
    }
}

/// The program in a folder, in which it also notes what it makes in clouds.
pub(crate) fn alone(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OS_")) {
        command.env_remove(name);
    }
    command.env("HOME", place.path("")).env("XDG_STATE_HOME", place.path("state")).env_remove("KUBECONFIG");
    command
}

fn answer(asked: &Asked, url: &str, state: &mut State) -> Answer {
    let (method, target) = asked.line.split_once(' ').unwrap();
    let path = target.split('?').next().unwrap();
    match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
        ("POST", ["", "v3", "auth", "tokens"]) if !asked.body.contains("s3cret") => {
            Answer::Say(401, "", json!({"error": {"message": "Wrong password."}}).to_string())
        }
        ("POST", ["", "v3", "auth", "tokens"]) => Answer::Say(201, "x-subject-token: t\r\n", token(url).to_string()),
        ("GET", ["", "compute", "v2.1", "flavors", "detail"]) => {
            let list: Vec<Value> = state.flavors.iter().map(|(name, specs)| flavor(name, specs)).collect();
            Answer::json(&json!({ "flavors": list }))
        }
        ("POST", ["", "compute", "v2.1", "flavors", id, "os-extra_specs"]) => {
            let specs: Value = serde_json::from_str(&asked.body).unwrap();
            let own = state.flavors.get_mut(*id).unwrap();
            for (key, value) in specs["extra_specs"].as_object().unwrap() {
                own.insert(key.clone(), value.as_str().unwrap().to_owned());
            }
            Answer::json(&specs)
        }
        ("DELETE", ["", "compute", "v2.1", "flavors", id, "os-extra_specs", key]) => {
            let own = state.flavors.get_mut(*id).unwrap();
            own.remove(&key.replace("%3A", ":"))
                .map_or(Answer::Say(404, "", String::new()), |_| Answer::Say(202, "", String::new()))
        }
        ("GET", ["", "image", "v2", "images"]) => Answer::json(&json!({ "images": [image()] })),
        ("POST", ["", "secret", "v1", "secrets"]) => {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            state.secrets.push(body["name"].as_str().unwrap().to_owned());
            Answer::Say(201, "", json!({ "secret_ref": format!("{url}/secret/v1/secrets/s1") }).to_string())
        }
        ("GET", ["", "secret", "v1", "secrets"]) => match state.is_stuck.take() {
            Some(waiting) => {
                waiting.send(()).unwrap();
                Answer::Say(503, "retry-after: 25\r\n", String::new())
            }
            None => {
                let list: Vec<Value> = state.secrets.iter().map(|name| json!({ "name": name })).collect();
                Answer::json(&json!({ "secrets": list }))
            }
        },
        ("DELETE", ["", "secret", "v1", "secrets", "s1"]) => {
            state.secrets.clear();
            Answer::Say(204, "", String::new())
        }
        _ => Answer::Say(404, "", "{}".to_owned()),
    }
}

fn token(url: &str) -> Value {
    let service = |kind: &str, path: &str| {
        json!({"type": kind, "name": kind, "endpoints": [
            {"interface": "public", "region": "one", "region_id": "one", "url": format!("{url}/{path}")}]})
    };
    json!({"token": {
        "expires_at": "2999-01-01T00:00:00.000000Z",
        "project": {"id": "p1", "name": "test"}, "user": {"id": "u1", "name": "ann"},
        "roles": [{"name": "member"}, {"name": "reader"}],
        "catalog": [
            service("identity", "v3"), service("compute", "compute/v2.1"), service("image", "image"),
            service("key-manager", "secret"),
        ],
    }})
}

fn flavor(name: &str, specs: &BTreeMap<String, String>) -> Value {
    let (vcpus, ram) = if name == "SCS-2V-8" { (2, 8192) } else { (1, 4096) };
    json!({"id": name, "name": name, "vcpus": vcpus, "ram": ram, "disk": 0, "extra_specs": specs})
}

/// An image that does not say how much memory it needs.
fn image() -> Value {
    json!({
        "id": "11111111-0000-4000-8000-000000000001", "name": "Debian <13>", "visibility": "public", "status": "active",
        "os_hidden": false, "min_disk": 3, "min_ram": 0, "size": 300_000_000, "architecture": "x86_64",
    })
}
