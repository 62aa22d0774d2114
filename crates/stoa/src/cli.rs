//! The command line: every command, argument and example in one place. The reference page is printed from here.

mod check;
mod flavor;
mod keys;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use check::{
    CheckCleanup, CheckCloud, CheckCommand, ClusterArguments, DataCommand, ImageCheck, ImageCommand, ModeName,
    ReportCommand, ReportFormat, ScopeName,
};
pub(crate) use flavor::{FlavorBuild, FlavorCommand, FlavorExtraSpecs, FlavorNames, StandardVersion};
pub(crate) use keys::KeysCommand;

/// Everything that can be asked of the program.
#[derive(Debug, Parser)]
#[command(
    name = "stoa",
    version,
    about = "Digital public infrastructure in one binary",
    long_about = "Stoa is digital public infrastructure in one binary: building blocks behind one address, on storage \
                  that you own.\n\nWith nothing configured, `stoa up` starts everything on 127.0.0.1:8080 and keeps its \
                  data in ./stoa-data.",
    after_help = "Examples:\n  \
        stoa up                                  start; prints the address and a sign-in link\n  \
        stoa up --listen 127.0.0.1:9000 --data /srv/stoa\n  \
        stoa key create --name ci --role operator   print a new API key, and only it\n  \
        stoa backup monday.stoa                  a consistent copy, beside the running server\n  \
        stoa audit verify                        is the evidence whole?\n  \
        stoa check cloud mycloud                 does it conform to the standards?\n\n\
        Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 problems found, 4 busy, 5 disk, 6 data.\n\
        Where a server runs on the data folder, commands go through its socket; else they work on the folder.",
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// Configuration file; without it `stoa.toml` in this folder, if there is one
    #[arg(long, global = true, value_name = "FILE", env = "STOA_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// Data folder; without it `data.dir` of the configuration, `./stoa-data`
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server
    #[command(after_help = "Examples:\n  \
        stoa up\n  \
        stoa up --listen 127.0.0.1:9000 --data /srv/stoa\n  \
        stoa up --profile govstack --only registries --listen 127.0.0.1:3333\n\n\
        The first start makes the data folder and the master key, and prints a link that signs you in once.\n\
        Ctrl-C or SIGTERM finishes what is in flight, at most 30 seconds, and stops.")]
    Up(Up),
    /// Check or show the configuration without starting
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write everything into one archive, also beside a running server
    #[command(after_help = "Examples:\n  \
        stoa backup monday.stoa --passphrase-file secret.txt\n  \
        STOA_PASSPHRASE=… stoa backup monday.stoa\n  \
        stoa backup monday.stoa --unencrypted\n\n\
        Without a passphrase the archive is readable by anybody and therefore holds no master key: personal data \
        inside stays sealed, and a restore needs the key folder too.")]
    Backup(Backup),
    /// Build a data folder from an archive
    #[command(after_help = "Examples:\n  \
        stoa restore monday.stoa --data ./restored --passphrase-file secret.txt\n\n\
        The folder must be empty or absent. Digests are verified before anything is put in place, and people whose \
        keys were destroyed after the backup stay forgotten when --erased FILE names the list kept since.")]
    Restore(Restore),
    /// Check that an archive is whole and readable; nothing is written
    #[command(after_help = "Examples:\n  stoa verify monday.stoa --passphrase-file secret.txt\n\n\
        Ends with 3 when the archive is damaged or cut.")]
    Verify(VerifyArchive),
    /// Check and search the evidence
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Work with registers
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Start the compliance monitor alone, or work with it
    #[command(
        subcommand_negates_reqs = true,
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  \
        stoa monitor                             the public site at http://127.0.0.1:8080/\n  \
        stoa monitor --listen 127.0.0.1:9000 --data /srv/monitor\n  \
        stoa monitor import-bootstrap bootstrap.yaml\n\n\
        Without a command it is `stoa up --only monitor`."
    )]
    Monitor {
        /// Address to listen on; without it `server.listen`, 127.0.0.1:8080
        #[arg(long, value_name = "HOST:PORT")]
        listen: Option<String>,
        /// What to do with it
        #[command(subcommand)]
        command: Option<MonitorCommand>,
    },
    /// Make sample data
    #[command(subcommand)]
    Sample(SampleCommand),
    /// API keys of programs
    #[command(subcommand)]
    Key(KeyCommand),
    /// Master keys, which personal data is sealed with
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The standards of the Sovereign Cloud Stack
    #[command(subcommand)]
    Standard(StandardCommand),
    /// Check clouds and clusters against the standards
    #[command(subcommand)]
    Check(CheckCommand),
    /// Reports of checks: sign, verify, show, compare, hand over
    #[command(subcommand)]
    Report(ReportCommand),
    /// Metadata of images by the standard scs-0102
    #[command(subcommand)]
    Image(ImageCommand),
    /// Names of flavors by the standards scs-0100 and scs-0103
    #[command(subcommand)]
    Flavor(FlavorCommand),
    /// Print a new sign-in link for the console
    #[command(
        after_help = "Example:\n  stoa link\n\nThe link signs in once as administrator and is valid for fifteen minutes."
    )]
    Link {
        /// Tenant whose data the administrator works on
        #[arg(long, default_value = "default")]
        tenant: String,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  stoa completions bash > ~/.local/share/bash-completion/completions/stoa")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a page of the documents
    #[command(hide = true)]
    Reference {
        /// Which page
        page: ReferencePage,
    },
}

