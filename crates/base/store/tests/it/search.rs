//! Full-text search: both engines find the same, whatever is typed.

use stoa_store::search::{Match, Question};
use stoa_store::{Store, StoreError, Tx, params, search};

use crate::engines::{Bed, on_both_engines};

async fn index(store: &Store, collection: &'static str, id: u8, text: &'static str) {
    store.write(async move |tx: &mut Tx<'_>| search::index(tx, collection, &[id], text).await).await.unwrap();
}

async fn find(store: &Store, question: &str) -> Vec<u8> {
    let question = question.to_owned();
    store
        .read(async move |tx: &mut Tx<'_>| {
            let found = search::find(tx, "people", &question, 100, 0).await?;
            assert_eq!(search::count(tx, "people", &question).await?, found.len() as u64, "{question}");
            Ok::<_, stoa_store::StoreError>(found.into_iter().map(|id| id[0]).collect())
        })
        .await
        .unwrap()
}

async fn people_are_found_however_they_are_spelt(bed: Bed) {
    let store = &bed.store;
    for (id, text) in [
        (1, "Zoë Müller-Straße, Łódź"),
        (2, "مُحَمَّد أحمد"),
        (3, "María García"),
        (4, "Mariama N’Diaye 1984-02-29"),
        (5, "Ελένη Παπαδόπουλος"),
        (6, "王 小明"),
    ] {
        index(store, "people", id, text).await;
    }
    index(store, "places", 9, "Maria").await;
    for (question, expected) in [
        ("zoe", &[1][..]),
        ("MULLER strasse", &[1]),
        ("lodz muller", &[1]),
        ("محمد", &[2]),
        ("احمد محمد", &[2]),
        ("maria", &[3, 4]),
        ("mar gar", &[3]),
        ("ndiaye", &[4]),
        ("1984", &[4]),
        ("ελενη παπαδοπουλοσ", &[5]),
        ("王", &[6]),
        ("maria müller", &[]),
        ("", &[]),
        ("  - ' \" ", &[]),
    ] {
        assert_eq!(find(store, question).await, expected, "{question:?}");
    }
}

/// A question is never a query language, on either engine.
async fn operators_are_words(bed: Bed) {
    index(&bed.store, "people", 1, "alpha near beta or not and").await;
    for question in [
        "\"",
        "*",
        "a*",
        "alpha OR",
        "NOT alpha",
        "alpha NEAR/2 beta",
        "words:alpha",
        "alpha -beta",
        "(alpha",
        "'alpha':*",
        "alpha & | !",
        "\\",
        "^alpha",
        "{a b}",
        "alpha\0beta",
        "\u{2317}",
    ] {
        find(&bed.store, question).await;
    }
    assert_eq!(find(&bed.store, "alpha OR").await, [1]);
    assert_eq!(find(&bed.store, "alpha XOR").await, [] as [u8; 0]);
    let long = "a ".repeat(10_000);
    find(&bed.store, &long).await;
}

async fn the_index_follows_changes(bed: Bed) {
    let store = &bed.store;
    index(store, "people", 1, "old name").await;
    index(store, "people", 2, "second").await;
    index(store, "people", 1, "new name").await;
    assert_eq!(find(store, "old").await, [] as [u8; 0]);
    assert_eq!(find(store, "new").await, [1]);
    assert_eq!(find(store, "n").await, [1]);
    store.write(async |tx: &mut Tx<'_>| search::remove(tx, "people", &[1]).await).await.unwrap();
    store.write(async |tx: &mut Tx<'_>| search::remove(tx, "people", &[7]).await).await.unwrap();
    assert_eq!(find(store, "name").await, [] as [u8; 0]);
    index(store, "people", 3, "").await;
    index(store, "people", 3, "third name").await;
    assert_eq!(find(store, "name").await, [3]);
}

async fn pages_do_not_overlap(bed: Bed) {
    for id in 0..20 {
        index(&bed.store, "people", id, "same name").await;
    }
    let mut seen = Vec::new();
    for offset in [0, 7, 14] {
        let page = bed
            .store
            .read(async move |tx: &mut Tx<'_>| search::find(tx, "people", "name", 7, offset).await)
            .await
            .unwrap();
        seen.extend(page.into_iter().map(|id| id[0]));
    }
    assert_eq!(seen, (0..20).collect::<Vec<u8>>());
}

/// Whole words come apart from words that are only begun, and both together are all.
async fn better_matches_can_be_had_first(bed: Bed) {
    let store = &bed.store;
    for (id, text) in [(1, "Malian"), (2, "Mali"), (3, "Malaysia Mali"), (4, "Maldives"), (5, "Peru")] {
        index(store, "people", id, text).await;
    }
    index(store, "places", 9, "Mali").await;
    let ids = async |typed: &'static str, how: Match| {
        let found = store.read(async move |tx: &mut Tx<'_>| {
            let question = Question::new(tx, "people", typed, how).unwrap();
            let found = question.find(tx, 100, 0).await?;
            assert_eq!(question.count(tx).await?, found.len() as u64, "{typed}");
            let sql = format!("SELECT q.id FROM ({}) q ORDER BY q.id", question.ids(1));
            let inside: Vec<(Vec<u8>,)> = tx.rows(&sql, params![question.param()]).await?;
            assert_eq!(inside.into_iter().map(|(id,)| id).collect::<Vec<_>>(), found, "{typed}");
            Ok::<_, StoreError>(found)
        });
        found.await.unwrap().into_iter().map(|id| id[0]).collect::<Vec<_>>()
    };
    assert_eq!(ids("mali", Match::Begun).await, [1, 2, 3]);
    assert_eq!(ids("mali", Match::Whole).await, [2, 3]);
    assert_eq!(ids("mali", Match::OnlyBegun).await, [1]);
    assert_eq!(ids("mal mali", Match::Whole).await, [] as [u8; 0]);
    assert_eq!(ids("mal mali", Match::OnlyBegun).await, [1, 2, 3]);
}

on_both_engines!(
    people_are_found_however_they_are_spelt,
    operators_are_words,
    the_index_follows_changes,
    pages_do_not_overlap,
    better_matches_can_be_had_first
);
