//! `stoa check`, `stoa report` and `stoa image`: their arguments. What they lead to is in the crate `stoa-checks`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use stoa_core::Date;
use stoa_standards::verdict::Reading;

use super::Format;
use super::flavor::{choice, reading_name};

/// `stoa check`.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// Check a cloud or a cluster against the standards of the Sovereign Cloud Stack
    #[command(after_help = "Examples:\n  \
        stoa check cloud mycloud\n  \
        stoa check cloud mycloud --version v5.1 --format html --output report.html\n  \
        stoa check cloud mycloud --tests scs-0102 --date 2026-12-01\n  \
        stoa check cloud mycloud --beyond --tests scs-0125\n  \
        stoa check cloud mycloud --beyond --tests domain-manager --domain-config domain-manager-test.yaml\n  \
        stoa check cloud mycluster --scope kaas --kubeconfig kubeconfig.yaml --sections light \\\n      \
        --offline-data /srv/scs-data\n\n\
        A cloud is found by its name in clouds.yaml, as OpenStack's own programs find it. Nothing needs the internet.\n\
        Ctrl-C or SIGTERM stops: what was made in the cloud is removed, and what was found out is reported.\n\n\
        Ends with 0 when everything that was asked for passed in the versions that count for a certificate (in all versions \
        of the day, where none does) and beyond them; with 3 when something failed, was aborted or is missing; with 2 when \
        nothing was tried because arguments or files are wrong; with 5 when the report cannot be written.")]
    Cloud(Box<CheckCloud>),
    /// Remove what an interrupted check left in a cloud
    #[command(after_help = "Examples:\n  \
        stoa check cleanup mycloud\n  \
        stoa check cleanup\n  \
        stoa check cleanup mycloud --domain-config domain-manager-test.yaml\n  \
        stoa check cleanup --kubeconfig kubeconfig.yaml\n\n\
        A check writes down what it makes in a cloud before it makes it. Without a name all clouds are cleaned up that a \
        check left something in. Ends with 1 when something is still there, and says why.")]
    Cleanup(CheckCleanup),
    /// What is known of the world: ends of branches, releases and vulnerabilities of Kubernetes
    #[command(subcommand)]
    Data(DataCommand),
}

/// `stoa check cloud`.
#[derive(Args, Debug)]
pub(crate) struct CheckCloud {
    /// The cloud in clouds.yaml, or what the cluster is called
    pub(crate) name: String,
    /// What is checked: a cloud (`iaas`) or a cluster of Kubernetes (`kaas`)
    #[arg(long, value_enum, default_value_t = ScopeName::Iaas)]
    pub(crate) scope: ScopeName,
    /// A scope in the published YAML format, instead of the one that is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// Only this version of the scope; without it those that the timeline has on the day
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Only test cases whose name begins as this pattern says
    #[arg(long, value_name = "REGEX")]
    pub(crate) tests: Option<String>,
    /// Only test cases of these sections, such as `light`
    #[arg(long, value_name = "SECTIONS", value_delimiter = ',')]
    pub(crate) sections: Option<Vec<String>>,
    /// Also what no version asks for: recommended test cases, TLS, domain managers, storage classes, hardening
    #[arg(long)]
    pub(crate) beyond: bool,
    /// The day whose versions are checked; without it today
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<Date>,
    /// Whose reading decides where the text of the standard and the published test suite differ
    #[arg(long, default_value = "standard", value_parser = choice(&[Reading::Standard, Reading::Published], reading_name))]
    pub(crate) reading: Reading,
    /// What the report calls the cloud; without it the name
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
    /// How to write what was found
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// Where to write it; the table for people then comes to standard output all the same
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A folder of data about Kubernetes, see `stoa check data`
    #[arg(long, value_name = "DIR")]
    pub(crate) offline_data: Option<PathBuf>,
    /// Two domains with their managers, in which the rights of domain managers are tried out
    #[arg(long, value_name = "FILE")]
    pub(crate) domain_config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    /// How the tests of Kubernetes itself are run; `dry` proves nothing
    #[arg(long, value_enum, default_value_t = ModeName::Parallel)]
    pub(crate) execution_mode: ModeName,
    /// Folder in which the results of the tests of Kubernetes are kept
    #[arg(long, value_name = "DIR", default_value = "sonobuoy-results")]
    pub(crate) results: PathBuf,
    /// Image of the pod that tries a volume; it must run until it is stopped
    #[arg(long, value_name = "IMAGE", default_value = "registry.k8s.io/pause:3.10")]
    pub(crate) pod_image: String,
}

