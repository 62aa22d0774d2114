//! A cloud in a test: it keeps what is made in it, takes its time with servers, volumes and backups, and can be told to
//! misbehave. Its answers have the form of the API references; those of a real cloud are in the recordings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stoa_core::Clock;
use stoa_openstack::config::{Domain, Login, Owned, Scope, Tls};
use stoa_openstack::{Cloud, Config, Interface, Limits, Secret, Waits};

use super::server::{Asked, Reply, Server};

/// The moment of every test.
pub(crate) const NOW: &str = "2026-11-26T07:00:00Z";

/// Something that was made.
#[derive(Debug, Clone)]
struct Made {
    name: String,
    /// How often one looks until it is ready.
    looks: u32,
    deleted: bool,
}

#[derive(Debug, Default)]
struct State {
    things: BTreeMap<String, Made>,
    next: u32,
}

type Instead = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// What the cloud has, and how it misbehaves.
#[derive(Clone)]
pub(crate) struct Nature {
    pub(crate) roles: Vec<&'static str>,
    pub(crate) catalog: Vec<&'static str>,
    pub(crate) flavors: Value,
    pub(crate) images: Value,
    pub(crate) volume_types: Value,
    pub(crate) default_rules: Value,
    pub(crate) console: String,
    pub(crate) s3: (u16, String),
    /// What it answers instead, to some.
    pub(crate) instead: Arc<Instead>,
}

/// What a server of a good image says.
pub(crate) const CONSOLE: &str = "[    0.000000] Linux version 6.1\r\n\
    cloud-init[512]: _scs-test-entropy-avail: 256\r\n\
    cloud-init[512]: _scs-test-fips-test: rngtest: FIPS 140-2 successes: 999\r\n\
    cloud-init[512]: _scs-test-fips-test: rngtest: FIPS 140-2 failures: 1\r\n\
    cloud-init[512]: _scs-test-rngd: active\r\n\
    cloud-init[512]: _scs-test-end\r\n";

impl Default for Nature {
    fn default() -> Self {
        let flavor = |name: &str, vcpus: u64, ram: u64, disk: u64, specs: Value| json!({"id": name.to_lowercase(), "name": name, "vcpus": vcpus, "ram": ram, "disk": disk, "extra_specs": specs});
        let specs = |name: &str, kind: &str| {
            json!({"scs:cpu-type": kind, "scs:name-v1": name.replacen("V-", "V:", 1), "scs:name-v2": name,
                   "hw_rng:allowed": "True"})
        };
        let image = json!({
            "id": "11111111-0000-4000-8000-000000000001", "name": "Debian 13", "visibility": "public", "status": "active",
            "os_hidden": false, "min_disk": 3, "min_ram": 512, "size": 300_000_000, "os_hash_algo": "sha512",
            "created_at": "2026-11-20T10:00:00Z", "architecture": "x86_64", "os_version": "13", "os_distro": "debian",
            "os_purpose": "generic", "hw_disk_bus": "scsi", "hypervisor_type": "qemu", "hw_rng_model": "virtio",
            "image_build_date": "2026-11-19", "image_original_user": "debian",
            "image_source": "https://cloud.debian.org/images/cloud/trixie/x.qcow2", "image_description": "Debian 13",
            "replace_frequency": "monthly", "provided_until": "none", "uuid_validity": "last-3", "hotfix_hours": "0",
        });
        let rule = |direction: &str, ethertype: &str| {
            json!({"id": format!("{direction}-{ethertype}"), "direction": direction, "ethertype": ethertype,
                   "remote_group_id": null, "remote_ip_prefix": null, "used_in_default_sg": true,
                   "used_in_non_default_sg": true})
        };
        Self {
            roles: vec!["member", "reader"],
            catalog: vec![
                "identity",
                "compute",
                "image",
                "network",
                "volumev3",
                "key-manager",
                "load-balancer",
                "placement",
                "object-store",
                "object-store-s3",
            ],
            flavors: json!([
                flavor("SCS-1V-4", 1, 4096, 0, specs("SCS-1V-4", "shared-core")),
                flavor("SCS-2V-8", 2, 8192, 0, specs("SCS-2V-8", "shared-core")),
            ]),
            images: json!([image]),
            volume_types: json!([{"id": "t1", "name": "fast", "description": "[scs:encrypted] fast"}]),
            default_rules: json!([rule("egress", "IPv4"), rule("egress", "IPv6")]),
            console: CONSOLE.to_owned(),
            s3: (403, "<?xml version=\"1.0\"?><Error><Code>InvalidAccessKeyId</Code></Error>".to_owned()),
            instead: Arc::new(|_| None),
        }
    }
}

