//! What was made is noted before it is made, and removed whatever happens in between.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use stoa_checks::openstack::{Journal, JournalError, Kind, cleanup, groups, noted};
use stoa_standards::verdict::Reading;

use super::context;
use super::counterpart::{Counterpart, Nature};
use super::server::Reply;

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn nothing_is_made_that_is_not_noted_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let seen = path.clone();
    let counterpart = Counterpart::start(Nature::but(move |asked| {
        let body = asked.json();
        let named = ["/server/name", "/network/name", "/volume/name", "/backup/name", "/restore/name", "/name"];
        if asked.method == "POST"
            && let Some(name) = named.iter().find_map(|pointer| body.pointer(pointer)?.as_str())
        {
            let noted = format!("\"name\":\"{name}\"");
            assert!(lines(&seen).iter().any(|line| line.contains("intend") && line.contains(&noted)), "{name}");
        }
        None
    }))
    .await;
    let wanted = ["scs-0101-fips-test", "scs-0116-permissions", "scs-0117-test-backup"];
    super::run(&counterpart.cloud(), &wanted, &context(folder.path(), Reading::Standard)).await;
    assert_eq!(lines(&path).iter().filter(|line| line.contains("intend")).count(), 6);
    assert_eq!(lines(&path).iter().filter(|line| line.contains("gone")).count(), 6);
    let cleaned = cleanup(&counterpart.cloud(), &path).await.unwrap();
    assert_eq!((cleaned.removed.len(), cleaned.left.len()), (0, 0));
    assert!(!path.exists(), "an empty journal goes");
}

/// Cut off after each call in turn: afterwards the cloud is as it was.
#[tokio::test]
async fn a_run_that_is_cut_off_anywhere_leaves_nothing_after_cleaning_up() {
    let wanted: BTreeSet<String> =
        ["scs-0101-fips-test", "scs-0117-test-backup", "scs-0116-permissions"].map(str::to_owned).into();
    for cut in 1..40 {
        let folder = tempfile::tempdir().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let (counted, over) = (Arc::clone(&count), Arc::clone(&is_over));
        // From the nth call on there is silence, which stands for the end of the program.
        let counterpart = Counterpart::start(Nature::but(move |_| {
            let is_cut = counted.fetch_add(1, Ordering::SeqCst) == cut;
            (is_cut && !over.load(Ordering::SeqCst)).then_some(Reply::Hang)
        }))
        .await;
        let context = context(folder.path(), Reading::Standard);
        let works = groups(counterpart.cloud(), &wanted, &context).into_iter().map(|group| group.work);
        let all = futures_util::future::join_all(works);
        let is_cut = async {
            while count.load(Ordering::SeqCst) <= cut {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = all => {}
            () = is_cut => {}
        }
        is_over.store(true, Ordering::SeqCst);
        let cloud = counterpart.cloud();
        let cleaned = cleanup(&cloud, &context.journal).await.unwrap();
        assert_eq!(cleaned.left, Vec::new(), "cut at {cut}");
        assert_eq!(counterpart.left(), Vec::<String>::new(), "cut at {cut}");
        assert_eq!(cleanup(&cloud, &context.journal).await.unwrap(), stoa_checks::openstack::Cleaned::default());
    }
}

#[tokio::test]
async fn things_of_which_only_the_name_is_known_are_found_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let counterpart = Counterpart::start(Nature::default()).await;
    let cloud = counterpart.cloud();
    let auth_url = cloud.config().auth_url.clone();
    {
        let journal = Journal::open(&path, "test", &auth_url, "p1").unwrap();
        for (kind, folder) in [
            (Kind::Server, "servers"),
            (Kind::Backup, "backups"),
            (Kind::Volume, "volumes"),
            (Kind::Network, "networks"),
            (Kind::SecurityGroup, "security-groups"),
            (Kind::Secret, "secrets"),
        ] {
            let name = journal.name("0101", folder);
            journal.intend(kind, &name).unwrap();
            counterpart.put(folder, &name);
            counterpart.put(folder, "somebody's");
        }
        journal.intend(Kind::Volume, &journal.name("0117", "never-made")).unwrap();
    }
    let cleaned = cleanup(&cloud, &path).await.unwrap();
    assert_eq!((cleaned.removed.len(), cleaned.absent.len()), (6, 1), "{cleaned:?}");
    assert_eq!(counterpart.left(), vec!["somebody's"; 6]);
    let first = cleaned.removed[0].clone();
    assert!(first.starts_with("server _scs-0101-servers-"), "{first}");
}

