//! Sealing: each value opens for its own subject and place only, and for nobody once the subject was erased.

use stoa_store::keys::KeyError;
use stoa_store::seal::{self, SealError};
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

async fn rotation_keeps_every_value_and_frees_the_old_key(bed: Bed) {
    let folder = tempfile::tempdir().unwrap();
    let old = MasterKeys::open(folder.path()).unwrap();
    let store = &bed.store;
    old.check(store).await.unwrap();
    let sealed = seal_one(store, &old, "person:1", "Amina").await.unwrap();
    seal_one(store, &old, "person:2", "Ben").await.unwrap();
    let new = old.add_active().unwrap();
    new.check(store).await.unwrap();
    assert_eq!(&**open_one(store, &new, "person:1", "history", &sealed).await.unwrap(), b"Amina");
    assert_eq!(seal::rotate(store, &new).await.unwrap(), 2);
    assert_eq!(seal::rotate(store, &new).await.unwrap(), 0);

    let file = folder.path().join(stoa_store::keys::FILE_NAME);
    let retired: String = std::fs::read_to_string(&file)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with(&format!("key {}", old.active())))
        .collect::<Vec<_>>()
        .join("\n");
    std::fs::write(&file, retired).unwrap();
    let only_new = MasterKeys::open(folder.path()).unwrap();
    assert_eq!(only_new.ids().count(), 1);
    only_new.check(store).await.unwrap();
    assert_eq!(&**open_one(store, &only_new, "person:1", "history", &sealed).await.unwrap(), b"Amina");
    assert!(open_one(store, &old, "person:1", "history", &sealed).await.is_err());
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
    let sealed = seal_one(&bed.store, &keys, "person:1", "Amina").await.unwrap();
    assert!(stranger.check(&bed.store).await.is_err());
    assert!(open_one(&bed.store, &stranger, "person:1", "history", &sealed).await.is_err());
    keys.check(&bed.store).await.unwrap();
}

on_both_engines!(
    a_value_opens_in_its_own_place_only,
    the_database_alone_says_nothing,
    erasing_a_subject_silences_everything_about_them,
    rotation_keeps_every_value_and_frees_the_old_key,
    a_master_key_that_does_not_fit_is_refused_at_start,
);
