//! `stoa backup`, `stoa restore`, `stoa verify`: everything of a node in one file, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use stoa_core::{Clock, Ids};
use stoa_store::blobs::BlobError;
use stoa_store::keys::FILE_NAME as MASTER_KEYS;
use stoa_store::{Blobs, Store, StoreLimits, StoreOptions, Tx, seal};

use crate::archive::{ArchiveError, ArchiveReader, ArchiveWriter, Header, read_header};
use crate::blobs;
use crate::cli::{Passphrase, Restore, VerifyArchive};
use crate::config::Config;
use crate::console::Console;
use crate::databases;
use crate::exit::{Exit, Failure, chain};
use crate::failures::Explain;
use crate::folder::{DataFolder, PROFILE, ProfileKind};
use crate::instance::{BLOCKS, Instance, NODE, engine_of, has_given_keys, keys_folder, migrations_of};

/// What every entry of a database begins with.
const DATABASE: &str = "databases/";
const BLOBS: &str = "blobs/";
const KEYS: &str = "keys/";
/// The list of destroyed keys of people, in the data folder and in each archive.
pub(crate) const ERASED: &str = "erased.jsonl";
/// Names of blobs that are read at once.
const BLOBS_PAGE: usize = 1_000;
/// Destroyed keys that are read at once.
const ERASED_PAGE: u32 = 1_000;

impl Explain for ArchiveError {
    fn explain(self, doing: &str) -> Failure {
        let message = format!("{doing}: {}", chain(&self));
        match self {
            Self::Io(error) => Failure::io(doing, &error),
            Self::PassphraseMissing | Self::PassphraseWrong => Failure::new(Exit::Usage, message)
                .advice("Give the passphrase that it was written with: --passphrase-file FILE or STOA_PASSPHRASE."),
            Self::Foreign(_) => Failure::new(Exit::Data, message),
            Self::Cut | Self::Damaged(_) => {
                Failure::new(Exit::Problems, message).advice("Take another copy of the archive, or an older one.")
            }
        }
    }
}

/// The passphrase of a file's first line or of `STOA_PASSPHRASE`.
pub(super) fn passphrase(from: &Passphrase) -> Result<Option<String>, Failure> {
    let text = match &from.passphrase_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::io(format!("reading {}", path.display()), &error))?
            .lines()
            .next()
            .unwrap_or("")
            .to_owned(),
        None => match std::env::var("STOA_PASSPHRASE") {
            Ok(text) => text,
            Err(_) => return Ok(None),
        },
    };
    if text.chars().count() < 8 {
        return Err(Failure::new(Exit::Usage, "the passphrase has fewer than 8 characters")
            .advice("Take a long one: whoever finds the archive has years to guess it."));
    }
    Ok(Some(text))
}

/// An entry of an archive as something that can be written to.
struct EntryOut(ArchiveWriter<BufWriter<File>>);