impl Nature {
    /// A good cloud that misbehaves so.
    pub(crate) fn but(instead: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self { instead: Arc::new(instead), ..Self::default() }
    }
}

/// The running counterpart.
pub(crate) struct Counterpart {
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
}

impl Counterpart {
    pub(crate) async fn start(nature: Nature) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = Server::start(move |asked| {
            (nature.instead)(asked).unwrap_or_else(|| answer(asked, &nature, &mut shared.lock().unwrap()))
        })
        .await;
        Self { server, state }
    }

    /// A client of it whose pauses take no time.
    pub(crate) fn cloud(&self) -> Arc<Cloud> {
        self.cloud_with(Limits::default())
    }

    pub(crate) fn cloud_with(&self, limits: Limits) -> Arc<Cloud> {
        client(format!("{}/v3", self.server.url), limits, clock())
    }

    /// Names of what is still there.
    pub(crate) fn left(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.things.values().filter(|thing| !thing.deleted).map(|thing| thing.name.clone()).collect()
    }

    /// Puts something there, as if it had been made; its id.
    pub(crate) fn put(&self, kind: &str, name: &str) -> String {
        self.state.lock().unwrap().make(kind, name)
    }
}

/// A client of a cloud at this address, whose pauses take no time.
pub(crate) fn client(auth_url: String, limits: Limits, clock: Clock) -> Arc<Cloud> {
    let default = Some(Domain::Name("Default".to_owned()));
    let config = Config {
        name: "test".to_owned(),
        auth_url,
        login: Login::Password {
            user: Owned::Name { name: "demo".to_owned(), domain: default.clone() },
            password: Secret::new("swordfish"),
        },
        scope: Scope::Project(Owned::Name { name: "demo".to_owned(), domain: default }),
        region: None,
        interface: Interface::Public,
        overrides: BTreeMap::new(),
        tls: Tls::default(),
        call_time: None,
        ignored: Vec::new(),
    };
    Arc::new(Cloud::with_waits(config, limits, Waits::told(|_| ()), clock).unwrap())
}

pub(crate) fn clock() -> Clock {
    Clock::fixed(NOW.parse().unwrap())
}

impl State {
    fn make(&mut self, kind: &str, name: &str) -> String {
        self.next += 1;
        let id = format!("{kind}-{}", self.next);
        let made = Made { name: name.to_owned(), looks: 2, deleted: false };
        self.things.insert(format!("/{kind}/{id}"), made);
        id
    }

    fn list(&self, kind: &str) -> Vec<Value> {
        let of_kind =
            self.things.iter().filter(|(path, thing)| path.starts_with(&format!("/{kind}/")) && !thing.deleted);
        let item = |(path, thing): (&String, &Made)| {
            let id = path.rsplit('/').next().unwrap();
            json!({"id": id, "name": thing.name, "secret_ref": format!("http://x/v1/secrets/{id}")})
        };
        of_kind.map(item).collect()
    }
}

fn not_found() -> Reply {
    Reply::json(404, &json!({"error": {"message": "not here"}}))
}

