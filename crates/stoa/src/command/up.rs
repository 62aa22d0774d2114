//! `stoa up`: everything of the data folder behind one address, until somebody stops it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stoa_portal::{PortalParts, VerifyEvidence};
use stoa_store::jobs::{Housekeeping, HousekeepingOptions, JobHandler, JobRunner};
use stoa_store::outbox::{EventSink, Relay};
use stoa_web::{AppParts, Block, BlockContext, Connections, Listener, Mounted, ServerError, TlsFiles, app};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::background::kept;
use crate::cli::{ProfileName, Up};
use crate::command::desk::Desk;
use crate::command::key::sign_in_link;
use crate::config::{Config, Origin};
use crate::console::Console;
use crate::control::{self, until};
use crate::exit::{Exit, Failure};
use crate::folder::{DataFolder, ProfileKind};
use crate::instance::{Instance, chosen_blocks, web_profile};

/// From the moment that somebody asks for the end until the process is gone: less than the 30 seconds after which those who
/// ask kill. Of it, connections have the grace of their bounds.
const STOP_TIME: Duration = Duration::from_secs(28);
/// What runs in the background may take this long to come to an end after the last request was answered.
const BACKGROUND_GRACE: Duration = Duration::from_secs(4);

/// Starts and serves until SIGINT or SIGTERM.
pub(super) async fn run(mut config: Config, up: Up, console: Console) -> Result<Exit, Failure> {
    if let Some(listen) = &up.listen {
        config.set("server.listen", listen.as_str(), "--listen");
    }
    logging(&config)?;
    let profile = match up.profile {
        ProfileName::Secure => ProfileKind::Secure,
        ProfileName::Govstack => ProfileKind::Govstack,
    };
    let blocks = chosen_blocks(&config, up.only.as_deref())?;
    let folder_path = data_folder(&config, profile);
    let (stop, stopped) = watch::channel(false);
    // Nothing is made on disk before it is known that the addresses are there.
    let listener = bind(&config, "server.listen", profile).await?.ok_or_else(|| {
        Failure::new(Exit::Usage, "no address to listen on").advice("Set `server.listen`, for example 127.0.0.1:8080.")
    })?;
    let connections = Connections::default();
    let listener = listener.among(&connections);
    let mut own_listeners = Vec::new();
    for block in &blocks {
        if let Some(own) = bind(&config, &format!("blocks.{}.listen", block.name), profile).await? {
            own_listeners.push((block.name, own.among(&connections)));
        }
    }
    let public_url = public_url(&config, &listener);
    let folder = DataFolder::open(&folder_path, profile)?;
    let fresh = folder.fresh;
    let instance = Arc::new(Instance::open(folder, profile, config, &blocks, &public_url).await?);

    let mut background = JoinSet::new();
    let served = start_blocks(&instance, &public_url, &stopped, &mut background).await?;
    start_sealers(&instance, &stopped, &mut background);
    let router = |at_root| app(parts(&instance, &served, &connections, &public_url, at_root));
    instance.peers.connect(router(None));

    let desk = Arc::new(Desk { instance: Arc::clone(&instance), public_url: public_url.clone() });
    match control::listen(instance.folder.path()) {
        Ok(socket) => {
            background.spawn(control::serve(socket, desk, stopped.clone()));
        }
        Err(failure) => console.note(format!("warning: {}", failure.message)).await?,
    }
    let mut serving = JoinSet::new();
    for (name, own) in own_listeners {
        let (at_root, wait) = (router(Some(name)), until(stopped.clone()));
        serving.spawn(async move { own.serve(at_root, wait).await });
    }
    let at_root = up.only.as_deref().and_then(|only| blocks.iter().map(|block| block.name).find(|name| *name == only));
    let (main, wait) = (router(at_root), until(stopped));
    serving.spawn(async move { listener.serve(main, wait).await });

    let asked = asked_to_stop()?;
    greet(&instance, &public_url, fresh, &console).await?;
    asked.await;
    let deadline = tokio::time::Instant::now() + STOP_TIME;
    instance.node.begin_stop();
    let _ = console.note("stopping: what is in flight is finished first").await;
    let _ = stop.send(true);
    while serving.join_next().await.is_some() {}
    instance.node.end_security_log();
    let ended = tokio::time::timeout(BACKGROUND_GRACE, async { while background.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!(
            tasks = background.len(),
            "some work in the background was cut off at the end; it goes on at the next start"
        );
        background.shutdown().await;
    }
    let _ = std::fs::remove_file(control::socket_path(instance.folder.path()));
    instance.peers.disconnect();
    drop(served);
    if tokio::time::timeout_at(deadline, close(instance)).await.is_err() {
        tracing::error!("the databases did not close in time; what was acknowledged is on disk");
    }
    Ok(Exit::Done)
}

/// Seals what is there and closes everything; what a cut off command still holds is closed with the process.
async fn close(instance: Arc<Instance>) {
    instance.seal().await;
    match Arc::into_inner(instance) {
        Some(instance) => instance.close().await,
        None => tracing::warn!("a command still holds the databases; they end with the process"),
    }
}

/// Profile `govstack` has a folder of its own, unless an argument names one.
pub(super) fn data_folder(config: &Config, profile: ProfileKind) -> PathBuf {
    let setting = config.get("data.dir");
    let named = matches!(setting.as_ref().map(|setting| &setting.origin), Some(Origin::Argument(_)));
    let path = match (profile, named) {
        (ProfileKind::Govstack, false) => PathBuf::from("./stoa-data-govstack"),
        _ => config.path("data.dir").unwrap_or_else(|| PathBuf::from("./stoa-data")),
    };
    Config::absolute(&path)
}

async fn bind(config: &Config, option: &str, profile: ProfileKind) -> Result<Option<Listener>, Failure> {
    let Some(address) = config.address(option)? else { return Ok(None) };
    if profile == ProfileKind::Govstack && !address.ip().is_loopback() {
        return Err(Failure::new(
            Exit::Usage,
            format!("profile `govstack` listens on loopback only, and {address} is reachable from other machines"),
        )
        .advice("It trusts headers without proof. Use --listen 127.0.0.1:PORT, or the profile `secure`."));
    }
    let listener = Listener::bind(address, tls_files(config).as_ref(), config.flag("server.behind_proxy")).await;
    listener.map(Some).map_err(|error| refused(error, address))
}

/// Whether an address could be listened on, without taking it.
pub(super) fn check_listen(config: &Config, option: &str) -> Result<(), Failure> {
    let Some(address) = config.address(option)? else { return Ok(()) };
    Listener::check(address, tls_files(config).as_ref(), config.flag("server.behind_proxy"))
        .map_err(|error| refused(error, address))
}

fn tls_files(config: &Config) -> Option<TlsFiles> {
    let (certificate, key) = (config.path("server.tls_certificate")?, config.path("server.tls_key")?);
    let client_authority = config.path("mediator.client_ca");
    Some(TlsFiles { client_authority, ..TlsFiles::new(certificate, key) })
}

fn refused(error: ServerError, address: SocketAddr) -> Failure {
    match error {
        ServerError::Listen { source, .. } => Failure::io(format!("listening on {address}"), &source),
        ServerError::PlainOffLoopback(_) => Failure::new(
            Exit::Usage,
            format!("plain HTTP is refused on {address}, which other machines can reach"),
        )
        .advice(
            "Set `server.tls_certificate` and `server.tls_key`; or `server.behind_proxy = true` behind a proxy that \
             speaks TLS; or listen on 127.0.0.1.",
        ),
        ServerError::Certificate { .. } => Failure::new(Exit::Usage, error.to_string()).advice(
            "`server.tls_certificate` and `server.tls_key` must name a PEM chain and its private key, \
                 `mediator.client_ca` the certificate of an authority.",
        ),
    }
}

/// The address of a node that does not run: as it is configured.
pub(super) fn address_of(config: &Config) -> String {
    let configured = config.text("server.public_url").map(|url| url.trim_end_matches('/').to_owned());
    configured.unwrap_or_else(|| {
        format!("http://{}", config.text("server.listen").unwrap_or_else(|| "127.0.0.1:8080".into()))
    })
}

fn public_url(config: &Config, listener: &Listener) -> String {
    let configured = config.text("server.public_url").map(|url| url.trim_end_matches('/').to_owned());
    configured.unwrap_or_else(|| {
        let scheme = if listener.is_tls() { "https" } else { "http" };
        format!("{scheme}://{}", listener.address())
    })
}

/// What the blocks brought, kept so that each listener gets a router of its own.
struct Served {
    blocks: Vec<Mounted>,
}

async fn start_blocks(
    instance: &Arc<Instance>,
    public_url: &str,
    stopped: &watch::Receiver<bool>,
    background: &mut JoinSet<()>,
) -> Result<Served, Failure> {
    let mut blocks = Vec::new();
    stoa_web::know_problems(
        instance.rooms.iter().filter_map(|room| room.block).flat_map(|b| b.problems).copied().collect(),
    );
    for room in &instance.rooms {
        let mut handlers: Vec<Arc<dyn JobHandler>> = Vec::new();
        let mut sinks: Vec<Arc<dyn EventSink>> = Vec::new();
        if let Some(block) = room.block {
            let context = context(instance, block, &room.store, public_url)?;
            let doing = |error: stoa_web::BoxError, what: &str| {
                Failure::new(Exit::Failed, format!("{what} {}: {}", block.name, crate::exit::chain(&*error)))
            };
            if let (ProfileKind::Govstack, Some(seed)) = (instance.profile, block.seed_govstack) {
                seed(context.clone()).await.map_err(|error| doing(error, "loading the sample data of"))?;
            }
            let blobs = context.blobs.clone();
            background.spawn(async move {
                if let Err(error) = blobs.sweep().await {
                    tracing::warn!(error = %crate::exit::chain(&error), "what killed uploads left was not removed");
                }
            });
            let parts = (block.start)(context).map_err(|error| doing(error, "starting"))?;
            handlers.clone_from(&parts.jobs);
            sinks.clone_from(&parts.sinks);
            let relay = Arc::new(Relay::new(room.store.clone(), sinks.clone()));
            background.spawn(kept(format!("the events of {}", room.name), stopped.clone(), move |stop| {
                let relay = Arc::clone(&relay);
                async move { relay.run(stop).await }
            }));
            blocks.push(Mounted::new(&instance.node, *block, parts));
        }
        if room.block.is_none() {
            handlers.push(instance.node.tidy());
            let trusted = instance.trusted.clone();
            handlers.push(Arc::new(VerifyEvidence::new(room.store.clone(), portal_rooms(instance), trusted)));
        }
        handlers.push(Arc::new(Housekeeping::new(room.store.clone(), &sinks, HousekeepingOptions::default())));
        let runner = Arc::new(JobRunner::new(room.store.clone(), handlers));
        background.spawn(kept(format!("the jobs of {}", room.name), stopped.clone(), move |stop| {
            let runner = Arc::clone(&runner);
            async move { runner.run(stop).await }
        }));
    }
    Ok(Served { blocks })
}

fn context(
    instance: &Instance,
    block: &'static Block,
    store: &stoa_store::Store,
    public_url: &str,
) -> Result<BlockContext, Failure> {
    Ok(BlockContext {
        store: store.clone(),
        blobs: instance.blobs(block.name)?,
        keys: instance.keys.clone(),
        clock: instance.clock.clone(),
        ids: instance.ids.clone(),
        outgoing: instance.outgoing.clone(),
        peers: instance.peers.of(block.name, block.needs),
        mail: instance.mail.clone(),
        config: instance.config.block(block.name),
        profile: web_profile(instance.profile),
        public_url: public_url.to_owned(),
    })
}

fn start_sealers(instance: &Arc<Instance>, stopped: &watch::Receiver<bool>, background: &mut JoinSet<()>) {
    for room in &instance.rooms {
        let sealer = Arc::clone(&room.sealer);
        background.spawn(kept(format!("the sealer of {}", room.name), stopped.clone(), move |stop| {
            let sealer = Arc::clone(&sealer);
            async move { sealer.run(stop).await }
        }));
    }
}

/// The databases as the node's own pages see them.
fn portal_rooms(instance: &Instance) -> Vec<stoa_portal::Room> {
    let room = |room: &crate::instance::Room| stoa_portal::Room {
        name: room.name,
        store: room.store.clone(),
        sealer: Some(Arc::clone(&room.sealer)),
    };
    instance.rooms.iter().map(room).collect()
}

fn parts(
    instance: &Arc<Instance>,
    served: &Served,
    connections: &Connections,
    public_url: &str,
    at_root: Option<&'static str>,
) -> AppParts {
    let blocks: Vec<Block> = served.blocks.iter().map(|mounted| mounted.block).collect();
    let portal = PortalParts {
        node: instance.node.clone(),
        blocks: served.blocks.clone(),
        rooms: portal_rooms(instance),
        trusted: instance.trusted.clone(),
        public_url: public_url.to_owned(),
        facts: vec![
            ("portal-data-folder", instance.folder.path().display().to_string()),
            ("portal-started", instance.started.to_string()),
        ],
    };
    let lag = |room: &crate::instance::Room| {
        let sealer = Arc::clone(&room.sealer);
        let behind: Arc<dyn Fn() -> Duration + Send + Sync> = Arc::new(move || sealer.lag());
        (room.name, behind)
    };
    AppParts {
        node: instance.node.clone(),
        shell: stoa_web::shell(stoa_portal::CATALOGUES, stoa_portal::NAVIGATION, &blocks),
        blocks: served.blocks.clone(),
        stores: instance.rooms.iter().map(|room| room.store.clone()).collect(),
        lags: instance.rooms.iter().map(lag).collect(),
        connections: connections.clone(),
        pages: stoa_portal::router(portal).merge(instance.peers.published()),
        public_url: public_url.to_owned(),
        at_root,
    }
}

async fn greet(instance: &Instance, url: &str, fresh: bool, console: &Console) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let folder = instance.folder.path().display();
    if instance.profile == ProfileKind::Govstack {
        console
            .out(
                "****************************************************************************\n\
                 *  PROFILE GOVSTACK: sample data, callers are trusted without proof.       *\n\
                 *  For conformance suites and workshops. Loopback only; wiped at start.    *\n\
                 ****************************************************************************",
            )
            .await?;
    }
    if !fresh {
        return console
            .out(format!("Stoa {version} at {url}, data in {folder} (a sign-in link: stoa link; stop: Ctrl-C)"))
            .await;
    }
    let link = sign_in_link(instance, url, "default").await?;
    let data = relative(instance.folder.path());
    console
        .out(format!(
            "Stoa {version} is running at {url}\n\n\
             \x20 sign in   {link}\n\
             \x20           (works once, for 15 minutes; `stoa link` makes another)\n\
             \x20 data      {folder}\n\
             \x20 API       {url}/docs\n\n\
             Try next, in a second terminal:\n{}\n\
             Stop with Ctrl-C.",
            next_steps(instance, &data)
        ))
        .await
}

