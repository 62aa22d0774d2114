//! Entropy in servers (scs-0101): a server is booted, says on its console what it knows about its randomness, and is
//! removed.
//!
//! It gets a network of its own, whose gateway leads nowhere: everything that it needs comes with it, on its configuration drive. So
//! the check works in clouds that reach no mirror of packages and have no external network.

mod console;
mod script;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use stoa_openstack::{Call, Cloud, Error, Service, segment};
use stoa_standards::rule::image::Image;
use stoa_standards::rule::probe::{ProbeFlavor, choose_flavor, choose_image};
use stoa_standards::rule::{Check, entropy};

use super::cleaning;
use super::facts::{Facts, FoundFlavor, aborted, answer_all, unwritten};
use super::journal::{Journal, Kind};
use super::waiting::Patience;
use crate::Answers;

use console::Output;

/// How long everything may take.
pub(super) const LIMIT: Duration = Duration::from_mins(20);
/// How long a server may take to run; the published suite gives it 500 s.
const BOOT_LIMIT: Duration = Duration::from_secs(500);
/// How long it may take to say what it has to say; the published suite gives it 300 s.
const TALK_LIMIT: Duration = Duration::from_mins(5);
/// GiB of the boot volume at least: what images need is not always what they say.
const VOLUME_GIB_MIN: u64 = 8;
const STANDARD: &str = "0101";
const GROUP: &str = "entropy";

/// Whether a test case is decided by what a server says.
pub(super) fn decides(id: &str) -> bool {
    matches!(id, "scs-0101-entropy-avail" | "scs-0101-fips-test" | "scs-0101-rngd")
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    match observe(&facts).await {
        Err(check) => answer_all(&ids, &check),
        Ok((server, output, remarks)) => ids
            .into_iter()
            .filter_map(|id| {
                let mut check = match id.as_str() {
                    "scs-0101-entropy-avail" => entropy::entropy_available(&server, &output.section("entropy-avail")),
                    "scs-0101-fips-test" => entropy::fips(&server, &output.section("fips-test")),
                    "scs-0101-rngd" => entropy::daemon(&server, &output.section("rngd")),
                    _ => return None,
                };
                check.findings.extend(remarks.iter().cloned());
                Some((id, check))
            })
            .collect(),
    }
}

type Observed = (String, Output, Vec<stoa_standards::rule::Finding>);

async fn observe(facts: &Facts) -> Result<Observed, Check> {
    let (images, flavors) = tokio::join!(facts.images(), facts.flavors());
    let (images, flavors) = (images?, flavors?);
    let image = choose_image(images).ok_or_else(|| {
        Check::aborted("images", "there is no image that everybody can use", "upload one: see scs-0104")
    })?;
    let flavor = flavor_for(flavors, image)?;
    let journal = facts.journal().await?;
    let server = format!("server of {} on flavor {}", image.label(), flavor.facts.name);
    let trial = Trial { facts, cloud: &facts.cloud, journal, image, flavor, server: server.clone() };
    let ended = trial.run().await;
    facts.step(GROUP, "removing the server and its network");
    let cleaned = cleaning::remove(&facts.cloud, journal, journal.things(Some(STANDARD))).await;
    Ok((server, ended?, cleaning::remarks(&cleaned)))
}

fn flavor_for<'a>(flavors: &'a [FoundFlavor], image: &Image) -> Result<&'a FoundFlavor, Check> {
    let all: Vec<ProbeFlavor> = flavors
        .iter()
        .map(|flavor| ProbeFlavor {
            name: flavor.facts.name.clone(),
            vcpus: flavor.facts.vcpus,
            ram_mib: flavor.facts.ram_mib,
            disk_gib: flavor.facts.disk_gb,
            random_device: flavor.facts.extra_specs.get("hw_rng:allowed").cloned(),
        })
        .collect();
    let chosen = choose_flavor(&all, image).map(|chosen| chosen.name.as_str());
    let found = flavors.iter().find(|flavor| Some(flavor.facts.name.as_str()) == chosen);
    found.ok_or_else(|| {
        let reason = format!("none has the memory that {} needs", image.label());
        Check::aborted("flavors", reason, "offer a larger flavor, or set min_ram of the image right")
    })
}

struct Trial<'a> {
    facts: &'a Facts,
    cloud: &'a Cloud,
    journal: &'a Journal,
    image: &'a Image,
    flavor: &'a FoundFlavor,
    server: String,
}

