//! One running instance over its data folder: keys, databases, evidence. Both the server and a command that works on
//! the folder alone begin here.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stoa_audit::{Sealer, SigningKey, VerifyingKey, latest_checkpoint};
use stoa_core::{Actor, ActorKind, Clock, Ids, Instant, Permissions, Tenant};
use stoa_store::keys::{KeyError, MasterKeys};
use stoa_store::{Blobs, Durability, Engine, Migration, Store, StoreLimits, StoreOptions, Tx};
use stoa_web::mail::MailPort;
use stoa_web::{Block, Metrics, Node, NodeOptions, NodeSigner, PeerOptions, PeerTable, Profile, outgoing};

use crate::blobs;
use crate::command::key::refused;
use crate::config::Config;
use crate::configured;
use crate::databases;
use crate::exit::{Exit, Failure, chain};
use crate::failures::Explain;
use crate::folder::{DataFolder, ProfileKind};

/// The blocks that this binary holds, in the order of their addresses.
pub(crate) const BLOCKS: &[&Block] = &[&stoa_identity::BLOCK, &stoa_registries::BLOCK, &stoa_monitor::BLOCK];

/// The name of the node's own database.
pub(crate) const NODE: &str = "node";

/// The file of the key that signs tokens for the node's blocks.
const TOKEN_KEY: &str = "tokens.key";

/// One database with the evidence inside.
pub(crate) struct Room {
    /// The block's name, or [`NODE`].
    pub(crate) name: &'static str,
    /// The block that owns it; none for the node's own.
    pub(crate) block: Option<&'static Block>,
    /// The database.
    pub(crate) store: Store,
    /// Seals its evidence.
    pub(crate) sealer: Arc<Sealer>,
}

/// Everything that lies in the data folder, opened.
pub(crate) struct Instance {
    /// The folder, held.
    pub(crate) folder: DataFolder,
    /// Its profile.
    pub(crate) profile: ProfileKind,
    /// The configuration it was opened with.
    pub(crate) config: Config,
    /// Where "now" comes from.
    pub(crate) clock: Clock,
    /// Where identifiers come from.
    pub(crate) ids: Ids,
    /// The master keys.
    pub(crate) keys: MasterKeys,
    /// What checkpoints are signed with.
    pub(crate) signing: SigningKey,
    /// The public keys whose checkpoints are verified here: the node's own and those it had before.
    pub(crate) trusted: Vec<VerifyingKey>,
    /// The node's database first, then one for each block.
    pub(crate) rooms: Vec<Room>,
    /// Keys of programs, sessions, roles.
    pub(crate) node: Node,
    /// Where every block is.
    pub(crate) peers: PeerTable,
    /// Calls to other systems.
    pub(crate) outgoing: outgoing::Client,
    /// Sends mail, where a mail server is configured.
    pub(crate) mail: Option<Arc<dyn MailPort>>,
    /// When it was opened.
    pub(crate) started: Instant,
}

/// Which blocks an instance opens.
pub(crate) fn chosen_blocks(config: &Config, only: Option<&str>) -> Result<Vec<&'static Block>, Failure> {
    if let Some(name) = only {
        return BLOCKS.iter().copied().find(|block| block.name == name).map(|block| vec![block]).ok_or_else(|| {
            let known: Vec<&str> = BLOCKS.iter().map(|block| block.name).collect();
            Failure::new(Exit::Usage, format!("there is no block `{name}`"))
                .advice(format!("This binary holds: {}.", known.join(", ")))
        });
    }
    let runs_here = |name: &str| {
        config.flag(&format!("blocks.{name}.enabled")) && config.text(&format!("blocks.{name}.url")).is_none()
    };
    Ok(BLOCKS.iter().copied().filter(|block| runs_here(block.name)).collect())
}

