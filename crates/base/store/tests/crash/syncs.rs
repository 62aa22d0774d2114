//! A kill cannot show a missing sync: the system keeps what it was given. So this test watches the system calls, and
//! fails when an answer leaves while the log holds writes that were not synced. The same watch over a store without
//! durability must find exactly that, or it would find nothing at all.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use crate::Outcome;

pub(crate) fn test() -> Outcome {
    let probe = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return Outcome::Ignored("needs strace, and a system that lets it trace");
    }
    let full = watched("full");
    assert!(full.answers >= 20 && full.syncs >= full.answers, "the watch saw too little: {full:?}");
    assert_eq!(full.early, 0, "answers left before their data was synced: {full:?}");
    let off = watched("off");
    assert!(off.early >= 20, "without durability the watch must find every answer early: {off:?}");
    Outcome::Passed(format!(
        "{} answers, {} syncs, none early; without durability {} of {} answers were early",
        full.answers, full.syncs, off.early, off.answers
    ))
}

/// What a watched run did.
#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    syncs: usize,
    /// Answers that left while the log held writes that were not synced.
    early: usize,
}

fn watched(durability: &str) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.txt");
    let status = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=write,pwrite64,pwritev,writev,fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--child", "watch", folder.path().to_str().unwrap(), durability])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(status.status.success(), "the watched process failed: {status:?}");
    read(&std::fs::read_to_string(trace).unwrap())
}

/// Reads a trace: `PID call(FD<path>, …) = result`, where a call that another thread interrupts is told in two lines. A
/// write counts from its beginning, a sync from its end.
fn read(trace: &str) -> Seen {
    let mut seen = Seen::default();
    let mut unsynced = 0_usize;
    let mut syncing: HashMap<&str, usize> = HashMap::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        let is_sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if call.contains("-wal>") && !is_sync {
            unsynced += 1;
        } else if call.contains("-wal>") {
            // Only what was written before it began is covered by a sync.
            if call.contains("<unfinished") {
                syncing.insert(pid, unsynced);
            } else {
                seen.syncs += 1;
                unsynced = 0;
            }
        } else if call.contains("sync resumed>") {
            if let Some(covered) = syncing.remove(pid) {
                seen.syncs += 1;
                unsynced -= covered.min(unsynced);
            }
        } else if call.starts_with("write(1<") {
            seen.answers += 1;
            seen.early += usize::from(unsynced > 0);
        }
    }
    seen
}
