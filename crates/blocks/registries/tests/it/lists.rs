//! Lists: sorted, searched, narrowed, all at once, and quickly enough for a large register.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoa_store::{Param, StoreError, ToParam as _, Tx};

use crate::room::{Room, fields};

#[tokio::test]
async fn a_sorted_list_holds_each_record_once_and_those_without_a_value_last() {
    let room = Room::with(json!({
        "n": {"type": "integer"}, "names": {"type": "array"}, "group": {"type": "string"}
    }))
    .await;
    for (n, names) in
        [(1, json!(["d", "b"])), (2, json!([])), (3, json!(["a", "z", "c"])), (4, Value::Null), (5, json!(["b"]))]
    {
        let group = if n % 2 == 0 { "even" } else { "odd" };
        room.create("x/1.0", json!({"n": n, "names": names, "group": group})).await.expect(200);
    }
    for (order, expected) in [("names", [3, 1, 5, 2, 4]), ("-names", [5, 1, 3, 4, 2]), ("n", [1, 2, 3, 4, 5])] {
        let all = room.list(&format!("x/1.0?ordering={order}")).await;
        assert_eq!(all["count"], 5);
        assert_eq!(room.column(&format!("x/1.0?ordering={order}"), "n").await, expected, "{order}");
        let mut pages = Vec::new();
        for page in 1..=5 {
            pages.extend(room.column(&format!("x/1.0?ordering={order}&page={page}&pageSize=1"), "n").await);
        }
        assert_eq!(pages, expected, "{order} by pages");
    }
    assert_eq!(room.column("x/1.0?ordering=names&query.group=odd", "n").await, [3, 1, 5]);
    assert_eq!(room.column("x/1.0?ordering=-names&query.group=even", "n").await, [4, 2]);
    assert_eq!(room.column("x/1.0?ordering=names&query.group=odd&page=2&pageSize=2", "n").await, [5]);
}

#[tokio::test]
async fn a_search_is_narrowed_and_sorted_like_any_list() {
    let room = Room::with(json!({
        "name": {"type": "string", "isFulltext": true}, "code": {"type": "string"}
    }))
    .await;
    for (name, code) in
        [("United Kingdom", "GB"), ("United States", "US"), ("Germany", "DE"), ("United Emirates", "AE")]
    {
        room.create("x/1.0", json!({"name": name, "code": code})).await.expect(200);
    }
    assert_eq!(
        room.list("x/1.0?search=united&query.code=DE").await,
        json!({"count": 0, "previous": null, "results": []})
    );
    assert_eq!(room.column("x/1.0?search=united&query.code=US", "code").await, ["US"]);
    assert_eq!(room.column("x/1.0?search=united&ordering=code", "code").await, ["AE", "GB", "US"]);
    assert_eq!(room.column("x/1.0?search=united&ordering=-code&page=2&pageSize=2", "code").await, ["AE"]);
    assert_eq!(room.column("x/1.0?search=%20.&ordering=code", "code").await, [""; 0]);
}

#[tokio::test]
async fn the_best_answers_come_first() {
    let room = Room::with(json!({
        "code": {"type": "string", "isFulltext": true}, "name": {"type": "string", "isFulltext": true},
        "names": {"type": "object", "properties": {"fr": {"type": "string", "isFulltext": true}}},
        "other": {"type": "array", "isFulltext": true}
    }))
    .await;
    for (code, name, french, other) in [
        ("MV", "Maldives", "Maldives", json!(["Mali Divov"])),
        ("XX", "Malian Coast", "Côte malienne", json!([])),
        ("YY", "Kali", "Mali", json!([])),
        ("ML", "Mali", "Mali", json!([])),
        ("ZZ", "Peru", "Pérou", json!(["x mali"])),
    ] {
        let content = json!({"code": code, "name": name, "names": {"fr": french}, "other": other});
        room.create("x/1.0", content).await.expect(200);
    }
    let found = room.column("x/1.0?search=MALI", "code").await;
    assert_eq!(found, ["ML", "YY", "MV", "ZZ", "XX"]);
    let mut pages = Vec::new();
    for page in 1..=5 {
        pages.extend(room.column(&format!("x/1.0?search=mali&page={page}&pageSize=1"), "code").await);
    }
    assert_eq!(pages, found);
    assert_eq!(room.list("x/1.0?search=mali&pageSize=2").await["count"], 5);
    assert_eq!(room.column("x/1.0?search=mal&pageSize=3", "code").await, ["MV", "XX", "ML"]);
}

