//! How many flavor names are read and printed in a second, on one core:
//! `cargo run --release -p stoa-standards --example flavor-names`. The names are the valid ones of the tests' table.

#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use stoa_standards::flavor::{Flavor, Rules, parse};

const TABLE: &str = include_str!("../tests/data/flavor-names.jsonl");
const ROUND: Duration = Duration::from_secs(1);

fn main() {
    let names: Vec<String> = TABLE
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|row| row.get("name")?.as_str().map(str::to_owned))
        .filter(|name| name.parse::<Flavor>().is_ok())
        .collect();
    println!("{} names", names.len());
    let mut printed = String::with_capacity(256);
    measure("read", &names, |name| {
        let _ = black_box(parse(name, Rules::default()));
    });
    measure("read and print", &names, |name| {
        if let Ok(parsed) = parse(name, Rules::default()) {
            printed.clear();
            let _ = parsed.flavor.write_name(&mut printed);
            black_box(printed.len());
        }
    });
}

/// The best of five rounds: what the machine can do when nobody else needs it.
fn measure(what: &str, names: &[String], mut work: impl FnMut(&str)) {
    let mut best = 0;
    for _ in 0..5 {
        let begun = Instant::now();
        let mut done: u128 = 0;
        while begun.elapsed() < ROUND {
            for name in names {
                work(black_box(name));
            }
            done += names.len() as u128;
        }
        best = best.max(done * 1_000_000_000 / begun.elapsed().as_nanos());
    }
    println!("{what}: {best}/s, {} ns each", 1_000_000_000 / best.max(1));
}