impl Write for EntryOut {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes).map_err(|error| match error {
            ArchiveError::Io(error) => error,
            other => std::io::Error::other(other),
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An archive that is being written, under a name of its own; removed unless it is put in place, also when the command
/// is given up in the middle.
struct Partial(Option<PathBuf>);

impl Partial {
    fn beside(archive: &Path) -> Partial {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut name = archive.as_os_str().to_owned();
        name.push(format!(".{}-{}.partial", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        Partial(Some(PathBuf::from(name)))
    }

    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Gives it its name. An archive of that name that came meanwhile is left as it is.
    fn place(mut self, archive: &Path) -> Result<(), Failure> {
        let doing = || format!("writing {}", archive.display());
        match rename_new(self.path(), archive) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Failure::new(Exit::Usage, format!("{} is there by now", archive.display()))
                    .advice("Another backup took the name meanwhile: name a new file."));
            }
            placed => placed.map_err(|error| Failure::io(doing(), &error))?,
        }
        self.0 = None;
        let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Failure::io(doing(), &error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Renames a file unless the new name is taken.
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Some file systems do not know the flag (a memory stick's); a name that is taken was looked for before.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => std::fs::rename(from, to),
        Err(error) => Err(error.into()),
    }
}

/// Writes everything of the instance into one archive, as of one moment, beside the work that goes on.
pub(super) async fn backup(
    instance: &Instance,
    archive: &Path,
    passphrase: Option<String>,
    console: &Console,
) -> Result<Exit, Failure> {
    if archive.exists() {
        return Err(Failure::new(Exit::Usage, format!("{} is there already", archive.display()))
            .advice("Name a new file: an archive is never overwritten."));
    }
    let partial = Partial::beside(archive);
    write_archive(instance, partial.path(), passphrase.as_deref(), console).await?;
    partial.place(archive)?;
    let bytes = std::fs::metadata(archive).map_or(0, |data| data.len());
    console.out(format!("{}: {bytes} bytes", archive.display())).await?;
    if passphrase.is_none() {
        let keys = keys_folder(&instance.config, instance.folder.path());
        console
            .note(format!(
                "not encrypted, so the master keys are left out: keep a copy of {} in another safe place",
                keys.display()
            ))
            .await?;
    }
    Ok(Exit::Done)
}

async fn write_archive(
    instance: &Instance,
    partial: &Path,
    passphrase: Option<&str>,
    console: &Console,
) -> Result<(), Failure> {
    let doing = format!("writing {}", partial.display());
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(partial)
        .map_err(|error| Failure::io(&doing, &error))?;
    let header = Header {
        format: 1,
        program: format!("stoa {}", env!("CARGO_PKG_VERSION")),
        made: instance.clock.now().to_string(),
        profile: instance.profile.name().to_owned(),
        holds_master_keys: passphrase.is_some(),
        encryption: None,
    };
    let fail = |error: ArchiveError| error.explain(&doing);
    let mut writer = ArchiveWriter::new(BufWriter::new(file), header, passphrase).map_err(fail)?;
    let stores: Vec<Store> = instance.rooms.iter().map(|room| room.store.clone()).collect();
    let (moment, master_keys) = {
        // What is sealed at this moment, these keys open: none is added or taken out meanwhile.
        let _held = instance.keys.hold().await;
        let moment = Store::moment(&stores).await;
        let moment = moment.map_err(|error| error.explain("holding one moment of all databases"))?;
        (moment, instance.keys.export())
    };
    for (index, room) in instance.rooms.iter().enumerate() {
        writer.begin(&format!("{DATABASE}{}", room.name)).map_err(fail)?;
        let exported = moment.export(index, EntryOut(writer)).await;
        let (out, rows) = exported.map_err(|error| error.explain(&format!("copying the database of {}", room.name)))?;
        writer = out.0;
        console.note(format!("{}: {rows} rows", room.name)).await?;
    }
    drop(moment);
    // Blobs never change once they are written, so those that came after the moment do no harm.
    for block in instance.rooms.iter().filter_map(|room| room.block) {
        copy_blobs(&mut writer, &instance.blobs(block.name)?, block.name, console).await?;
    }
    let erased = erased(instance).await?;
    writer.begin(ERASED).map_err(fail)?;
    writer.write(erased.as_bytes()).map_err(fail)?;
    if passphrase.is_some() {
        let folder = files_below(&keys_folder(&instance.config, instance.folder.path()))?;
        for path in folder.into_iter().filter(|(name, _)| name != MASTER_KEYS) {
            writer.begin(&format!("{KEYS}{}", path.0)).map_err(fail)?;
            copy_in(&mut writer, &path.1)?;
        }
        writer.begin(&format!("{KEYS}{MASTER_KEYS}")).map_err(fail)?;
        writer.write(master_keys.as_bytes()).map_err(fail)?;
    }
    let out = writer.finish().map_err(fail)?;
    let file = out.into_inner().map_err(|error| Failure::io(&doing, error.error()))?;
    file.sync_all().map_err(|error| Failure::io(&doing, &error))
}

/// Copies the blobs of one block, wherever they lie. One that is damaged is named and left out: it must not keep the rest
/// from being saved.
async fn copy_blobs(
    writer: &mut ArchiveWriter<BufWriter<File>>,
    blobs: &Blobs,
    block: &str,
    console: &Console,
) -> Result<(), Failure> {
    let doing = format!("reading the blobs of {block}");
    let mut after = None;
    loop {
        let page = blobs.list(after, BLOBS_PAGE).await.map_err(|error| error.explain(&doing))?;
        let Some(last) = page.last().copied() else { return Ok(()) };
        for id in page {
            let content = match blobs.get(id).await {
                Ok(content) => content,
                Err(BlobError::NotFound(_)) => continue,
                Err(error @ BlobError::Damaged(_)) => {
                    console.note(format!("left out: {error}")).await?;
                    continue;
                }
                Err(error) => return Err(error.explain(&doing)),
            };
            let name = id.to_string();
            let level = name.get(..2).unwrap_or_default();
            let written = writer.begin(&format!("{BLOBS}{block}/{level}/{name}")).and_then(|()| writer.write(&content));
            written.map_err(|error| error.explain("writing the archive"))?;
        }
        after = Some(last);
    }
}

/// Brings a blob of an archive to the configured service, and takes its file away.
async fn send_blob(order: &Order<'_>, staging: &Path, name: &str, file: &Path) -> Result<(), Failure> {
    let block = name.strip_prefix(BLOBS).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let blobs = blobs::open(order.config, order.profile, staging, block)?;
    let content = std::fs::read(file).map_err(|error| Failure::io(format!("reading {}", file.display()), &error))?;
    blobs.put(content).await.map_err(|error| error.explain(&format!("writing the blobs of {block}")))?;
    std::fs::remove_file(file).map_err(|error| Failure::io(format!("removing {}", file.display()), &error))
}

fn copy_in(writer: &mut ArchiveWriter<BufWriter<File>>, path: &Path) -> Result<(), Failure> {
    let doing = || format!("reading {}", path.display());
    let mut file = File::open(path).map_err(|error| Failure::io(doing(), &error))?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut piece).map_err(|error| Failure::io(doing(), &error))?;
        if count == 0 {
            return Ok(());
        }
        writer.write(piece.get(..count).unwrap_or_default()).map_err(|error| error.explain("writing the archive"))?;
    }
}

/// Every file below a folder with its name relative to it, in one fixed order.
fn files_below(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries = match std::fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Failure::io(format!("reading {}", next.display()), &error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| Failure::io(format!("reading {}", next.display()), &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) {
                found.insert(name.to_owned(), path.clone());
            }
        }
    }
    Ok(found)
}