/// Where a cluster is.
#[derive(Args, Debug)]
pub(crate) struct ClusterArguments {
    /// The file that leads to the cluster; without it `KUBECONFIG`, then ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// A context of that file; without it the current one
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}

/// `stoa check cleanup`.
#[derive(Args, Debug)]
pub(crate) struct CheckCleanup {
    /// The cloud in clouds.yaml
    #[arg(conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) cloud: Option<String>,
    /// The file of two domains in which domain managers were tried out: what was left there goes too
    #[arg(long, value_name = "FILE", requires = "cloud")]
    pub(crate) domain_config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
}

/// `stoa check data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Say what is known, from where, and how old it is
    #[command(after_help = "Examples:\n  stoa check data show\n  stoa check data show /srv/scs-data\n\n\
        Without a folder: what came with the program.")]
    Show {
        /// The folder
        folder: Option<PathBuf>,
    },
    /// Gather it anew into a folder, from the internet or from a mirror of your own
    #[command(after_help = "Examples:\n  \
        stoa check data refresh /srv/scs-data\n  \
        stoa check data refresh /srv/scs-data --mirror https://mirror.example/kubernetes.json\n\n\
        The file kubernetes.json is put in place whole or not at all. For a network without internet, gather it where there \
        is one and copy the folder.")]
    Refresh {
        /// The folder
        folder: PathBuf,
        /// A kubernetes.json that somebody gathered before
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
    },
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeName {
    /// A cloud of OpenStack
    Iaas,
    /// A cluster of Kubernetes
    Kaas,
}

/// How the tests of Kubernetes itself are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// Those that may, beside one another
    Parallel,
    /// One after another
    Serial,
    /// Not at all
    Dry,
}

/// How an assessment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people at a terminal
    Text,
    /// The published report format, as JSON
    Json,
    /// The published report format, as YAML: what is signed and submitted
    Yaml,
    /// For continuous integration
    Junit,
    /// One page for browsers, phones and paper
    Html,
    /// For documents
    Markdown,
}