const LARGE: u32 = 50_000;

/// Puts many records into a register straight through its database: creating them one by one is not what is timed here.
async fn fill(room: &Room, registry: i64) {
    let store = &room.stoa.stores["registries"];
    for chunk in 0..LARGE / 500 {
        let done: Result<(), StoreError> = store
            .write(async move |tx: &mut Tx<'_>| {
                let ids: Vec<Vec<u8>> =
                    (0..500).map(|nth| u128::from(1 + chunk * 500 + nth).to_be_bytes().to_vec()).collect();
                let contents: Vec<String> = (0..500)
                    .map(|nth| {
                        let n = chunk * 500 + nth;
                        json!({"1": name(n), "2": if n % 2 == 0 { "even" } else { "odd" }, "3": [name(n + 7), name(n)]})
                            .to_string()
                    })
                    .collect();
                let mut records = Vec::new();
                let mut values = Vec::new();
                let mut bound: Vec<Param<'_>> = vec![registry.to_param()];
                for (id, content) in ids.iter().zip(&contents) {
                    bound.push(id.to_param());
                    bound.push(content.to_param());
                    records.push(format!("(${}, $1, 1, 1, ${}, 0, 0)", bound.len() - 1, bound.len()));
                }
                let sql = "INSERT INTO record (id, registry, written_under, version, content, created_at, modified_at) VALUES";
                tx.execute(&format!("{sql} {}", records.join(", ")), &bound).await?;
                let texts: Vec<(usize, i64, String)> = (0..500)
                    .zip(0_usize..)
                    .flat_map(|(nth, at)| {
                        let n = chunk * 500 + nth;
                        let group = if n % 2 == 0 { "even" } else { "odd" };
                        [(at, 1, name(n)), (at, 2, group.to_owned()), (at, 3, name(n + 7)), (at, 3, name(n))]
                    })
                    .collect();
                let mut bound: Vec<Param<'_>> = vec![registry.to_param()];
                for (at, slot, text) in &texts {
                    bound.push(ids[*at].to_param());
                    bound.push(slot.to_param());
                    bound.push(text.to_param());
                    values.push(format!("($1, ${}, ${}, ${})", bound.len() - 2, bound.len() - 1, bound.len()));
                }
                let sql = "INSERT INTO record_value (registry, record, slot, value) VALUES";
                tx.execute(&format!("{sql} {}", values.join(", ")), &bound).await?;
                Ok(())
            })
            .await;
        done.unwrap();
    }
}

/// Names that are in no order when their records are made.
fn name(n: u32) -> String {
    format!("{:06}", (u64::from(n) * 7919) % 1_000_003)
}

/// Reading 50,000 rows takes some tenths of a second on a slow machine; sorting them by looking each one up among all
/// others took minutes.
#[tokio::test]
async fn a_large_register_is_sorted_and_narrowed_in_time() {
    let room = Room::new().await;
    let schema = json!({"name": {"type": "string"}, "group": {"type": "string"}, "names": {"type": "array"},
        "rare": {"type": "string"}});
    room.publish("x", fields(&schema)).await.expect(200);
    room.create("x/1.0", json!({"name": "", "rare": "r"})).await.expect(200);
    fill(&room, room.id_of("x").await).await;
    for (query, first) in [
        ("ordering=name", None),
        ("ordering=-name", None),
        ("ordering=name&page=4900", None),
        ("ordering=names", None),
        ("ordering=rare&page=4000", None),
        ("ordering=rare&query.group=odd", None),
        ("ordering=-names", None),
        ("ordering=name&query.group=odd", None),
        ("ordering=names&query.group=even", None),
        ("query.group=odd&query.name=000001", None),
        (&format!("query.group=odd&query.name={}", name(4321)), Some(name(4321))),
        ("query.group=odd&page=2000", None),
    ] {
        let begun = Instant::now();
        let list = room.list(&format!("x/1.0?{query}&pageSize=10")).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(3), "{query} took {took:?}");
        let results = list["results"].as_array().unwrap();
        let mut names: Vec<&str> = results.iter().map(|record| record["name"].as_str().unwrap()).collect();
        if let Some(first) = first {
            assert_eq!(names, [first]);
        }
        if query.starts_with("ordering=name&") || query == "ordering=name" {
            assert!(names.is_sorted(), "{names:?}");
            assert_eq!(names.len(), 10, "{query}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), results.len(), "{query}: each record once");
    }
}