/// The people whose keys were destroyed, as lines of database and keyed hash: nothing that names anybody.
pub(crate) async fn erased(instance: &Instance) -> Result<String, Failure> {
    let mut text = String::new();
    for room in &instance.rooms {
        let mut after: Vec<u8> = Vec::new();
        loop {
            let from = after.clone();
            let page = room
                .store
                .scan(async move |tx: &mut Tx<'_>| seal::destroyed_subjects(tx, &from, ERASED_PAGE).await)
                .await
                .map_err(|error| Failure::new(Exit::Failed, format!("reading the erased of {}: {error}", room.name)))?;
            for mac in &page {
                text.push_str(&erased_line(room.name, mac));
            }
            match page.last() {
                Some(last) => after.clone_from(last),
                None => break,
            }
        }
    }
    Ok(text)
}

/// Writes the list of the erased into the data folder, so that it can be kept with the backups.
pub(crate) async fn keep_erased(instance: &Instance) {
    let kept = match erased(instance).await {
        Ok(text) => std::fs::write(instance.folder.path().join(ERASED), text).map_err(|error| error.to_string()),
        Err(failure) => Err(failure.message),
    };
    if let Err(error) = kept {
        tracing::warn!(error, "the list of erased people was not written");
    }
}

fn open_archive(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io(format!("opening {}", path.display()), &error))?;
    Ok(BufReader::with_capacity(128 * 1024, file))
}