/// A cloud goes on with a request whose sender has hung up: what it was asked to make is there a moment later.
#[tokio::test]
async fn what_appears_only_after_a_while_is_removed_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let looks = Arc::new(AtomicUsize::new(0));
    let looked = Arc::clone(&looks);
    let counterpart = Counterpart::start(Nature::but(move |asked| {
        let is_list = asked.method == "GET" && asked.path == "/volume/v3/volumes";
        let is_early = is_list && looked.fetch_add(1, Ordering::SeqCst) < 4;
        is_early.then(|| Reply::json(200, &serde_json::json!({ "volumes": [] })))
    }))
    .await;
    let cloud = counterpart.cloud();
    {
        let journal = Journal::open(&path, "test", &cloud.config().auth_url, "p1").unwrap();
        let name = journal.name("0117", "volume");
        journal.intend(Kind::Volume, &name).unwrap();
        counterpart.put("volumes", &name);
        assert_eq!(noted(&path), 1);
    }
    let cleaned = cleanup(&cloud, &path).await.unwrap();
    assert_eq!((cleaned.removed.len(), cleaned.absent.len()), (1, 0), "{cleaned:?}");
    assert_eq!((counterpart.left(), looks.load(Ordering::SeqCst)), (Vec::new(), 5));
    assert_eq!(noted(&path), 0);
}

#[tokio::test]
async fn a_line_that_was_cut_off_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/journal.jsonl");
    let counterpart = Counterpart::start(Nature::default()).await;
    let cloud = counterpart.cloud();
    let auth_url = cloud.config().auth_url.clone();
    let id = counterpart.put("volumes", "_scs-0117-volume-x");
    {
        let journal = Journal::open(&path, "test", &auth_url, "p1").unwrap();
        let thing = journal.intend(Kind::Volume, "_scs-0117-volume-x").unwrap();
        journal.made(&thing, &id).unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    // Cut at every byte of the last line: the name is known from the line before.
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    for end in last..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        let journal = Journal::open(&path, "test", &auth_url, "p1").unwrap();
        assert_eq!(journal.things(None).len(), 1, "cut at {end}");
        let other = journal.intend(Kind::Secret, "_scs-0116-secret-x").unwrap();
        journal.gone(&other).unwrap();
        drop(journal);
        let journal = Journal::open(&path, "test", &auth_url, "p1").unwrap();
        assert_eq!(journal.things(None).len(), 1, "what is written after a cut line is read, cut at {end}");
    }
    std::fs::write(&path, [b"\xff\x00 no line\n".as_slice(), &whole].concat()).unwrap();
    let cleaned = cleanup(&cloud, &path).await.unwrap();
    assert_eq!((cleaned.removed.len(), cleaned.damaged), (1, 1));
}

#[tokio::test]
async fn a_journal_is_of_one_cloud_and_one_run_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let open = |auth_url: &str, project: &str| Journal::open(&path, "test", auth_url, project);
    let journal = open("https://a", "p1").unwrap();
    assert!(matches!(open("https://a", "p1"), Err(JournalError::InUse { .. })));
    drop(journal);
    for (auth_url, project) in [("https://b", "p1"), ("https://a", "p2")] {
        let error = open(auth_url, project).unwrap_err();
        assert!(matches!(error, JournalError::OfAnother { .. }), "{error}");
        assert!(error.to_string().contains("https://a"), "{error}");
    }
    assert!(open("https://a", "p1").is_ok());
    assert!(Journal::open(Path::new("/proc/nowhere/journal"), "test", "https://a", "p1").is_err());
}

#[tokio::test]
async fn without_a_place_for_the_journal_nothing_is_made() {
    let counterpart = Counterpart::start(Nature::default()).await;
    let context = context(Path::new("/proc/nowhere"), Reading::Standard);
    let wanted = ["scs-0101-fips-test", "scs-0116-permissions", "scs-0117-test-backup"];
    let answers = super::run(&counterpart.cloud(), &wanted, &context).await;
    for (id, check) in answers {
        assert!(check.reason().contains("nothing is made that is not noted"), "{id}: {}", check.reason());
    }
    assert!(
        !counterpart.server.lines().iter().any(|line| line.starts_with("POST /v") && line != "POST /v3/auth/tokens")
    );
}