/// What whoever starts for the first time may want to do with the blocks that run.
fn next_steps(instance: &Instance, data: &str) -> String {
    let runs = |name: &str| instance.rooms.iter().any(|room| room.name == name);
    let steps: &[&str] = if runs(stoa_registries::BLOCK.name) {
        &["registry import iso-codes", "sample people --count 1000", "key create --name me --role analyst"]
    } else if runs(stoa_monitor::BLOCK.name) {
        &["monitor import-bootstrap bootstrap.yaml", "key create --name me --role operator"]
    } else {
        &["key create --name me --role operator"]
    };
    steps.iter().map(|step| format!("  stoa {step}{data}\n")).collect()
}

/// The `--data` that the commands need, unless the folder is the one they find by themselves.
fn relative(folder: &Path) -> String {
    if folder == Config::absolute(Path::new("./stoa-data")) {
        String::new()
    } else {
        format!(" --data {}", folder.display())
    }
}

/// What is logged.
pub(super) fn log_filter(config: &Config) -> Result<tracing_subscriber::EnvFilter, Failure> {
    let level = config.text("log.level").unwrap_or_else(|| "warn".into());
    tracing_subscriber::EnvFilter::try_new(&level).map_err(|error| {
        Failure::new(Exit::Usage, format!("`log.level` is {level:?}: {error}"))
            .advice("Use error, warn, info, debug or trace, or `info,stoa_store=debug`.")
    })
}

fn logging(config: &Config) -> Result<(), Failure> {
    let builder = tracing_subscriber::fmt().with_env_filter(log_filter(config)?).with_writer(std::io::stderr);
    if config.text("log.format").as_deref() == Some("json") {
        builder.json().init();
    } else {
        builder.with_ansi(false).init();
    }
    // A panic's words may hold what it stumbled over, so only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, "a part of the program panicked");
    }));
    Ok(())
}

/// Ends when the process is asked to stop. The asking counts from this call on, not from the first wait: whoever reads
/// the address may stop the server the moment after.
pub(super) fn asked_to_stop() -> Result<impl Future<Output = ()> + Send, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failure::io("listening for signals", &error));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
