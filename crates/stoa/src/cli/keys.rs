//! `stoa keys`: its arguments.

use std::path::PathBuf;

use clap::Subcommand;

/// `stoa keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the master keys, never the keys themselves: which is active, and what each of them wraps
    List,
    /// Make a new master key and wrap every person's key with it, while the server works
    #[command(after_help = "Example:\n  stoa keys rotate\n\n\
        Keep a copy of the key file afterwards. The older keys stay in it, for backups from before; `stoa keys retire` \
        takes one out. A rotation that was cut off is brought to its end by the next. Where the keys come from \
        configuration, add a key there first: it is taken up without a restart when `keys.master_file` names a file.")]
    Rotate,
    /// Take an older master key out of use for good
    #[command(after_help = "Example:\n  stoa keys retire 0f3a5c7e91b2d4f6\n\n\
        Refused while anything is wrapped with it. Backups that were made without their keys before the rotation can \
        then be opened only with a copy of the older key file.")]
    Retire {
        /// The key's id, as `keys list` shows it
        id: String,
    },
    /// Print new master keys, to be kept in a secret store and named by `keys.master_file` or `keys.master`
    #[command(after_help = "Examples:\n  \
        stoa keys new > master.keys\n  \
        stoa keys new --after master.keys > next.keys && stoa keys rotate")]
    New {
        /// Print the keys of this file with a new active one behind them
        #[arg(long, value_name = "FILE")]
        after: Option<PathBuf>,
    },
}
