//! Blobs: named by their content, synced, and nowhere but in their folder.

use std::path::Path;

use stoa_store::Blobs;
use stoa_store::blobs::{BlobError, BlobId};

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn content_is_kept_once_under_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(&folder.path().join("blobs")).unwrap();
    let id = blobs.put("hello").await.unwrap();
    assert_eq!(id.to_string(), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(blobs.put("hello").await.unwrap(), id);
    let kept = files(folder.path());
    assert_eq!(kept.len(), 1);
    assert!(kept[0].ends_with(format!("blobs/2c/{id}")));
    assert_eq!(&blobs.get(id).await.unwrap()[..], b"hello");
    assert!(blobs.contains(id).await.unwrap());
    let other = blobs.put(vec![0; 1000]).await.unwrap();

    let mut all = [id, other];
    all.sort();
    assert_eq!(blobs.list(None, 10).await.unwrap(), all);
    assert_eq!(blobs.list(None, 1).await.unwrap(), all[..1]);
    assert_eq!(blobs.list(Some(all[0]), 10).await.unwrap(), all[1..]);

    std::fs::write(&kept[0], "HELLO").unwrap();
    assert!(matches!(blobs.get(id).await, Err(BlobError::Damaged(_))));
    blobs.delete(id).await.unwrap();
    blobs.delete(id).await.unwrap();
    assert!(matches!(blobs.get(id).await, Err(BlobError::NotFound(_))));
    assert!(!blobs.contains(id).await.unwrap());
}

#[tokio::test]
async fn bounds_and_names_hold() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path()).unwrap().with_bytes_max(4);
    assert!(matches!(blobs.put("hello").await, Err(BlobError::TooLarge { bytes: 5, bytes_max: 4 })));
    assert_eq!(files(folder.path()).len(), 0);
    for name in [
        "",
        "..",
        "../../etc/passwd",
        "%2e%2e",
        &"A".repeat(64),
        &"g".repeat(64),
        &"a".repeat(63),
        &format!("{}/", "a".repeat(63)),
    ] {
        assert!(name.parse::<BlobId>().is_err(), "{name}");
    }
}
