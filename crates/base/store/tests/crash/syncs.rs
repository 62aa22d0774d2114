//! A kill cannot show a missing sync: the system keeps what it was given. So this test watches the system calls, and
//! fails when an answer leaves before the log holds its unit, synced: of units one after the other, and of many together.
//! The same watch over a store without durability must find exactly that, or it would find nothing at all.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use crate::Outcome;

pub(crate) fn test() -> Outcome {
    let probe = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return Outcome::Ignored("needs strace, and a system that lets it trace");
    }
    let alone = watched("watch", "full");
    assert!(alone.answers >= 20 && alone.syncs >= alone.answers, "the watch saw too little: {alone:?}");
    assert_eq!(alone.early, 0, "answers left before their data was synced: {alone:?}");
    let crowd = watched("crowd", "full");
    assert!(crowd.answers >= 300, "the watch saw too little: {crowd:?}");
    assert_eq!(crowd.early, 0, "answers left before their data was synced, in a batch of many: {crowd:?}");
    assert!(crowd.syncs * 2 < crowd.answers, "units that come together share their syncs: {crowd:?}");
    for mode in ["watch", "crowd"] {
        let off = watched(mode, "off");
        assert_eq!(off.early, off.answers, "without durability the watch must find every answer early: {off:?}");
        assert!(off.answers >= 20, "{off:?}");
    }
    Outcome::Passed(format!(
        "one after the other {} answers, {} syncs; together {} answers, {} syncs; none early, and without durability all",
        alone.answers, alone.syncs, crowd.answers, crowd.syncs
    ))
}

/// What a watched run did.
#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    syncs: usize,
    /// Answers that left before the log held their unit, synced.
    early: usize,
}

fn watched(mode: &str, durability: &str) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.txt");
    let status = Command::new("strace")
        // Whole pages: they hold the units' names.
        .args(["-f", "-y", "-s", "70000", "-e", "trace=write,pwrite64,pwritev,writev,fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--child", mode, folder.path().to_str().unwrap(), durability])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(status.status.success(), "the watched process failed: {status:?}");
    read(&std::fs::read_to_string(trace).unwrap())
}

/// Reads a trace: `PID call(FD<path>, …) = result`, where a call that another thread interrupts is told in two lines. A
/// write counts from its beginning, a sync from its end, and covers what was written before it began.
fn read(trace: &str) -> Seen {
    let mut seen = Seen::default();
    // Writes to the log so far, how many of them are synced, and with which of them each unit came there.
    let (mut writes, mut synced) = (0_usize, 0_usize);
    let mut written: HashMap<i64, usize> = HashMap::new();
    let mut syncing: HashMap<&str, usize> = HashMap::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        let is_sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if call.contains("-wal>") && !is_sync {
            writes += 1;
            for unit in names(call) {
                written.entry(unit).or_insert(writes);
            }
        } else if call.contains("-wal>") {
            if call.contains("<unfinished") {
                syncing.insert(pid, writes);
            } else {
                seen.syncs += 1;
                synced = writes;
            }
        } else if call.contains("sync resumed>") {
            if let Some(covered) = syncing.remove(pid) {
                seen.syncs += 1;
                synced = synced.max(covered);
            }
        } else if call.starts_with("write(1<") {
            let unit = call.split('"').nth(1).and_then(|text| text.trim_end_matches("\\n").parse::<i64>().ok());
            let unit = unit.expect("an answer names its unit");
            seen.answers += 1;
            seen.early += usize::from(written.get(&unit).is_none_or(|write| *write > synced));
        }
    }
    seen
}

/// The units that are named in what a call writes, as `<17>`.
fn names(call: &str) -> impl Iterator<Item = i64> {
    let bytes = call.split_once('"').map_or("", |(_, bytes)| bytes);
    bytes.split('<').skip(1).filter_map(|part| part.split_once('>')?.0.parse().ok())
}
