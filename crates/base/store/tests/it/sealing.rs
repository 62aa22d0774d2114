//! Sealing: each value opens for its own subject and place only, and for nobody once the subject was erased.

use stoa_store::keys::{KeyError, KeyId};
use stoa_store::seal::{self, Rotated, SealError};
use stoa_store::{MasterKeys, Store, Tx, params};
use zeroize::Zeroizing;

use crate::engines::{Bed, on_both_engines};

async fn seal_one(
    store: &Store,
    keys: &MasterKeys,
    subject: &'static str,
    text: &'static str,
) -> Result<Vec<u8>, SealError> {
    let keys = keys.clone();
    store.write(async move |tx: &mut Tx<'_>| seal::seal(tx, &keys, subject, "history", text.as_bytes()).await).await
}

async fn open_one(
    store: &Store,
    keys: &MasterKeys,
    subject: &'static str,
    context: &'static str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (keys, sealed) = (keys.clone(), sealed.to_vec());
    store.read(async move |tx: &mut Tx<'_>| seal::open(tx, &keys, subject, context, &sealed).await).await
}

async fn a_value_opens_in_its_own_place_only(bed: Bed) {
    let keys = MasterKeys::generate().unwrap();
    let store = &bed.store;
    let sealed = seal_one(store, &keys, "person:1", "Amina").await.unwrap();
    let again = seal_one(store, &keys, "person:1", "Amina").await.unwrap();
    assert_ne!(sealed, again, "equal values do not look alike");
    assert_eq!(sealed.len(), "Amina".len() + seal::OVERHEAD_BYTES);
    assert_eq!(&**open_one(store, &keys, "person:1", "history", &sealed).await.unwrap(), b"Amina");

    seal_one(store, &keys, "person:2", "Ben").await.unwrap();
    for (subject, context) in [("person:2", "history"), ("person:1", "elsewhere"), ("person:3", "history")] {
        let error = open_one(store, &keys, subject, context, &sealed).await.unwrap_err();
        assert!(matches!(error, SealError::Altered), "{subject} {context}: {error}");
    }
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(open_one(store, &keys, "person:1", "history", &altered).await.is_err(), "byte {at}");
        assert!(open_one(store, &keys, "person:1", "history", &sealed[..at]).await.is_err(), "cut at {at}");
    }
    let empty = seal_one(store, &keys, "person:1", "").await.unwrap();
    assert_eq!(open_one(store, &keys, "person:1", "history", &empty).await.unwrap().len(), 0);
}

/// Neither the subject nor the value nor a usable key stands in the database.
async fn the_database_alone_says_nothing(bed: Bed) {
    let keys = MasterKeys::generate().unwrap();
    seal_one(&bed.store, &keys, "national-id:4711", "Amina").await.unwrap();
    let rows: Vec<(Vec<u8>, Vec<u8>)> = bed
        .store
        .read(async |tx: &mut Tx<'_>| tx.rows("SELECT subject_mac, wrapped FROM stoa_data_key", params![]).await)
        .await
        .unwrap();
    assert_eq!((rows.len(), rows[0].0.len(), rows[0].1.len()), (1, 32, 12 + 32 + 16));
}

async fn erasing_a_subject_silences_everything_about_them(bed: Bed) {
    let keys = MasterKeys::generate().unwrap();
    let store = &bed.store;
    let sealed = seal_one(store, &keys, "person:1", "Amina").await.unwrap();
    let other = seal_one(store, &keys, "person:2", "Ben").await.unwrap();
    let destroy = |subject: &'static str| {
        let keys = keys.clone();
        store.write(async move |tx: &mut Tx<'_>| seal::destroy_subject(tx, &keys, subject).await)
    };
    assert!(destroy("person:1").await.unwrap());
    assert!(!destroy("person:1").await.unwrap());
    assert!(!destroy("person:unknown").await.unwrap());
    assert!(matches!(open_one(store, &keys, "person:1", "history", &sealed).await, Err(SealError::Erased)));
    assert!(matches!(seal_one(store, &keys, "person:1", "back").await, Err(SealError::Erased)));
    assert!(matches!(seal_one(store, &keys, "person:unknown", "new").await, Err(SealError::Erased)));
    assert_eq!(&**open_one(store, &keys, "person:2", "history", &other).await.unwrap(), b"Ben");

    // An older backup brings the key back; the list of the destroyed takes it away again.
    let destroyed = store.read(async |tx: &mut Tx<'_>| seal::destroyed_subjects(tx, &[], 10).await).await.unwrap();
    assert_eq!(destroyed.len(), 2);
    let older = MasterKeys::from_bytes(keys.export().as_bytes()).unwrap();
    let restored = Bed::sqlite().await;
    let sealed = seal_one(&restored.store, &older, "person:1", "Amina").await.unwrap();
    restored
        .store
        .write(async move |tx: &mut Tx<'_>| {
            for subject in &destroyed {
                seal::destroy_again(tx, subject).await?;
            }
            Ok::<_, SealError>(())
        })
        .await
        .unwrap();
    assert!(matches!(open_one(&restored.store, &older, "person:1", "history", &sealed).await, Err(SealError::Erased)));
}

async fn rotate(bed: &Bed, keys: &MasterKeys) -> Rotated {
    seal::rotate_all(std::slice::from_ref(&bed.store), keys).await.unwrap()
}

async fn retire(bed: &Bed, keys: &MasterKeys, id: &KeyId) -> Result<(), SealError> {
    seal::retire(std::slice::from_ref(&bed.store), keys, id.as_str()).await
}

async fn rotation_keeps_every_value_and_frees_the_old_key(bed: Bed) {
    let folder = tempfile::tempdir().unwrap();
    let keys = MasterKeys::open(folder.path()).unwrap();
    let store = &bed.store;
    keys.check(store).await.unwrap();
    let old = keys.active();
    let sealed = seal_one(store, &keys, "person:1", "Amina").await.unwrap();
    seal_one(store, &keys, "person:2", "Ben").await.unwrap();
    let rotated = rotate(&bed, &keys).await;
    assert_eq!((rotated.is_new, rotated.wrapped), (true, vec![("test", 2)]));
    let new = keys.active();
    assert!(new == rotated.active && new != old);
    assert_eq!(seal::rotate(store, &keys).await.unwrap(), 0);
    assert_eq!(&**open_one(store, &keys, "person:1", "history", &sealed).await.unwrap(), b"Amina");
    let usage = seal::usage(store).await.unwrap();
    let wrapped = |id: &KeyId| usage.iter().find(|usage| usage.key == id.as_str()).unwrap().wrapped;
    assert_eq!((wrapped(&old), wrapped(&new)), (0, 2));

    let refused = retire(&bed, &keys, &new).await.unwrap_err();
    assert!(refused.to_string().contains("is the active one"), "{refused}");
    let gone = MasterKeys::open(folder.path()).unwrap();
    retire(&bed, &keys, &old).await.unwrap();
    assert!(retire(&bed, &keys, &old).await.unwrap_err().to_string().contains("none of this node's"));
    for keys in [keys, MasterKeys::open(folder.path()).unwrap()] {
        assert_eq!(keys.ids(), std::slice::from_ref(&new));
        keys.check(store).await.unwrap();
        assert_eq!(&**open_one(store, &keys, "person:1", "history", &sealed).await.unwrap(), b"Amina");
        seal_one(store, &keys, "person:3", "Cleo").await.unwrap();
    }
    drop(gone);
}

/// Wherever a rotation is cut off, everything opens afterwards, and the next one brings it to its end.
async fn a_rotation_that_was_cut_off_is_brought_to_its_end(bed: Bed) {
    let folder = tempfile::tempdir().unwrap();
    let keys = MasterKeys::open(folder.path()).unwrap();
    let store = &bed.store;
    keys.check(store).await.unwrap();
    let old = keys.active();
    let mut sealed = Vec::new();
    for (subject, text) in [("person:1", "Amina"), ("person:2", "Ben")] {
        sealed.push((subject, text, seal_one(store, &keys, subject, text).await.unwrap()));
    }
    // Killed when the new key was on disk and in no database yet.
    let new = keys.add_active().unwrap();
    let keys = MasterKeys::open(folder.path()).unwrap();
    keys.check(store).await.unwrap();
    // Killed when some data keys were wrapped with it and others were not.
    sealed.push(("person:3", "Cleo", seal_one(store, &keys, "person:3", "Cleo").await.unwrap()));
    let keys = MasterKeys::open(folder.path()).unwrap();
    for (subject, text, sealed) in &sealed {
        assert_eq!(&**open_one(store, &keys, subject, "history", sealed).await.unwrap(), text.as_bytes());
    }
    let refused = retire(&bed, &keys, &old).await.unwrap_err();
    assert!(refused.to_string().contains("still wraps 2 data keys of test"), "{refused}");
    let rotated = rotate(&bed, &keys).await;
    let ended = Rotated { active: new.clone(), is_new: false, wrapped: vec![("test", 2)] };
    assert_eq!(rotated, ended);
    // Killed when every database had noted that the old key is out of use, and the file still held it.
    retire(&bed, &keys, &old).await.unwrap();
    let text = keys.export();
    assert!(!text.contains(old.as_str()));
    for (subject, text, sealed) in &sealed {
        assert_eq!(&**open_one(store, &keys, subject, "history", sealed).await.unwrap(), text.as_bytes());
    }
    assert!(rotate(&bed, &keys).await.is_new, "and after it comes a new one");
    assert_ne!(keys.active(), new);
}

/// Another process with the same key file goes on while keys change under it, and one with an old copy of the file can
/// do no harm.
async fn a_process_beside_a_rotation_keeps_up(bed: Bed) {
    let folder = tempfile::tempdir().unwrap();
    let keys = MasterKeys::open(folder.path()).unwrap();
    keys.check(&bed.store).await.unwrap();
    let old = keys.active();
    let (other, beside) = (bed.other_node().await, MasterKeys::open(folder.path()).unwrap());
    let stale = MasterKeys::from_bytes(keys.export().as_bytes()).unwrap();
    let sealed = seal_one(&other, &beside, "person:1", "Amina").await.unwrap();
    rotate(&bed, &keys).await;
    assert_eq!(&**open_one(&other, &beside, "person:1", "history", &sealed).await.unwrap(), b"Amina");
    let new = keys.active();
    assert_eq!(beside.active(), new, "it looked into the file again");

    let late = MasterKeys::from_bytes(stale.export().as_bytes()).unwrap();
    seal_one(&other, &late, "person:2", "Ben").await.unwrap();
    assert!(retire(&bed, &keys, &old).await.is_err(), "an old copy still seals with the old key");
    rotate(&bed, &keys).await;
    let third = keys.add_active().unwrap();
    rotate(&bed, &keys).await;
    retire(&bed, &keys, &old).await.unwrap();
    retire(&bed, &keys, &new).await.unwrap();
    assert_eq!(beside.active(), new);
    seal_one(&other, &beside, "person:3", "Cleo").await.unwrap();
    assert_eq!(beside.active(), third, "its key was taken out of use, so it looked into the file again");

    let refused = seal_one(&other, &stale, "person:4", "Dan").await.unwrap_err();
    assert!(matches!(refused, SealError::Key(KeyError::Retired { .. })), "{refused}");
    assert!(matches!(stale.check(&other).await, Err(KeyError::DoesNotFit { .. } | KeyError::Retired { .. })));
    let refused = open_one(&other, &stale, "person:1", "history", &sealed).await.unwrap_err();
    assert!(matches!(refused, SealError::Key(KeyError::DoesNotFit { .. })), "{refused}");
}

/// A key file that does not belong to the data is refused at start, and the message names what is wanted.
async fn a_master_key_that_does_not_fit_is_refused_at_start(bed: Bed) {
    let keys = MasterKeys::generate().unwrap();
    keys.check(&bed.store).await.unwrap();
    keys.check(&bed.store).await.unwrap();
    let stranger = MasterKeys::generate().unwrap();
    let error = stranger.check(&bed.store).await.unwrap_err();
    assert!(matches!(error, KeyError::DoesNotFit { .. }));
    assert!(error.to_string().contains(keys.active().as_str()), "{error}");
    // Also when the database notes several keys and nothing is wrapped with any of them.
    keys.add_active().unwrap();
    keys.check(&bed.store).await.unwrap();
    assert!(matches!(stranger.check(&bed.store).await, Err(KeyError::DoesNotFit { .. })));
    assert_eq!(seal::usage(&bed.store).await.unwrap().len(), 2);
    let sealed = seal_one(&bed.store, &keys, "person:1", "Amina").await.unwrap();
    assert!(stranger.check(&bed.store).await.is_err());
    assert!(open_one(&bed.store, &stranger, "person:1", "history", &sealed).await.is_err());
    keys.check(&bed.store).await.unwrap();
}

/// A destroyed key does not lie on in the log or in its page, where a copy of the files would take it along.
#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_key_is_gone_from_the_files_too() {
    let bed = Bed::sqlite().await;
    let keys = MasterKeys::generate().unwrap();
    seal_one(&bed.store, &keys, "person:1", "Amina").await.unwrap();
    let wrapped = async |tx: &mut Tx<'_>| tx.get::<(Vec<u8>,)>("SELECT wrapped FROM stoa_data_key", params![]).await;
    let (wrapped,) = bed.store.read::<_, _, stoa_store::StoreError>(wrapped).await.unwrap();
    let file = bed.store.file().unwrap().to_owned();
    let is_found = || {
        let mut log = file.clone().into_os_string();
        log.push("-wal");
        [file.clone(), log.into()].into_iter().any(|file: std::path::PathBuf| {
            std::fs::read(file).unwrap().windows(wrapped.len()).any(|bytes| bytes == wrapped)
        })
    };
    assert!(is_found(), "the search would find it");
    let erased = keys.clone();
    bed.store.write(async move |tx: &mut Tx<'_>| seal::destroy_subject(tx, &erased, "person:1").await).await.unwrap();
    // The log is emptied after the answers of its batch, so before those of the next.
    bed.store.check_writes().await.unwrap();
    assert!(!is_found());
}

on_both_engines!(
    a_value_opens_in_its_own_place_only,
    the_database_alone_says_nothing,
    erasing_a_subject_silences_everything_about_them,
    rotation_keeps_every_value_and_frees_the_old_key,
    a_rotation_that_was_cut_off_is_brought_to_its_end,
    a_process_beside_a_rotation_keeps_up,
    a_master_key_that_does_not_fit_is_refused_at_start,
);