fn answer(asked: &Asked, nature: &Nature, state: &mut State) -> Reply {
    let host = asked.header("host").unwrap_or_default();
    if asked.path == "/v3/auth/tokens" {
        let catalog: Vec<(&str, &str)> = nature.catalog.iter().map(|kind| (*kind, path_of(kind))).collect();
        return super::server::token(&format!("http://{host}"), &nature.roles, &catalog);
    }
    if asked.path == "/" {
        return Reply::text(nature.s3.0, &nature.s3.1);
    }
    // Below the endpoint of the service.
    let mut parts = asked.path.splitn(4, '/').skip(1);
    let (_service, _version, rest) = (parts.next(), parts.next(), format!("/{}", parts.next().unwrap_or_default()));
    let list = |key: &str, items: &Value| Reply::json(200, &json!({ key: items }));
    match (asked.method.as_str(), rest.as_str()) {
        ("GET", "/flavors/detail") => list("flavors", &nature.flavors),
        ("GET", "/images") => list("images", &nature.images),
        ("GET", "/types") => list("volume_types", &nature.volume_types),
        ("GET", "/default-security-group-rules") => list("default_security_group_rules", &nature.default_rules),
        ("GET", path)
            if ["/servers", "/volumes", "/backups", "/networks", "/security-groups", "/secrets"].contains(&path) =>
        {
            let kind = path.trim_start_matches('/');
            list(&kind.replace('-', "_"), &state.list(kind).into())
        }
        ("POST", "/subnets") => Reply::json(201, &json!({"subnet": {"id": "subnet-1"}})),
        ("POST", path) if path.ends_with("/action") => Reply::json(200, &json!({"output": nature.console})),
        ("POST", path) => create(asked, path, nature, state),
        ("GET", path) => look(path, state),
        ("DELETE", path) => match state.things.get_mut(path) {
            Some(thing) if !thing.deleted => {
                (thing.deleted, thing.looks) = (true, 1);
                Reply::text(204, "")
            }
            _ => not_found(),
        },
        _ => not_found(),
    }
}

/// Where the endpoints are.
fn path_of(kind: &str) -> &'static str {
    match kind {
        "identity" => "/identity/v3",
        "compute" => "/compute/v2.1",
        "image" => "/image/v2",
        "network" => "/network/v2.0",
        "volumev3" => "/volume/v3",
        "key-manager" => "/keys/v1",
        _ => "/other/v1",
    }
}

fn create(asked: &Asked, path: &str, nature: &Nature, state: &mut State) -> Reply {
    let body = asked.json();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    if path.ends_with("/restore") {
        let id = state.make("volumes", &text("/restore/name"));
        return Reply::json(202, &json!({"restore": {"volume_id": id, "backup_id": "x"}}));
    }
    match path {
        "/secrets" => {
            let id = state.make("secrets", &text("/name"));
            Reply::json(201, &json!({"secret_ref": format!("http://x/v1/secrets/{id}")}))
        }
        "/security-groups" => {
            let id = state.make("security-groups", &text("/security_group/name"));
            let rules: Vec<Value> = nature.default_rules.as_array().unwrap().clone();
            Reply::json(201, &json!({"security_group": {"id": id, "security_group_rules": rules}}))
        }
        "/servers" | "/volumes" | "/backups" | "/networks" => {
            let kind = path.trim_start_matches('/');
            let key = kind.trim_end_matches('s');
            let id = state.make(kind, &text(&format!("/{key}/name")));
            Reply::json(202, &json!({ key: {"id": id} }))
        }
        _ => not_found(),
    }
}

/// Things take their time to be ready, and to be gone.
fn look(path: &str, state: &mut State) -> Reply {
    let Some(thing) = state.things.get_mut(path) else { return not_found() };
    let is_done = thing.looks == 0;
    thing.looks = thing.looks.saturating_sub(1);
    if thing.deleted && is_done {
        return not_found();
    }
    let key = path.trim_start_matches('/').split('/').next().unwrap().trim_end_matches('s').to_owned();
    let status = match (key.as_str(), thing.deleted, is_done) {
        ("server", false, true) => "ACTIVE",
        ("server", ..) => "BUILD",
        (_, true, _) => "deleting",
        (_, _, true) => "available",
        _ => "creating",
    };
    Reply::json(200, &json!({ key: {"status": status, "name": thing.name} }))
}