/// Reads an archive from end to end and compares every digest.
pub(super) async fn verify(wanted: VerifyArchive, console: &Console) -> Result<Exit, Failure> {
    let path = wanted.archive;
    let passphrase = passphrase(&wanted.passphrase)?;
    let shown = path.display().to_string();
    let read = tokio::task::spawn_blocking(move || walk(&path, passphrase.as_deref()));
    let (header, entries) =
        read.await.map_err(|_| Failure::new(Exit::Failed, "reading the archive was interrupted"))??;
    let sealed = if header.encryption.is_some() { "encrypted" } else { "not encrypted" };
    console
        .out(format!(
            "{shown}: whole, written {} by {}, profile {}, {sealed}, {} the master keys",
            header.made,
            header.program,
            header.profile,
            if header.holds_master_keys { "with" } else { "without" }
        ))
        .await?;
    for (name, bytes) in entries {
        console.out(format!("  {name}  {bytes} bytes")).await?;
    }
    Ok(Exit::Done)
}

/// Every entry's name and size, after all digests were compared.
fn walk(path: &Path, passphrase: Option<&str>) -> Result<(Header, Vec<(String, u64)>), Failure> {
    let fail = |error: ArchiveError| error.explain(&format!("reading {}", path.display()));
    let mut reader = ArchiveReader::new(open_archive(path)?, passphrase).map_err(fail)?;
    let (mut entries, mut piece) = (Vec::new(), Vec::new());
    while let Some(name) = reader.next_entry().map_err(fail)? {
        let mut bytes = 0;
        while reader.piece(&mut piece).map_err(fail)? {
            bytes += piece.len() as u64;
        }
        entries.push((name, bytes));
    }
    Ok((reader.header, entries))
}

/// Builds a data folder from an archive. It is built beside its place and put there when everything is in it.
pub(super) async fn restore(config: Config, wanted: Restore, console: &Console) -> Result<Exit, Failure> {
    let passphrase = passphrase(&wanted.passphrase)?;
    let archive = wanted.archive.clone();
    let (head, _) = read_header(&mut open_archive(&archive)?).map_err(|error| error.explain("reading the archive"))?;
    let profile = match head.profile.as_str() {
        "govstack" => ProfileKind::Govstack,
        _ => ProfileKind::Secure,
    };
    let target = super::up::data_folder(&config, profile);
    console.note("comparing every digest of the archive").await?;
    let (path, secret) = (archive.clone(), passphrase.clone());
    tokio::task::spawn_blocking(move || walk(&path, secret.as_deref()))
        .await
        .map_err(|_| Failure::new(Exit::Failed, "reading the archive was interrupted"))??;
    let folder = DataFolder::open_empty(&target)?;
    let order = Order {
        config: &config,
        profile,
        archive: &archive,
        passphrase: passphrase.as_deref(),
        further: wanted.erased.as_deref(),
    };
    make(&folder.corner())?;
    let mut restored = Vec::new();
    let built = build(&order, &folder.corner(), &mut restored, console).await;
    let keys = keys_folder(&config, &target);
    // Files are closed before they move; what lies on a server is kept at hand to be taken back.
    let (files, on_server): (Vec<_>, Vec<_>) = restored.into_iter().partition(|(_, store)| store.file().is_some());
    for (_, store) in files {
        store.close().await;
    }
    let placed = built.and_then(|()| place(&folder, &keys, profile));
    for (name, store) in on_server {
        if placed.is_ok() {
            store.close().await;
        } else if let Err(error) = store.discard().await {
            console.note(format!("warning: the database of {name} stays behind: {error}")).await?;
        }
    }
    if let Err(failure) = placed {
        let _ = std::fs::remove_dir_all(folder.corner());
        if folder.fresh {
            let _ = std::fs::remove_dir_all(&target);
        }
        return Err(failure);
    }
    drop(folder);
    console.out(format!("restored into {}", target.display())).await?;
    if !head.holds_master_keys {
        console
            .note(format!(
                "the archive holds no master keys: put the key folder back before you start ({})",
                keys_folder(&config, &target).display()
            ))
            .await?;
    }
    console.note(format!("next: stoa audit verify --data {0}, then stoa up --data {0}", target.display())).await?;
    Ok(Exit::Done)
}