impl Instance {
    /// Opens keys and databases of a folder that is held, for a node that people reach at `public_url`.
    pub(crate) async fn open(
        folder: DataFolder,
        profile: ProfileKind,
        config: Config,
        blocks: &[&'static Block],
        public_url: &str,
    ) -> Result<Instance, Failure> {
        let clock = Clock::system();
        let ids = Ids::random(clock.clone());
        let keys_folder = keys_folder(&config, folder.path());
        make_folder(&keys_folder)?;
        let opener = Opener { folder: folder.path(), profile, config: &config, clock: &clock, ids: &ids };
        let node = opener.store(NODE, stoa_web::MIGRATIONS).await?;
        let keys = master_keys(&config, &keys_folder, &node).await?;
        let signing = signing_key(&config, &keys_folder, &node).await?;
        let trusted = trusted(&config, &signing)?;
        let mut rooms = vec![room(NODE, node, None, &keys, &signing).await?];
        for block in blocks {
            let store = opener.store(block.name, block.migrations).await?;
            rooms.push(room(block.name, store, Some(block), &keys, &signing).await?);
        }
        let metrics = Metrics::default();
        let calls = configured::outgoing(&config, &clock, &metrics)?;
        let mail = configured::mail(&config)?;
        let tokens = SigningKey::open_named(&keys_folder, TOKEN_KEY)
            .map_err(|error| error.explain("opening the key that signs tokens"))?;
        let signer = NodeSigner::new(tokens, public_url, clock.clone());
        let peers = PeerTable::new(PeerOptions {
            signer: signer.clone(),
            client: calls.clone(),
            clock: clock.clone(),
            here: blocks.iter().map(|block| block.name).collect(),
            elsewhere: configured::elsewhere(&config, &calls)?,
        });
        let node = Node::new(NodeOptions {
            store: rooms.first().map(|room| room.store.clone()).ok_or_else(no_rooms)?,
            profile: web_profile(profile),
            permissions: stoa_portal::PERMISSIONS
                .iter()
                .chain(stoa_web::webhook::PERMISSIONS)
                .chain(blocks.iter().flat_map(|block| block.permissions))
                .copied()
                .collect(),
            tokens: Some(configured::tokens(&config, blocks, &signer, &calls, &clock)?),
            members: configured::members(&config)?,
            limits: configured::limits(&config),
            metrics,
            keys: keys.clone(),
        });
        for name in config.names("mediator.members") {
            let roles = config.list(&format!("mediator.members.{name}.roles"));
            node.check_roles(&roles).map_err(|problem| {
                let what = refused(&problem).message;
                Failure::new(Exit::Usage, format!("[mediator.members.{name}]: {what}"))
            })?;
        }
        let started = clock.now();
        Ok(Instance {
            folder,
            profile,
            config,
            clock,
            ids,
            keys,
            signing,
            trusted,
            rooms,
            node,
            peers,
            outgoing: calls,
            mail,
            started,
        })
    }

    /// The rooms a command is about: one by name, or all.
    pub(crate) fn chosen(&self, name: Option<&str>) -> Result<Vec<&Room>, Failure> {
        let rooms: Vec<&Room> = self.rooms.iter().filter(|room| name.is_none_or(|name| room.name == name)).collect();
        if rooms.is_empty() {
            let known: Vec<&str> = self.rooms.iter().map(|room| room.name).collect();
            return Err(Failure::new(Exit::Usage, format!("there is no database `{}`", name.unwrap_or_default()))
                .advice(format!("There are: {}.", known.join(", "))));
        }
        Ok(rooms)
    }

    /// The blobs of one block.
    pub(crate) fn blobs(&self, block: &str) -> Result<Blobs, Failure> {
        blobs::open(&self.config, self.profile, self.folder.path(), block)
    }

    /// Whoever works through the command line: the folder is theirs, so they may do everything.
    pub(crate) fn operator(tenant: &str) -> Result<Actor, Failure> {
        let tenant = Tenant::new(tenant).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        Ok(Actor {
            kind: ActorKind::System,
            id: "command-line".into(),
            name: Some("command line".into()),
            permissions: Permissions::All,
            ..Actor::anonymous(tenant)
        })
    }

    /// Seals what waits.
    pub(crate) async fn seal(&self) {
        for room in &self.rooms {
            if let Err(error) = room.sealer.seal_all().await {
                tracing::warn!(database = room.name, error = %chain(&error), "the last evidence is not sealed yet");
            }
        }
    }

    /// Seals what waits, then closes everything.
    pub(crate) async fn close(self) {
        self.seal().await;
        self.close_as_it_is().await;
    }

    /// Closes everything and seals nothing: for those who only looked.
    pub(crate) async fn close_as_it_is(self) {
        let Instance { rooms, node, folder, .. } = self;
        drop(node);
        for room in rooms {
            let Room { store, sealer, .. } = room;
            drop(sealer);
            store.close().await;
        }
        drop(folder);
    }
}

fn no_rooms() -> Failure {
    Failure::new(Exit::Failed, "the node's database was not opened")
}

/// The profile as the blocks know it.
pub(crate) fn web_profile(profile: ProfileKind) -> Profile {
    match profile {
        ProfileKind::Secure => Profile::Secure,
        ProfileKind::Govstack => Profile::Govstack,
    }
}

/// Where the keys lie.
pub(crate) fn keys_folder(config: &Config, folder: &Path) -> PathBuf {
    config.path("keys.dir").unwrap_or_else(|| folder.join("keys"))
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failure::io(format!("making {}", path.display()), &error))
}

/// What a database is made of: its own tables, those of evidence, and those of webhooks.
pub(crate) fn migrations_of(own: &'static [Migration]) -> Vec<Migration> {
    own.iter().chain(stoa_audit::MIGRATIONS).chain(stoa_web::webhook::MIGRATIONS).copied().collect()
}