/// Pages that are printed from the program itself.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReferencePage {
    /// All options
    Configuration,
    /// All commands
    Commands,
    /// All problems
    Problems,
}

/// `stoa up`.
#[derive(Args, Debug)]
pub(crate) struct Up {
    /// Address to listen on; without it `server.listen`, 127.0.0.1:8080
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// `secure`, or `govstack` for the official conformance suites and workshops: sample data, loopback only, wiped at each start
    #[arg(long, value_enum, default_value_t = ProfileName::Secure)]
    pub(crate) profile: ProfileName,
    /// Run this block alone, at `/` as well as at its prefix
    #[arg(long, value_name = "BLOCK")]
    pub(crate) only: Option<String>,
}

/// The two profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// For real use
    Secure,
    /// For the official GovStack suites and workshops
    Govstack,
}

/// `stoa config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read file and environment and name every mistake
    Check,
    /// Print what is in force and where it was set, secrets redacted
    Show,
    /// Print every option with its meaning and default
    Reference,
}

/// How an archive is protected.
#[derive(Args, Clone, Debug)]
pub(crate) struct Passphrase {
    /// File whose first line is the passphrase; without it the variable `STOA_PASSPHRASE`
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// `stoa backup`.
#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The archive to write; must not exist
    pub(crate) archive: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Write it readable, without master key
    #[arg(long)]
    pub(crate) unencrypted: bool,
}

/// `stoa restore`.
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The archive to read
    pub(crate) archive: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// List of people whose keys were destroyed since (`erased.jsonl` of the old data folder); they are destroyed again
    #[arg(long, value_name = "FILE")]
    pub(crate) erased: Option<PathBuf>,
}

/// `stoa verify`.
#[derive(Args, Debug)]
pub(crate) struct VerifyArchive {
    /// The archive to read
    pub(crate) archive: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

/// `stoa audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Find the first record that was removed, changed, inserted or reordered, or a tail that was cut
    #[command(after_help = "Examples:\n  stoa audit verify\n  \
        stoa audit verify --key audit.pub --against checkpoints.txt\n\n\
        It only reads. Ends with 3 when something is wrong, when records wait for the sealer for more than a few \
        seconds, or when a database could not be compared. A tail that was cut is found against a checkpoint kept \
        elsewhere.")]
    Verify {
        /// Only this database (a block's name, or `node`)
        #[arg(long, value_name = "NAME")]
        block: Option<String>,
        /// Checkpoints that were kept elsewhere, one or many of each database; all of them must agree
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// Public key to trust, or a file with such keys; may be given several times. Without it: the key in the node's own
        /// folder, and `keys.trusted`
        #[arg(long = "key", value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Search the evidence
    #[command(
        after_help = "Example:\n  stoa audit search --action registries.record.create --from 2026-11-01T00:00:00Z --limit 20"
    )]
    Search {
        /// Only this database (a block's name, or `node`)
        #[arg(long, value_name = "NAME")]
        block: Option<String>,
        /// Of this tenant
        #[arg(long, default_value = "default")]
        tenant: String,
        /// Who acted
        #[arg(long)]
        actor: Option<String>,
        /// Whose data it was
        #[arg(long)]
        subject: Option<String>,
        /// What was done, for example `registries.record.create`
        #[arg(long)]
        action: Option<String>,
        /// From this time on (RFC 3339)
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Before this time (RFC 3339)
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        /// At most so many records
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Print the latest signed checkpoint of each database; keep it elsewhere
    #[command(after_help = "Example:\n  stoa audit checkpoint > /mnt/other/checkpoint.txt")]
    Checkpoint,
    /// Print the public key that the checkpoints are verified with; keep it where the node cannot write
    #[command(after_help = "Example:\n  stoa audit key > /mnt/other/audit.pub")]
    Key,
}

