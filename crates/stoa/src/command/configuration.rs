//! `stoa config check`: everything of the configuration that a start would refuse, without starting.

use stoa_audit::SigningKey;
use stoa_core::Clock;
use stoa_web::{Metrics, NodeSigner};

use super::up;
use crate::config::Config;
use crate::configured;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::failures::Explain;
use crate::instance::{chosen_blocks, given_keys, trusted};

/// Reads what a start reads, makes nothing, takes no address and asks nobody.
pub(super) async fn check(config: &Config, console: &Console) -> Result<Exit, Failure> {
    up::log_filter(config)?;
    let blocks = chosen_blocks(config, None)?;
    up::check_listen(config, "server.listen")?;
    for block in &blocks {
        up::check_listen(config, &format!("blocks.{}.listen", block.name))?;
    }
    if let Some(keys) = given_keys(config) {
        keys.map_err(|error| error.explain("reading the master keys"))?;
    }
    let signing = SigningKey::generate().map_err(|error| error.explain("making a key"))?;
    trusted(config, &signing)?;
    let clock = Clock::system();
    let calls = configured::outgoing(config, &clock, &Metrics::default())?;
    configured::elsewhere(config, &calls)?;
    configured::mail(config)?;
    configured::members(config)?;
    let signer = NodeSigner::new(signing, &up::address_of(config), clock.clone());
    configured::tokens(config, &blocks, &signer, &calls, &clock)?;

    let read = match &config.file {
        Some(file) => format!("{} and the environment are in order", file.display()),
        None => "no stoa.toml here; the environment is in order, defaults hold for the rest".to_owned(),
    };
    console.out(read).await?;
    Ok(Exit::Done)
}