/// What is restored, and how.
struct Order<'a> {
    config: &'a Config,
    profile: ProfileKind,
    archive: &'a Path,
    passphrase: Option<&'a str>,
    /// A list of people who were erased after the archive was written.
    further: Option<&'a Path>,
}

/// Moves everything from the folder's corner to its place; the profile comes last, since it makes a data folder of it.
fn place(folder: &DataFolder, keys: &Path, profile: ProfileKind) -> Result<(), Failure> {
    let doing = || format!("putting {} in place", folder.path().display());
    let io = |error: std::io::Error| Failure::io(doing(), &error);
    let corner = folder.corner();
    // Keys that lie outside of the data folder go there, unless keys are there already: whether those fit is found out
    // at the start.
    if !keys.starts_with(folder.path()) && corner.join("keys").exists() && !keys.exists() {
        if let Some(parent) = keys.parent() {
            make(parent)?;
        }
        move_folder(&corner.join("keys"), keys).map_err(io)?;
    }
    for entry in std::fs::read_dir(&corner).map_err(io)? {
        let entry = entry.map_err(io)?;
        std::fs::rename(entry.path(), folder.path().join(entry.file_name())).map_err(io)?;
    }
    std::fs::remove_dir(&corner).map_err(io)?;
    std::fs::write(folder.path().join(PROFILE), format!("{}\n", profile.name())).map_err(io)?;
    File::open(folder.path()).and_then(|folder| folder.sync_all()).map_err(io)
}

/// Moves a folder of plain files, also to another disk.
fn move_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    std::fs::DirBuilder::new().mode(0o700).create(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        std::fs::copy(entry.path(), &target)?;
        File::open(&target)?.sync_all()?;
    }
    std::fs::remove_dir_all(from)
}

fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::io(format!("making {}", folder.display()), &error))
}

/// Builds everything in a corner; the databases that are there by now stay open in `restored`, also when this fails.
async fn build(
    order: &Order<'_>,
    staging: &Path,
    restored: &mut Vec<(String, Store)>,
    console: &Console,
) -> Result<(), Failure> {
    let Order { config, profile, archive, passphrase, further } = *order;
    let fail = |error: ArchiveError| error.explain(&format!("reading {}", archive.display()));
    let mut reader = ArchiveReader::new(open_archive(archive)?, passphrase).map_err(fail)?;
    let (clock, mut piece) = (Clock::system(), Vec::new());
    let ids = Ids::random(clock.clone());
    let (mut databases, mut destroyed) = (Vec::new(), Vec::new());
    while let Some(name) = reader.next_entry().map_err(fail)? {
        let inside = plain(&name)?;
        // Where the operator keeps the master keys, no second copy of them is left behind.
        if has_given_keys(config) && name == format!("{KEYS}{MASTER_KEYS}") {
            while reader.piece(&mut piece).map_err(fail)? {}
            continue;
        }
        // Keys may lie outside of the data folder, and then they are brought there by hand.
        let place = staging.join(inside);
        if let Some(folder) = place.parent() {
            make(folder)?;
        }
        let doing = || format!("writing {}", place.display());
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&place)
            .map_err(|error| Failure::io(doing(), &error))?;
        while reader.piece(&mut piece).map_err(fail)? {
            file.write_all(&piece).map_err(|error| Failure::io(doing(), &error))?;
        }
        file.sync_all().map_err(|error| Failure::io(doing(), &error))?;
        if let Some(database) = name.strip_prefix(DATABASE) {
            databases.push((database.to_owned(), place));
        } else if name.starts_with(BLOBS) && blobs::are_elsewhere(config, profile) {
            send_blob(order, staging, &name, &place).await?;
        } else if name == ERASED {
            destroyed.push(std::fs::read_to_string(&place).map_err(|error| Failure::io(doing(), &error))?);
        }
    }
    if let Some(path) = further {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::io(format!("reading {}", path.display()), &error))?;
        destroyed.push(text);
    }
    let destroyed = read_erased(&destroyed)?;
    for (name, rows) in databases {
        let store = restore_database(config, profile, staging, &name, &rows, &clock, &ids).await?;
        restored.push((name.clone(), store.clone()));
        for (_, mac) in destroyed.iter().filter(|(of, _)| *of == name) {
            let mac = mac.clone();
            store
                .write(async move |tx: &mut Tx<'_>| seal::destroy_again(tx, &mac).await)
                .await
                .map_err(|error| Failure::new(Exit::Failed, format!("destroying a key again: {error}")))?;
        }
        databases::note(staging, &name, &engine_of(config, profile, staging, &name))?;
        std::fs::remove_file(&rows).map_err(|error| Failure::io(format!("removing {}", rows.display()), &error))?;
        console.note(format!("{name}: restored")).await?;
    }
    let strange = |of: &&String| restored.iter().all(|(name, _)| name != *of);
    for unknown in destroyed.iter().map(|(of, _)| of).filter(strange).collect::<BTreeSet<_>>() {
        let words =
            format!("warning: the list of erased people names a database `{unknown}`, which the archive has not");
        console.note(words).await?;
    }
    keep(&destroyed, &staging.join(ERASED))?;
    let _ = std::fs::remove_dir(staging.join(DATABASE));
    if blobs::are_elsewhere(config, profile) {
        // Each blob's file is gone; the folders that they passed through are empty.
        let _ = std::fs::remove_dir_all(staging.join(BLOBS));
    }
    Ok(())
}

