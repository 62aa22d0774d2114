//! How the program ends: a small closed set of exit codes, and failures that say what to do next.
//!
//! Scripts act on the code, people on the text; both are part of the surface and are documented from here.

use std::fmt;

/// What the process tells its caller. The numbers are a promise: they never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for was done.
    Done,
    /// It was not done, for a reason that none of the others names.
    Failed,
    /// The arguments or the configuration are wrong; nothing was touched.
    Usage,
    /// A check ran to its end and found problems (`verify`, `audit verify`, `flavor check`, `check cloud`).
    Problems,
    /// Another process holds the data folder or the address.
    Busy,
    /// The disk refuses: full, read-only, or not ours.
    Disk,
    /// The data cannot be used by this binary: newer, damaged, of another profile, or the master key does not fit.
    Data,
}

impl Exit {
    /// Every code, in order of its number.
    pub(crate) const ALL: [Exit; 7] =
        [Exit::Done, Exit::Failed, Exit::Usage, Exit::Problems, Exit::Busy, Exit::Disk, Exit::Data];

    /// The number the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Problems => 3,
            Exit::Busy => 4,
            Exit::Disk => 5,
            Exit::Data => 6,
        }
    }

    /// One line for the documents and for `--help`.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "failed; the message says why and what to do",
            Exit::Usage => "the arguments or the configuration are wrong; nothing was touched",
            Exit::Problems => "the check ran and found problems",
            Exit::Busy => "another process holds the data folder or the address",
            Exit::Disk => "the disk is full, read-only, or may not be written",
            Exit::Data => {
                "the data is newer than the binary, damaged, of another profile, or the master key does not fit"
            }
        }
    }

    /// The exit of a number that came over the socket.
    pub(crate) fn of_code(code: u8) -> Exit {
        Exit::ALL.into_iter().find(|exit| exit.code() == code).unwrap_or(Exit::Failed)
    }
}

/// Why a command did not succeed, for a person: what happened, and what to do about it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The code that the process ends with.
    pub(crate) exit: Exit,
    /// What happened, with the names that matter.
    pub(crate) message: String,
    /// What to do next; empty when the message says it already.
    pub(crate) advice: String,
}

impl Failure {
    /// A failure with a message.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), advice: String::new() }
    }

    /// The same, with the next step.
    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Failure {
        self.advice = advice.into();
        self
    }

    /// The same, with this next step when there is none yet.
    pub(crate) fn or_advice(self, advice: impl Into<String>) -> Failure {
        if self.advice.is_empty() { self.advice(advice) } else { self }
    }

    /// An operation on a file or folder that the system refused; the kind of refusal chooses code and advice.
    pub(crate) fn io(doing: impl fmt::Display, error: &std::io::Error) -> Failure {
        use std::io::ErrorKind;
        let message = format!("{doing}: {error}");
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Failure::new(Exit::Disk, message)
                    .advice("Free space on that disk, or choose a folder on another one with --data, and start again.")
            }
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Failure::new(Exit::Disk, message)
                .advice("Make the folder writable for this user, or choose another one with --data."),
            ErrorKind::AddrInUse => Failure::new(Exit::Busy, message)
                .advice("Stop the program that listens there, or choose another address with --listen."),
            _ => Failure::new(Exit::Failed, message),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", stoa_core::plain_lines(&self.message))?;
        if !self.advice.is_empty() {
            write!(f, "\n  next: {}", stoa_core::plain_lines(&self.advice))?;
        }
        Ok(())
    }
}

/// An error and all its causes on one line, outermost first; a cause that repeats what stands before it is left out.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let part = cause.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_survive_the_socket() {
        for (number, exit) in Exit::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(exit.code()), number);
            assert_eq!(Exit::of_code(exit.code()), exit);
        }
        assert_eq!(Exit::of_code(200), Exit::Failed);
    }

    #[test]
    fn a_message_cannot_steer_a_terminal() {
        let failure = Failure::new(Exit::Failed, "no file \u{1b}[31m\u{202e}x\r\n  a second line").advice("look\u{7}");
        let shown = "error: no file \u{fffd}[31m\u{fffd}x\u{fffd}\n  a second line\n  next: look\u{fffd}";
        assert_eq!(failure.to_string(), shown);
    }

    #[test]
    fn a_refusing_disk_has_its_own_code() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let failure = Failure::io("writing /data/node.db", &full);
        assert_eq!(failure.exit, Exit::Disk);
        assert!(failure.to_string().contains("next: Free space"));
    }
}
