//! The data folder: who holds it, and for which profile it was made.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// Which of the two ways the node runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProfileKind {
    /// For real use.
    Secure,
    /// For conformance suites and workshops.
    Govstack,
}

impl ProfileKind {
    /// As it is written in the folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ProfileKind::Secure => "secure",
            ProfileKind::Govstack => "govstack",
        }
    }
}

/// A data folder that this process alone works on, until the value is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// Whether this start made it.
    pub(crate) fresh: bool,
    // The system takes the lock back with the file, also after a kill.
    _lock: File,
}

const LOCK: &str = "lock";
/// The file that makes a folder a data folder.
pub(crate) const PROFILE: &str = "profile";
/// Where a restore builds before everything of it is put in place.
const RESTORING: &str = ".restoring";

impl DataFolder {
    /// Takes the folder, making it when it is not there. With [`ProfileKind::Govstack`] everything inside is removed.
    pub(crate) fn open(path: &Path, profile: ProfileKind) -> Result<DataFolder, Failure> {
        let doing = |what: &str| format!("{what} the data folder {}", path.display());
        let there = path.exists();
        if !there {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|error| Failure::io(doing("making"), &error))?;
        }
        let fresh = !path.join(PROFILE).exists();
        let foreign = fresh && there && !is_empty(path).map_err(|error| Failure::io(doing("reading"), &error))?;
        if foreign {
            return Err(Failure::new(
                Exit::Data,
                format!("{} is no data folder: it holds other files and no file `{PROFILE}`", path.display()),
            )
            .advice("Choose an empty or a new folder with --data."));
        }
        let lock = take(path)?;
        close_to_others(path);
        if !fresh {
            matching(path, profile)?;
            if profile == ProfileKind::Govstack {
                wipe(path).map_err(|error| Failure::io(doing("wiping"), &error))?;
            }
        }
        let file = path.join(PROFILE);
        std::fs::write(&file, format!("{}\n", profile.name()))
            .map_err(|error| Failure::io(format!("writing {}", file.display()), &error))?;
        Ok(DataFolder { path: path.to_owned(), fresh: fresh || profile == ProfileKind::Govstack, _lock: lock })
    }

    /// Takes a folder that a command works on: it must be there already. The profile is the folder's own.
    pub(crate) fn open_existing(path: &Path) -> Result<(DataFolder, ProfileKind), Failure> {
        let Some(profile) = profile_of(path) else {
            return Err(Failure::new(Exit::Failed, format!("there is no data in {}", path.display()))
                .advice("Name the folder with --data, or make it with `stoa up`."));
        };
        let lock = take(path)?;
        Ok((DataFolder { path: path.to_owned(), fresh: false, _lock: lock }, profile))
    }

    /// Takes an empty folder for a restore, making it when it is not there. It is no data folder before its profile is
    /// written. What a restore that was cut off left in its corner is removed.
    pub(crate) fn open_empty(path: &Path) -> Result<DataFolder, Failure> {
        let doing = |what: &str| format!("{what} the data folder {}", path.display());
        let fresh = !path.exists();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| Failure::io(doing("making"), &error))?;
        if !is_empty(path).map_err(|error| Failure::io(doing("reading"), &error))? {
            return Err(Failure::new(Exit::Usage, format!("{} is not empty", path.display()))
                .advice("Restore into a new folder: --data NEW-FOLDER."));
        }
        let lock = take(path)?;
        close_to_others(path);
        match std::fs::remove_dir_all(path.join(RESTORING)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::io(doing("clearing"), &error)),
            _ => {}
        }
        Ok(DataFolder { path: path.to_owned(), fresh, _lock: lock })
    }

    /// The corner of the folder where a restore builds.
    pub(crate) fn corner(&self) -> PathBuf {
        self.path.join(RESTORING)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The profile a folder was made for; `None` when it is no data folder.
pub(crate) fn profile_of(path: &Path) -> Option<ProfileKind> {
    match std::fs::read_to_string(path.join(PROFILE)).ok()?.trim() {
        "secure" => Some(ProfileKind::Secure),
        "govstack" => Some(ProfileKind::Govstack),
        _ => None,
    }
}

/// Whether nothing is inside.
pub(crate) fn is_empty(path: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(path)? {
        let name = entry?.file_name();
        // A second server that raced for the folder may have made its lock, a fresh disk brings its own folder, and a
        // restore that was cut off has left nothing but its corner.
        if name != LOCK && name != "lost+found" && name != RESTORING {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Closes a folder that was made beforehand and is open to others. Where it is not ours to close it is named; the files
/// that hold data are for their owner alone in any case.
fn close_to_others(path: &Path) {
    let open = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o077) != 0;
    if open(path) && std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).is_err() {
        tracing::warn!("others may enter the data folder; unless they should: chmod 700 {}", path.display());
    }
}

fn matching(path: &Path, profile: ProfileKind) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path.join(PROFILE)).unwrap_or_default();
    if text.trim() == profile.name() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Data,
        format!("{} belongs to profile `{}`, not `{}`", path.display(), text.trim(), profile.name()),
    )
    .advice("The profiles never share a folder. Start with the profile it was made for, or choose another --data."))
}