/// Writes the whole list of the erased, so that the next backup takes it along.
fn keep(destroyed: &[(String, Vec<u8>)], file: &Path) -> Result<(), Failure> {
    let all: BTreeSet<&(String, Vec<u8>)> = destroyed.iter().collect();
    let text: String = all.into_iter().map(|(database, mac)| erased_line(database, mac)).collect();
    std::fs::write(file, text).map_err(|error| Failure::io(format!("writing {}", file.display()), &error))
}

/// One line of the list of the erased.
fn erased_line(database: &str, mac: &[u8]) -> String {
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}\n", serde_json::json!({"database": database, "subject": hex}))
}

/// A name in an archive as a path below the folder; a name that leads elsewhere is no name of ours.
fn plain(name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(name);
    let known = [DATABASE, BLOBS, KEYS].iter().any(|prefix| name.starts_with(prefix)) || name == ERASED;
    if known && path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(path);
    }
    Err(Failure::new(Exit::Data, format!("the archive holds an entry that no program of ours writes: {name:?}")))
}

fn read_erased(texts: &[String]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let wrong = || {
        Failure::new(Exit::Usage, "the list of erased people cannot be read")
            .advice("Give the file `erased.jsonl` of a data folder.")
    };
    let mut found = Vec::new();
    for line in texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty()) {
        let value: serde_json::Value = serde_json::from_str(line).map_err(|_| wrong())?;
        let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
        let (Some(database), Some(hex)) = (text("database"), text("subject")) else {
            return Err(wrong());
        };
        let mac: Option<Vec<u8>> = (0..hex.len())
            .step_by(2)
            .map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        found.push((database.to_owned(), mac.ok_or_else(wrong)?));
    }
    Ok(found)
}

async fn restore_database(
    config: &Config,
    profile: ProfileKind,
    staging: &Path,
    name: &str,
    rows: &Path,
    clock: &Clock,
    ids: &Ids,
) -> Result<Store, Failure> {
    let block = BLOCKS.iter().find(|block| block.name == name);
    let (block, own) = match (name, block) {
        (NODE, _) => (NODE, stoa_web::MIGRATIONS),
        (_, Some(block)) => (block.name, block.migrations),
        (_, None) => {
            return Err(Failure::new(
                Exit::Data,
                format!("the archive holds a database of `{name}`, which this binary has not"),
            )
            .advice("Restore with the binary that wrote it, or a newer one."));
        }
    };
    let options = StoreOptions {
        block,
        engine: engine_of(config, profile, staging, name),
        migrations: migrations_of(own),
        clock: clock.clone(),
        ids: ids.clone(),
        limits: StoreLimits::default(),
    };
    let input = open_archive(rows)?;
    Store::restore(options, input).await.map_err(|error| error.explain(&format!("restoring the database of {name}")))
}