impl Trial<'_> {
    async fn run(&self) -> Result<Output, Check> {
        let network = self.make_network().await?;
        let server = self.make_server(&network).await?;
        self.wait_until_active(&server).await?;
        self.listen(&server).await
    }

    async fn make_network(&self) -> Result<String, Check> {
        self.facts.step(GROUP, "making a network");
        let name = self.journal.name(STANDARD, "network");
        let body = json!({"network": {"name": name}});
        let network = self.make(Kind::Network, &name, Service::Network, "/networks", &body, "/network/id").await?;
        let subnet = json!({"subnet": {
            "name": self.journal.name(STANDARD, "subnet"),
            "network_id": network,
            "ip_version": 4,
            "cidr": "10.1.0.0/24",
            "enable_dhcp": true,
        }});
        // It goes with its network, so it needs no line of its own in the journal.
        let call = Call::post(Service::Network, "/subnets", &subnet);
        self.cloud.send(call).await.map_err(|error| aborted(&error))?;
        Ok(network)
    }

    async fn make_server(&self, network: &str) -> Result<String, Check> {
        self.facts.step(GROUP, &format!("booting a {}", self.server));
        let name = self.journal.name(STANDARD, "server");
        let image = self.image.id().ok_or_else(|| {
            Check::aborted(self.image.label(), "it has no id", "see what answers at the address of Glance")
        })?;
        // SCS flavors have no disk, so the server starts from a volume.
        let gib = self.image.min_disk_gib().max(VOLUME_GIB_MIN);
        let body = json!({"server": {
            "name": name,
            "flavorRef": self.flavor.id,
            "imageRef": "",
            "block_device_mapping_v2": [{
                "boot_index": 0,
                "uuid": image,
                "source_type": "image",
                "destination_type": "volume",
                "volume_size": gib,
                "delete_on_termination": true,
            }],
            "networks": [{"uuid": network}],
            "user_data": BASE64.encode(script::USER_DATA),
            "config_drive": true,
        }});
        self.make(Kind::Server, &name, Service::Compute, "/servers", &body, "/server/id").await
    }

    /// Makes something that was noted before; its id.
    async fn make(
        &self,
        kind: Kind,
        name: &str,
        service: Service,
        path: &str,
        body: &Value,
        id: &str,
    ) -> Result<String, Check> {
        let thing = self.journal.intend(kind, name).map_err(|error| unwritten(&error))?;
        let answer = self.cloud.send(Call::post(service, path, body)).await;
        match answer.and_then(|answer| answer.text(id)) {
            Ok(id) => {
                self.journal.made(&thing, &id).map_err(|error| unwritten(&error))?;
                Ok(id)
            }
            Err(error) => {
                self.journal.settle(&thing, &error).map_err(|error| unwritten(&error))?;
                Err(aborted(&error))
            }
        }
    }

    async fn wait_until_active(&self, id: &str) -> Result<(), Check> {
        let mut patience = Patience::of(BOOT_LIMIT);
        loop {
            let call = Call::get(Service::Compute, format!("/servers/{}", segment(id)));
            let server = self.cloud.send(call).await.and_then(|answer| answer.part("server"));
            let server = server.map_err(|error| aborted(&error))?;
            match server.get("status").and_then(Value::as_str) {
                Some("ACTIVE") => return Ok(()),
                Some("ERROR") => {
                    let fault =
                        server.pointer("/fault/message").and_then(Value::as_str).unwrap_or("no reason is given");
                    let reason = format!("it does not start: {}", console::plain(fault));
                    return Err(Check::aborted(&self.server, reason, "see why Nova does not start it"));
                }
                _ => {}
            }
            if !patience.wait(self.cloud).await {
                let reason = format!("it runs {}", patience.over());
                return Err(Check::aborted(&self.server, reason, "see why Nova takes so long"));
            }
        }
    }

    /// Reads the console until everything was said.
    async fn listen(&self, id: &str) -> Result<Output, Check> {
        self.facts.step(GROUP, "waiting for what the server says on its console");
        let mut patience = Patience::of(TALK_LIMIT);
        loop {
            let output = Output::new(&self.console(id).await.map_err(|error| aborted(&error))?);
            if output.is_complete() {
                return Ok(output);
            }
            if let Some(sign) = output.failure() {
                let reason = format!("cloud-init did not run what it was given: {sign}");
                return Err(Check::aborted(&self.server, reason, "see the console of a server of this image"));
            }
            if !patience.wait(self.cloud).await {
                let said = output.last().map_or_else(|| "nothing".to_owned(), |line| format!("`{line}` as the last"));
                let reason = format!("its console shows no end of the test {}; it shows {said}", patience.over());
                let remedy = "see that the image has cloud-init, reads a configuration drive, and has a serial console";
                return Err(Check::aborted(&self.server, reason, remedy));
            }
        }
    }

    async fn console(&self, id: &str) -> Result<String, Error> {
        let body = json!({"os-getConsoleOutput": {}});
        let call = Call::post(Service::Compute, format!("/servers/{}/action", segment(id)), &body).repeatable();
        self.cloud.send(call).await?.text("/output")
    }
}
