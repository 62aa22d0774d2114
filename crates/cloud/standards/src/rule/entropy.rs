//! Entropy in servers (scs-0101): what a server printed about its own randomness.

use super::{Check, Finding};

/// The count at which the kernel of today always stands (Linux 5.18 and later, and its long-term releases).
pub const ENTROPY_FULL: u32 = 256;
/// Blocks of `rngtest`, of a thousand, that may fail without a word: chance fails some.
pub const FIPS_FAILURES_STRICT: u32 = 3;
/// Blocks of `rngtest`, of a thousand, that may fail at all.
pub const FIPS_FAILURES_MAX: u32 = 5;

const KERNEL: &str = "use an image with a kernel of 5.18 or later";
const CPU: &str = "let the hypervisor pass RDRAND and RDSEED (or RNDR) on to servers: no masking CPU model";

/// `scs-0101-entropy-avail`: what `/proc/sys/kernel/random/entropy_avail` holds in a server.
pub fn entropy_available(server: &str, output: &[&str]) -> Check {
    let Some(first) = output.first().map(|line| line.trim()) else {
        return Check::aborted(server, "it printed nothing about its entropy", "look at the server's console");
    };
    match first.parse::<u32>() {
        Ok(ENTROPY_FULL) => Check::of([]),
        _ => {
            let shown = crate::tree::shortened(first);
            let reason = format!("entropy_avail is `{shown}`, expected {ENTROPY_FULL}");
            Check::of([Finding::fault(server, reason, KERNEL)])
        }
    }
}

/// `scs-0101-fips-test`: what `rngtest` printed about a thousand blocks of `/dev/random`.
pub fn fips(server: &str, output: &[&str]) -> Check {
    let Some(failures) = output.iter().find_map(|line| failures(line)) else {
        return Check::aborted(server, "rngtest printed no number of failures", "look at the server's console");
    };
    let reason = format!("{failures} of 1000 blocks fail the FIPS 140-2 test, at most {FIPS_FAILURES_MAX} may");
    Check::of(if failures <= FIPS_FAILURES_STRICT {
        None
    } else if failures <= FIPS_FAILURES_MAX {
        Some(Finding::remark(server, reason, CPU))
    } else {
        Some(Finding::fault(server, reason, CPU))
    })
}

/// The number after `failures:`.
fn failures(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("failures:")?;
    let rest = rest.trim_start();
    rest.get(..rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len()))?.parse().ok()
}

/// `scs-0101-rngd`: what the state of the daemon is, as `systemctl` prints it. Declared in the scope, asked for by no
/// version: v1.1 of the standard dropped the daemon.
pub fn daemon(server: &str, output: &[&str]) -> Check {
    if output.is_empty() {
        return Check::aborted(server, "it printed nothing about rngd", "look at the server's console");
    }
    if output.iter().any(|line| line.trim() == "active" || line.contains("active (running)")) {
        return Check::of([]);
    }
    Check::of([Finding::fault(server, "rngd is not running", "install rng-tools in the image")])
}

/// `scs-0101-flavor-property`: flavors, each with its extra spec `hw_rng:allowed`. Declared in the scope, asked for by
/// no version.
pub fn flavors<'a>(flavors: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Check {
    let lacking =
        flavors.into_iter().filter(|(_, allowed)| !allowed.is_some_and(|text| text.eq_ignore_ascii_case("true")));
    Check::of(lacking.map(|(name, _)| {
        let object = format!("flavor {}", crate::tree::shortened(name));
        Finding::fault(object, "hw_rng:allowed is not true", "set the extra spec hw_rng:allowed to True")
    }))
}