/// `stoa registry`.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// List the registers with their versions and sizes
    List,
    /// Build registers from data
    #[command(after_help = "Examples:\n  \
        stoa registry import iso-codes\n  \
        stoa registry import people.csv --register people\n\n\
        The schema that was inferred is shown first and asked about; --yes takes it.\n\
        A file is looked through to its end before anything is written: one with broken quoting, another encoding \
        than UTF-8 or a formula changes nothing. Rows that do not fit the schema are refused one by one, with \
        their line, and the others written (exit code 3).")]
    Import {
        /// `iso-codes` (Debian's package: countries, subdivisions, languages), or a file: .csv, .tsv, .txt, .json, .ndjson, .jsonl
        source: String,
        /// Name of the register for a file
        #[arg(long, value_name = "NAME")]
        register: Option<String>,
        /// Take the inferred schema without asking
        #[arg(long)]
        yes: bool,
        /// Keep cells that a spreadsheet would run as formulas as plain texts; otherwise a file with one is refused
        #[arg(long)]
        formulas_as_text: bool,
    },
    /// Write all records of a register to standard output, one JSON object a line
    #[command(after_help = "Example:\n  stoa registry export countries > countries.ndjson\n\n\
        The first line says where the records come from, which version and when; an import knows it.")]
    Export {
        /// The register's name
        register: String,
    },
}

/// `stoa monitor`.
#[derive(Debug, Subcommand)]
pub(crate) enum MonitorCommand {
    /// Make the accounts those of a published monitor's file
    #[command(after_help = "Example:\n  stoa monitor import-bootstrap bootstrap.yaml\n\n\
        New accounts are added, those that are there are written again, those that are not in the file leave; their \
        evidence stays. A file with a mistake changes nothing, and each mistake is named with its line.")]
    ImportBootstrap {
        /// The file, or `-` for standard input
        file: PathBuf,
    },
    /// Take over the accounts, reports and results of a published monitor from its database
    #[command(after_help = "Example:\n  stoa monitor migrate --from postgres://postgres@127.0.0.1/postgres\n\n\
        The other database is only read, and can stay in use. What is here already stays, so the command can be run again. \
        Reports that the other monitor kept have no signature any more; they are marked so.")]
    Migrate {
        /// Its address: `postgres://user:password@host/database`
        #[arg(long, value_name = "URL")]
        from: String,
    },
}

/// `stoa sample`.
#[derive(Debug, Subcommand)]
pub(crate) enum SampleCommand {
    /// A population register with plausible names, households, addresses and national ids
    #[command(after_help = "Example:\n  stoa sample people --count 100000 --seed 7\n\n\
        The same seed makes the same people.")]
    People {
        /// How many
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=5_000_000))]
        count: u64,
        /// Where chance starts
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// `stoa key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make an API key; prints the key alone, and never again
    #[command(after_help = "Examples:\n  \
        KEY=$(stoa key create --name ci --role operator)\n  \
        KEY=$(stoa key create --name ci)   a further key of the same program\n\n\
        The name is the program's account: evidence says `service:ci`, whichever of its keys it comes with. To replace \
        a key, make a further one, give it to the program, then revoke the old one.")]
    Create {
        /// The program that the key is for; its account is made when it is not there
        #[arg(long)]
        name: String,
        /// Roles of a new account: admin, operator, analyst, official, approver, auditor; without it operator, or those
        /// that the account has
        #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
        roles: Vec<String>,
        /// Tenant that the key works for
        #[arg(long, default_value = "default")]
        tenant: String,
        /// Days until it expires; without it, it does not
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// List keys of every tenant: never the key itself
    List {
        /// Only of this tenant
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Make a key invalid at once
    #[command(
        after_help = "Examples:\n  stoa key revoke 0190f3c2-…\n  stoa key revoke --name ci   all keys of the program"
    )]
    Revoke {
        /// The key's id, as `key list` shows it
        #[arg(required_unless_present = "name", conflicts_with = "name")]
        id: Option<String>,
        /// All keys of this program
        #[arg(long)]
        name: Option<String>,
        /// Tenant of the program that `--name` names
        #[arg(long, default_value = "default", requires = "name")]
        tenant: String,
    },
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `stoa standard`.
#[derive(Debug, Subcommand)]
pub(crate) enum StandardCommand {
    /// List the documents, each with the version that counts
    #[command(after_help = "Examples:\n  \
        stoa standard list\n  \
        stoa standard list --track iaas --status stable\n  \
        stoa standard list --format json\n\n\
        The version that counts is the stable one; where none is stable, the newest.")]
    List {
        /// Only this track: global, iaas, kaas, iam, ops, scopes
        #[arg(long)]
        track: Option<String>,
        /// Only documents whose version that counts is draft, stable, deprecated or rejected
        #[arg(long)]
        status: Option<String>,
        /// How to write it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Show one document: what it demands, its versions, what replaced what
    #[command(after_help = "Examples:\n  \
        stoa standard show scs-0100\n  \
        stoa standard show scs-0102-v2 --format json")]
    Show {
        /// Its name: scs-0100, 0100, or a version's, scs-0100-v3
        name: String,
        /// How to write it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}