fn take(path: &Path) -> Result<File, Failure> {
    let file = path.join(LOCK);
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&file)
        .map_err(|error| Failure::io(format!("opening {}", file.display()), &error))?;
    if rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        let _ = (&lock).take(32).read_to_string(&mut holder);
        let by = holder.trim().parse::<u32>().map_or_else(|_| "another process".into(), |pid| format!("process {pid}"));
        return Err(Failure::new(Exit::Busy, format!("{by} works on the data folder {}", path.display()))
            .advice("Stop it, use the commands beside it (they go through its socket), or choose another --data."));
    }
    let write = |lock: &mut File| {
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())
    };
    write(&mut lock).map_err(|error| Failure::io(format!("writing {}", file.display()), &error))?;
    Ok(lock)
}

/// Removes everything but the lock, which is held.
fn wipe(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        let removed = if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())
        } else {
            std::fs::remove_file(entry.path())
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_the_first_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = DataFolder::open(&path, ProfileKind::Secure).unwrap();
        assert!(first.fresh);
        let failure = DataFolder::open(&path, ProfileKind::Secure).unwrap_err();
        assert_eq!(failure.exit, Exit::Busy);
        assert!(failure.message.contains(&format!("process {}", std::process::id())), "{failure}");
        drop(first);
        assert!(!DataFolder::open(&path, ProfileKind::Secure).unwrap().fresh);
    }

    #[test]
    fn a_folder_of_the_other_profile_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataFolder::open(dir.path(), ProfileKind::Secure).unwrap());
        std::fs::write(dir.path().join("node.db"), "precious").unwrap();
        assert_eq!(DataFolder::open(dir.path(), ProfileKind::Govstack).unwrap_err().exit, Exit::Data);
        assert_eq!(std::fs::read_to_string(dir.path().join("node.db")).unwrap(), "precious");
    }

    #[test]
    fn a_govstack_folder_is_wiped_and_a_foreign_one_is_never_touched() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataFolder::open(dir.path(), ProfileKind::Govstack).unwrap());
        std::fs::create_dir(dir.path().join("blobs")).unwrap();
        std::fs::write(dir.path().join("blobs/x"), "sample").unwrap();
        drop(DataFolder::open(dir.path(), ProfileKind::Govstack).unwrap());
        assert!(!dir.path().join("blobs").exists());

        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("thesis.txt"), "precious").unwrap();
        for profile in [ProfileKind::Secure, ProfileKind::Govstack] {
            assert_eq!(DataFolder::open(home.path(), profile).unwrap_err().exit, Exit::Data);
        }
        assert!(home.path().join("thesis.txt").exists());
    }
}