/// Where a database lies. Profile `govstack` is always embedded: its folder is wiped at each start, a server's would not.
pub(crate) fn engine_of(config: &Config, profile: ProfileKind, folder: &Path, name: &str) -> Engine {
    match config.text("store.url") {
        Some(url) if url != "sqlite" && profile == ProfileKind::Secure => {
            Engine::Postgres { url, schema: format!("stoa_{name}") }
        }
        _ => Engine::Sqlite { file: folder.join(format!("{name}.db")), durability: Durability::Full },
    }
}

/// Opens one database.
pub(crate) async fn open_store(
    name: &'static str,
    own: &'static [Migration],
    engine: Engine,
    clock: &Clock,
    ids: &Ids,
    limits: StoreLimits,
) -> Result<Store, Failure> {
    let at = match &engine {
        Engine::Sqlite { file, .. } => file.display().to_string(),
        Engine::Postgres { schema, .. } => format!("schema {schema}"),
    };
    let options = StoreOptions {
        block: name,
        engine,
        migrations: migrations_of(own),
        clock: clock.clone(),
        ids: ids.clone(),
        limits,
    };
    Store::open(options).await.map_err(|error| error.explain(&format!("opening the database {at}")))
}

struct Opener<'a> {
    folder: &'a Path,
    profile: ProfileKind,
    config: &'a Config,
    clock: &'a Clock,
    ids: &'a Ids,
}

impl Opener<'_> {
    async fn store(&self, name: &'static str, own: &'static [Migration]) -> Result<Store, Failure> {
        let engine = engine_of(self.config, self.profile, self.folder, name);
        let mut limits = StoreLimits::default();
        if let Some(queue) = self.config.number("store.queue_max") {
            limits.write_queue = usize::try_from(queue).unwrap_or(limits.write_queue);
        }
        databases::check(self.folder, name, &engine)?;
        let store = open_store(name, own, engine.clone(), self.clock, self.ids, limits).await?;
        databases::note(self.folder, name, &engine)?;
        Ok(store)
    }
}

/// A database that the keys belong to, with its sealer.
async fn room(
    name: &'static str,
    store: Store,
    block: Option<&'static Block>,
    keys: &MasterKeys,
    signing: &SigningKey,
) -> Result<Room, Failure> {
    keys.check(&store).await.map_err(|error| error.explain(&format!("opening the database of {name}")))?;
    let sealer = Arc::new(Sealer::new(store.clone(), signing.clone()));
    Ok(Room { name, block, store, sealer })
}

/// Whether the master keys come from configuration, so that none lie in the key folder.
pub(crate) fn has_given_keys(config: &Config) -> bool {
    config.text("keys.master").is_some() || config.path("keys.master_file").is_some()
}

/// The master keys of the configuration.
pub(crate) fn given_keys(config: &Config) -> Option<Result<MasterKeys, KeyError>> {
    match (config.text("keys.master"), config.path("keys.master_file")) {
        (Some(text), _) => Some(MasterKeys::from_bytes(text.as_bytes())),
        (None, Some(path)) => Some(MasterKeys::from_file(&path)),
        (None, None) => None,
    }
}

/// The master keys: from configuration, or the node's own.
async fn master_keys(config: &Config, folder: &Path, node: &Store) -> Result<MasterKeys, Failure> {
    let keys = match given_keys(config) {
        Some(given) => given,
        None => MasterKeys::open_for(folder, node).await,
    };
    keys.map_err(|error| error.explain("opening the master keys"))
}

/// The key that signs checkpoints. One that is gone is not silently replaced: what it signed would be verified by nobody.
async fn signing_key(config: &Config, folder: &Path, node: &Store) -> Result<SigningKey, Failure> {
    let path = folder.join(stoa_audit::KEY_FILE_NAME);
    if !path.exists() && config.list("keys.trusted").is_empty() {
        let signed = node.read(async |tx: &mut Tx<'_>| latest_checkpoint(tx).await).await;
        if signed.map_err(|error| error.explain("reading the checkpoints"))?.is_some() {
            let what = format!("{} is missing, and this node's evidence is signed with it", path.display());
            return Err(Failure::new(Exit::Data, what).advice(
                "Put the key folder back. If the key is lost for good, name its public key (`stoa audit key` printed it) \
                 in `keys.trusted`: the node then makes a new one and goes on verifying the old.",
            ));
        }
    }
    SigningKey::open(folder).map_err(|error| error.explain("opening the key that signs checkpoints"))
}

/// Public keys of this node's evidence: its own, and those that the operator names.
pub(crate) fn trusted(config: &Config, signing: &SigningKey) -> Result<Vec<VerifyingKey>, Failure> {
    let mut keys = vec![signing.verifying_key()];
    for text in config.list("keys.trusted") {
        let key = text.parse().map_err(|_| {
            Failure::new(Exit::Usage, format!("`keys.trusted`: {text:?} is no public key"))
                .advice("Write the 64 hexadecimal digits that `stoa audit key` printed.")
        })?;
        keys.push(key);
    }
    Ok(keys)
}
