//! Blobs: named by their content, kept once, and nowhere but in their place; in a folder, and in an S3 service.

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

/// What holds wherever they lie.
async fn content_is_kept_under_its_digest(blobs: Blobs) {
    let id = blobs.put("hello").await.unwrap();
    assert_eq!(id.to_string(), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(blobs.put("hello").await.unwrap(), id);
    assert_eq!(&blobs.get(id).await.unwrap()[..], b"hello");
    assert!(blobs.contains(id).await.unwrap());
    let empty = blobs.put("").await.unwrap();
    assert_eq!(blobs.get(empty).await.unwrap().len(), 0);
    let large = vec![7; 300_000];
    let other = blobs.put(large.clone()).await.unwrap();
    assert_eq!(blobs.get(other).await.unwrap(), large);

    let mut all = vec![id, empty, other];
    for number in 0..40_u32 {
        all.push(blobs.put(number.to_string()).await.unwrap());
    }
    all.sort();
    assert_eq!(blobs.list(None, 100).await.unwrap(), all);
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = blobs.list(after, 7).await.unwrap();
        assert!(page.len() <= 7);
        after = page.last().copied();
        paged.extend(page);
        if after.is_none() || paged.len() > all.len() {
            break;
        }
    }
    assert_eq!(paged, all);

    for id in all {
        blobs.delete(id).await.unwrap();
        blobs.delete(id).await.unwrap();
        assert!(matches!(blobs.get(id).await, Err(BlobError::NotFound(_))));
        assert!(!blobs.contains(id).await.unwrap());
    }
    assert_eq!(blobs.list(None, 10).await.unwrap(), []);

    let small = blobs.with_bytes_max(4);
    assert!(matches!(small.put("hello").await, Err(BlobError::TooLarge { bytes: 5, bytes_max: 4 })));
    assert_eq!(small.list(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_folder_keeps_blobs() {
    let folder = tempfile::tempdir().unwrap();
    content_is_kept_under_its_digest(Blobs::folder(&folder.path().join("blobs")).unwrap()).await;
}

#[cfg(feature = "s3")]
#[tokio::test]
#[ignore = "needs an S3 service in STOA_TEST_S3: scripts/s3-tests.sh"]
async fn an_s3_service_keeps_blobs() {
    let endpoint = std::env::var("STOA_TEST_S3").expect("STOA_TEST_S3 names an S3 service with a bucket `stoa-test`");
    let open = |prefix: &str| {
        let options = [
            ("bucket", "stoa-test"),
            ("endpoint", &endpoint),
            ("region", "us-east-1"),
            ("access_key_id", "test"),
            ("secret_access_key", "test"),
            ("allow_http", "true"),
        ];
        Blobs::s3(prefix, options.map(|(name, value)| (name, value.to_owned()))).unwrap()
    };
    let theirs = open("another_block");
    let kept = theirs.put("theirs").await.unwrap();
    content_is_kept_under_its_digest(open("a_block")).await;
    assert_eq!(theirs.list(None, 10).await.unwrap(), [kept], "each block has a prefix of its own");
    theirs.delete(kept).await.unwrap();
}

#[tokio::test]
async fn a_folder_holds_a_content_once_and_its_damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(&folder.path().join("blobs")).unwrap();
    let id = blobs.put("hello").await.unwrap();
    assert_eq!(blobs.put("hello").await.unwrap(), id);
    let kept = files(folder.path());
    assert_eq!(kept.len(), 1);
    assert!(kept[0].ends_with(format!("blobs/2c/{id}")));
    std::fs::write(&kept[0], "HELLO").unwrap();
    assert!(matches!(blobs.get(id).await, Err(BlobError::Damaged(_))));
}

/// A put that is killed leaves its staging file; what is there and what is on its way is left alone.
#[tokio::test]
async fn what_killed_puts_left_behind_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path()).unwrap();
    let id = blobs.put("hello").await.unwrap();
    let place = |name: &str| folder.path().join("2c").join(name);
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for (name, old) in [(format!("{id}#1"), true), (format!("{id}#2"), false), ("notes#1".to_owned(), true)] {
        let file = std::fs::File::create(place(&name)).unwrap();
        if old {
            file.set_modified(long_ago).unwrap();
        }
    }
    std::fs::File::open(place(&id.to_string())).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(blobs.sweep().await.unwrap(), 1);
    assert!(!place(&format!("{id}#1")).exists());
    assert!(place(&format!("{id}#2")).exists() && place("notes#1").exists());
    assert_eq!(blobs.list(None, 10).await.unwrap(), [id]);
}

#[test]
fn a_name_leads_nowhere_else() {
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
