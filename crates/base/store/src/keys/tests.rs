use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;

#[test]
fn the_first_start_makes_a_private_file_and_the_second_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = MasterKeys::open(folder.path()).unwrap();
    let path = folder.path().join(FILE_NAME);
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let read = MasterKeys::open(folder.path()).unwrap();
    assert_eq!(made.active(), read.active());
    assert_eq!(made.mac("a", b"b"), read.mac("a", b"b"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let error = MasterKeys::open(folder.path()).unwrap_err();
    assert!(matches!(error, KeyError::TooOpen { mode: 0o640, .. }), "{error}");
}

#[test]
fn many_starts_at_once_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let active = std::thread::scope(|scope| {
        let starts: Vec<_> =
            (0..8).map(|_| scope.spawn(|| MasterKeys::open(folder.path()).unwrap().active())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect::<std::collections::BTreeSet<_>>()
    });
    assert_eq!(active.len(), 1);
}

#[test]
fn a_new_key_becomes_active_everywhere_and_look_ups_stay() {
    let folder = tempfile::tempdir().unwrap();
    let keys = MasterKeys::open(folder.path()).unwrap();
    let (clone, other) = (keys.clone(), MasterKeys::open(folder.path()).unwrap());
    let (old, mac) = (keys.active(), keys.mac("national_id", b"42"));
    let new = keys.add_active().unwrap();
    assert_ne!(new, old);
    assert_eq!((clone.active(), clone.mac("national_id", b"42")), (new.clone(), mac));
    let read = MasterKeys::open(folder.path()).unwrap();
    assert_eq!(read.ids(), [old.clone(), new.clone()]);
    assert_eq!(std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().mode() & 0o7777, 0o600);
    // Another process on the same file finds the new key when it needs it, and adds its own behind it.
    assert_eq!(other.active(), old);
    assert!(other.derive(new.as_str(), b"s", b"p").is_some());
    assert_eq!((other.active(), other.mac("national_id", b"42")), (new.clone(), mac));
    let third = other.add_active().unwrap();
    assert!(keys.reload().unwrap() && !keys.reload().unwrap());
    assert_eq!(keys.ids(), [old.clone(), new.clone(), third.clone()]);
    keys.forget(old.as_str()).unwrap();
    assert_eq!(MasterKeys::open(folder.path()).unwrap().ids(), [new, third]);
    assert!(keys.derive(old.as_str(), b"s", b"p").is_none());
}

#[test]
fn a_file_of_the_operators_is_read_and_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    assert!(matches!(MasterKeys::from_file(&path), Err(KeyError::File { doing: "read", .. })));
    assert!(!path.exists(), "nothing is made in its place");
    let made = MasterKeys::generate().unwrap();
    std::fs::write(&path, made.export().as_bytes()).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
    let keys = MasterKeys::from_file(&path).unwrap();
    assert!(!keys.are_own() && keys.active() == made.active());
    assert!(matches!(keys.add_active(), Err(KeyError::Configured)));
    // The operator adds a key: it is taken up when it is asked for.
    let new = made.add_active().unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, made.export().as_bytes()).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(keys.reload().unwrap());
    assert_eq!(keys.active(), new);
    // A file of other keys under the same name is not.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, MasterKeys::generate().unwrap().export().as_bytes()).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(matches!(keys.reload(), Err(KeyError::Replaced { .. })));
    assert_eq!(keys.active(), new);
    std::fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    assert!(matches!(MasterKeys::from_file(&path), Err(KeyError::TooOpen { mode: 0o444, .. })));
}

#[test]
fn damaged_keys_are_refused_with_the_line_and_without_the_secret() {
    let text = MasterKeys::generate().unwrap().export();
    let damaged = text.replace("key ", "key 0");
    for (given, wanted) in [
        ("", "line 0 is the end, and no key was found"),
        ("nonsense", "line 1 is neither"),
        (&damaged[..], "line 4 is a key whose name does not belong to it"),
        ("lookup 00", "line 1 is a key that is not 64"),
    ] {
        let error = MasterKeys::from_bytes(given.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    assert!(MasterKeys::from_bytes(&[0xff]).is_err());
    assert!(MasterKeys::from_bytes(text.as_bytes()).is_ok());
}

#[test]
fn contexts_keep_hashes_apart_and_debug_shows_no_secret() {
    let keys = MasterKeys::generate().unwrap();
    assert_ne!(keys.mac("ab", b"c"), keys.mac("a", b"bc"));
    let shown = format!("{keys:?}");
    assert!(keys.export().lines().filter_map(|line| line.split(' ').next_back()).all(|key| !shown.contains(key)));
}