/// `stoa report`.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Sign a report with an SSH key; `ssh-keygen -Y verify -n report` accepts it
    #[command(after_help = "Examples:\n  \
        ssh-keygen -t ed25519 -N '' -f report-key\n  \
        stoa report sign report.yaml --key report-key\n  \
        stoa report sign report.yaml --key report-key --joined signed-report\n\n\
        The signature is written to FILE.sig, as ssh-keygen does. The key is one of type ssh-ed25519 without a passphrase.")]
    Sign {
        /// The report
        report: PathBuf,
        /// The private key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Write signature and report into this file, as a monitor takes them
        #[arg(long, value_name = "FILE")]
        joined: Option<PathBuf>,
    },
    /// Verify that a report was signed by one of these keys and not changed since
    #[command(after_help = "Examples:\n  \
        stoa report verify report.yaml --key report-key.pub\n  \
        stoa report verify report.yaml --key allowed_signers --signature elsewhere.sig\n\n\
        Ends with 3 when the signature does not count.")]
    Verify {
        /// The report, or signature and report in one
        report: PathBuf,
        /// Public keys: a file of one key, of `authorized_keys` or of `allowed_signers`; may be given several times
        #[arg(long = "key", value_name = "FILE", required = true)]
        keys: Vec<PathBuf>,
        /// The signature; without it REPORT.sig
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
    /// Verify a monitor's bundle: its signature, each report's, and that the evidence adds up to what is claimed
    #[command(after_help = "Examples:\n  \
        curl -o bundle.json https://monitor.example/monitor/v1/subjects/mycloud/scopes/scs-compatible-iaas/bundle\n  \
        stoa report verify-bundle bundle.json --key monitor.pub\n\n\
        It asks nobody. The monitor's key stands at https://monitor.example/monitor/certificates/allowed_signers. Ends \
        with 3 when something does not fit.")]
    VerifyBundle {
        /// The bundle
        bundle: PathBuf,
        /// Public keys of monitors that are trusted, as for `report verify`
        #[arg(long = "key", value_name = "FILE", required_unless_present = "any_key")]
        keys: Vec<PathBuf>,
        /// Trust whoever signed it: this shows that it holds together, and by which key, not who says so
        #[arg(long, conflicts_with = "keys")]
        any_key: bool,
    },
    /// Show a report
    #[command(after_help = "Examples:\n  stoa report show report.yaml\n  \
        stoa report show report.yaml --format html > report.html\n\n\
        Reports of the published suite are shown too. Ends with 0 whatever stands in it.")]
    Show {
        /// The report
        report: PathBuf,
        /// Its scope in the published YAML format, where it is none of those built in
        #[arg(long, value_name = "FILE")]
        spec: Option<PathBuf>,
        /// Whose reading decides what the results come to
        #[arg(long, default_value = "standard", value_parser = choice(&[Reading::Standard, Reading::Published], reading_name))]
        reading: Reading,
        /// How to write it
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
    },
    /// Say what changed from one report to another
    #[command(after_help = "Example:\n  stoa report diff monday.yaml tuesday.yaml\n\n\
        Ends with 3 when a test case that passed does so no more.")]
    Diff {
        /// The earlier report
        old: PathBuf,
        /// The later report
        new: PathBuf,
        /// How to write it; `json` is one object a line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Hand a signed report to a compliance monitor
    #[command(after_help = "Examples:\n  \
        stoa report submit report.yaml --key report-key --token-file token \\\n      \
        --to https://compliance.sovereignit.cloud/\n  \
        stoa report submit report.yaml --token-file token --to https://monitor.example/\n\n\
        Without --key, the signature in REPORT.sig goes with it. The token file holds NAME:PASSPHRASE in base64.\n\
        A monitor that is busy or away is asked again; one that has the report already is content.")]
    Submit {
        /// The report, or signature and report in one
        report: PathBuf,
        /// The monitor
        #[arg(long, value_name = "URL")]
        to: String,
        /// File of the token
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
        /// The private key to sign with
        #[arg(long, value_name = "FILE", conflicts_with = "signature")]
        key: Option<PathBuf>,
        /// The signature; without it REPORT.sig
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// Certificates that the monitor's is signed by; without it the system's
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
}

/// `stoa image`.
#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Check the metadata of images by scs-0102, before or after they are registered
    #[command(after_help = "Examples:\n  \
        openstack image show 'Ubuntu 24.04' -f json > image.json; stoa image check image.json\n  \
        stoa image check images.json --format json\n  \
        stoa image check --cloud mycloud\n\n\
        The file holds an image or a list of images, as Glance or `openstack image show -f json` or `-f yaml` write them.\n\
        Ends with 3 when something mandatory is missing or wrong. The JSON is one object for each test case.")]
    Check(ImageCheck),
}

/// `stoa image check`.
#[derive(Args, Debug)]
pub(crate) struct ImageCheck {
    /// The file; `-` is standard input
    #[arg(required_unless_present = "cloud", conflicts_with = "cloud")]
    pub(crate) file: Option<PathBuf>,
    /// The public and community images of this cloud in clouds.yaml
    #[arg(long, value_name = "NAME")]
    pub(crate) cloud: Option<String>,
    /// The version of the scope whose demands are mandatory; without it those that count for a certificate today
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Whose reading decides where the text of the standard and the published test suite differ
    #[arg(long, default_value = "standard", value_parser = choice(&[Reading::Standard, Reading::Published], reading_name))]
    pub(crate) reading: Reading,
    /// How to write it; `json` is one object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
