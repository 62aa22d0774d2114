//! Every option that Stoa knows, once: the loader checks against this table, error messages quote it and the
//! reference in the documents is printed from it, so the three cannot disagree.

/// What an option accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// Any text.
    Text,
    /// `HOST:PORT`.
    Address,
    /// A path; relative ones start at the working directory.
    Path,
    /// An `http` or `https` address; a password inside is redacted when shown.
    Url,
    /// Text that is never shown.
    Secret,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, both included.
    Number(i64, i64),
    /// One of a closed set.
    OneOf(&'static [&'static str]),
    /// A list of texts; in the environment separated by commas.
    List,
}

impl Accepts {
    /// In words, as messages and documents say it.
    pub(crate) fn words(self) -> String {
        match self {
            Accepts::Text => "a text".into(),
            Accepts::Address => "an address such as \"127.0.0.1:8080\"".into(),
            Accepts::Path => "a path in quotes".into(),
            Accepts::Url => "a URL in quotes".into(),
            Accepts::Secret => "a text (secret: never shown)".into(),
            Accepts::Flag => "true or false".into(),
            Accepts::Number(low, high) => format!("a whole number from {low} to {high}"),
            Accepts::OneOf(choices) => {
                let quoted: Vec<String> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Accepts::List => "a list of texts, [\"a\", \"b\"]".into(),
        }
    }
}

/// One option: its place, what it accepts, what holds without it, and what it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// Dotted path; `*` stands for a name of the operator's own (an issuer).
    pub(crate) path: &'static str,
    /// What it accepts.
    pub(crate) accepts: Accepts,
    /// The default as it would be written in TOML; empty when there is none.
    pub(crate) default: &'static str,
    /// What it does and when to change it.
    pub(crate) doc: &'static str,
}

const fn option(path: &'static str, accepts: Accepts, default: &'static str, doc: &'static str) -> Choice {
    Choice { path, accepts, default, doc }
}

/// One section of the file with its options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    /// The TOML table.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) doc: &'static str,
    /// Its options, most needed first.
    pub(crate) options: &'static [Choice],
}

/// The whole file.
pub(crate) const SECTIONS: &[Section] = &[
    Section {
        name: "server",
        doc: "Where Stoa listens and what it lets in.",
        options: &[
            option(
                "server.listen",
                Accepts::Address,
                "\"127.0.0.1:8080\"",
                "Address and port. Off loopback a certificate is needed, or `server.behind_proxy`. Port 0 takes a free one.",
            ),
            option(
                "server.public_url",
                Accepts::Url,
                "",
                "The address under which people reach this node, for links in mails and pages, and for the browser's protection. Without it: the address listened on. Needed behind a proxy, and where every address of the machine is listened on.",
            ),
            option(
                "server.behind_proxy",
                Accepts::Flag,
                "false",
                "A proxy in front speaks TLS and sets `X-Forwarded-For`. Allows plain HTTP off loopback: only with such a proxy.",
            ),
            option(
                "server.tls_certificate",
                Accepts::Path,
                "",
                "PEM file with the certificate chain; turns on TLS 1.3.",
            ),
            option("server.tls_key", Accepts::Path, "", "PEM file with the private key of that certificate."),
        ],
    },
    Section {
        name: "data",
        doc: "The folder that holds everything: databases, blobs, keys, the socket of the command line.",
        options: &[option(
            "data.dir",
            Accepts::Path,
            "\"./stoa-data\"",
            "Made at first start with mode 0700. `--data` goes before it. Profile `govstack` uses `./stoa-data-govstack`.",
        )],
    },
    Section {
        name: "store",
        doc: "Which database engine keeps the blocks' data.",
        options: &[
            option(
                "store.url",
                Accepts::Secret,
                "\"sqlite\"",
                "`sqlite`: one file per block in the data folder. `postgres://user:password@host/database`: one schema per block there.",
            ),
            option(
                "store.queue_max",
                Accepts::Number(16, 100_000),
                "8192",
                "Writes that may wait for the disk, per block; over it the answer is 503 with `Retry-After`.",
            ),
        ],
    },
    Section {
        name: "blobs",
        doc: "Where files are kept. Without a bucket: in `blobs` in the data folder. A bucket needs a binary that was built with `--features full`.",
        options: &[
            option(
                "blobs.bucket",
                Accepts::Text,
                "",
                "A bucket of an S3 service; each block has a prefix of its own in it.",
            ),
            option(
                "blobs.endpoint",
                Accepts::Url,
                "",
                "The service's address. Plain http only on this machine. Without it: Amazon's of the region.",
            ),
            option(
                "blobs.region",
                Accepts::Text,
                "\"us-east-1\"",
                "The service's region; services of one's own take any.",
            ),
            option("blobs.access_key_id", Accepts::Text, "", "The id of the key that may read and write the bucket."),
            option("blobs.secret_access_key", Accepts::Secret, "", "The key's secret."),
            option(
                "blobs.bytes_max",
                Accepts::Number(1_048_576, 1_073_741_824),
                "67108864",
                "The largest file in bytes; over it the answer is 413.",
            ),
        ],
    },
    Section {
        name: "keys",
        doc: "The keys that seal personal data and sign checkpoints of the evidence.",
        options: &[
            option(
                "keys.dir",
                Accepts::Path,
                "",
                "Folder of the keys, made at first start. Without it: `keys` in the data folder. Keep a copy elsewhere: without the keys sealed data is lost.",
            ),
            option(
                "keys.master_file",
                Accepts::Path,
                "",
                "File with the master keys, put there by the operator (a mounted secret) and only read. `stoa keys new` prints one. Instead of `master.keys` in the key folder.",
            ),
            option(
                "keys.master",
                Accepts::Secret,
                "",
                "The text of such a file, best given by the environment: `STOA_KEYS__MASTER`. Instead of `keys.master_file`.",
            ),
            option(
                "keys.trusted",
                Accepts::List,
                "[]",
                "Public keys of signing keys that were replaced: what they signed is verified as before. `stoa audit key` prints the present one.",
            ),
        ],
    },
    Section {
        name: "log",
        doc: "What the node writes to standard error. No personal data is ever logged.",
        options: &[
            option(
                "log.level",
                Accepts::Text,
                "\"warn\"",
                "`error`, `warn`, `info`, `debug`, `trace`, or per part: `info,stoa_store=debug`.",
            ),
            option(
                "log.format",
                Accepts::OneOf(&["text", "json"]),
                "\"text\"",
                "`json` for machines: one object a line.",
            ),
        ],
    },
    Section {
        name: "limits",
        doc: "How many requests one caller may send; over it the answer is 429 with `Retry-After`.",
        options: &[
            option(
                "limits.requests_per_second",
                Accepts::Number(0, 1_000_000),
                "1000",
                "Of one key, token or session in the long run. 0 means no bound.",
            ),
            option("limits.burst", Accepts::Number(1, 1_000_000), "2000", "Of one key, token or session at once."),
            option(
                "limits.anonymous_per_second",
                Accepts::Number(0, 1_000_000),
                "100",
                "Without a credential, of one address. 0 means no bound.",
            ),
            option("limits.anonymous_burst", Accepts::Number(1, 1_000_000), "400", "Without a credential, at once."),
        ],
    },
    Section {
        name: "outgoing",
        doc: "Calls to other systems. Public https addresses may be called; nothing else, unless it stands here.",
        options: &[
            option(
                "outgoing.allowed",
                Accepts::List,
                "[]",
                "Networks (`10.0.0.0/8`), addresses and host names that may be called although they are not public, also over plain http.",
            ),
            option(
                "outgoing.certificates",
                Accepts::Path,
                "",
                "PEM file with authorities that are trusted beside the system's: those of a private network.",
            ),
        ],
    },
    Section {
        name: "mail",
        doc: "How the node sends mail. Without it nothing is sent.",
        options: &[
            option(
                "mail.smtp_url",
                Accepts::Secret,
                "",
                "`smtps://user:password@host:465` or `smtp://host:587` (STARTTLS).",
            ),
            option("mail.from", Accepts::Text, "", "The sender's address."),
        ],
    },
    Section {
        name: "issuers.*",
        doc: "OpenID Connect issuers whose tokens are accepted; one table each, under a name of your own.",
        options: &[
            option("issuers.*.url", Accepts::Url, "", "The issuer, exactly as in its tokens' `iss`."),
            option("issuers.*.audience", Accepts::Text, "", "What the tokens' `aud` must hold."),
            option(
                "issuers.*.jwks_url",
                Accepts::Url,
                "",
                "Where its keys are. Without it: found through its discovery document.",
            ),
            option(
                "issuers.*.algorithms",
                Accepts::List,
                "[\"ES256\", \"EdDSA\", \"RS256\", \"PS256\"]",
                "Signature algorithms that are accepted; never `none`, never a symmetric one.",
            ),
            option("issuers.*.roles_claim", Accepts::Text, "\"roles\"", "The claim that lists the caller's roles."),
            option(
                "issuers.*.tenant_claim",
                Accepts::Text,
                "",
                "The claim that names the tenant. Without it: `default`.",
            ),
        ],
    },
    Section {
        name: "mediator",
        doc: "The information mediator. Its headers (`X-Road-Client` and its aliases) are believed on connections that show its client certificate, and on no other.",
        options: &[option(
            "mediator.client_ca",
            Accepts::Path,
            "",
            "PEM file with the authority that signs the mediator's client certificates, and nobody else's. Needs a TLS certificate of the node's own. Without it the headers count for nothing.",
        )],
    },
    Section {
        name: "mediator.members.*",
        doc: "What an organisation behind the mediator may do; one table each, under a name of your own. Others are known, and may nothing.",
        options: &[
            option(
                "mediator.members.*.member",
                Accepts::Text,
                "",
                "`INSTANCE/CLASS/MEMBER` with all its subsystems, or `INSTANCE/CLASS/MEMBER/SUBSYSTEM`, whose table goes before its member's.",
            ),
            option("mediator.members.*.roles", Accepts::List, "", "Its roles."),
            option("mediator.members.*.tenant", Accepts::Text, "\"default\"", "The tenant whose data it works on."),
        ],
    },
    Section {
        name: "blocks.*",
        doc: "One table for each building block.",
        options: &[
            option("blocks.*.enabled", Accepts::Flag, "true", "Whether this node runs the block."),
            option(
                "blocks.*.url",
                Accepts::Url,
                "",
                "Another product or node serves this block, with its paths below this address: requests of the other blocks go there, and it is not run here. Without `token_url` it is a node of Stoa that takes this node's tokens.",
            ),
            option(
                "blocks.*.token_url",
                Accepts::Url,
                "",
                "Where a token for that product is had (OAuth 2.0 client credentials).",
            ),
            option("blocks.*.client_id", Accepts::Text, "", "The client that asks for the token."),
            option("blocks.*.client_secret", Accepts::Secret, "", "Its secret."),
            option("blocks.*.scope", Accepts::Text, "", "The scope that is asked for, where that product wants one."),
            option(
                "blocks.*.listen",
                Accepts::Address,
                "",
                "An address of the block's own, where its paths start at `/`; beside its prefix on the node's address.",
            ),
        ],
    },
];

/// Options of single blocks, beside those that every block has.
pub(crate) const BLOCK_OPTIONS: &[Choice] = &[
    option(
        "blocks.identity.access_token_seconds",
        Accepts::Number(30, 3_600),
        "300",
        "How long an access token holds. Whoever steals one has it no longer.",
    ),
    option(
        "blocks.identity.code_seconds",
        Accepts::Number(10, 600),
        "60",
        "How long an authorization code holds: the time of one redirect.",
    ),
    option(
        "blocks.identity.refresh_token_days",
        Accepts::Number(1, 400),
        "30",
        "How long a refresh token holds that is not used.",
    ),
    option(
        "blocks.identity.session_hours",
        Accepts::Number(1, 720),
        "12",
        "How long a person stays signed in at most.",
    ),
    option(
        "blocks.identity.session_idle_minutes",
        Accepts::Number(5, 43_200),
        "60",
        "After how long without a request a person is signed out.",
    ),
    option(
        "blocks.identity.key_days",
        Accepts::Number(2, 400),
        "90",
        "How long a key signs before the next one does. The next one is published a day before.",
    ),
    option(
        "blocks.identity.wallet_wait_seconds",
        Accepts::Number(0, 60),
        "20",
        "How long a page waits for the wallet that takes its sign-in over, before it is told to ask again.",
    ),
    option(
        "blocks.identity.hashing_threads",
        Accepts::Number(0, 64),
        "0",
        "How many passwords are hashed at a time. 0 takes half of the machine's cores.",
    ),
    option(
        "blocks.monitor.report_age_days",
        Accepts::Number(1, 366),
        "7",
        "How old a report may be when it is handed in. Older ones would rewrite what was public.",
    ),
    option(
        "blocks.monitor.report_kib",
        Accepts::Number(64, 65_536),
        "1024",
        "The largest body of reports that is taken, in KiB.",
    ),
    option(
        "blocks.monitor.open_evidence",
        Accepts::Flag,
        "true",
        "Whether everybody may download signed reports and bundles of them. They hold all that the tests printed. Otherwise the subject may, and whoever may read all reports.",
    ),
    option(
        "blocks.monitor.keep_text_days",
        Accepts::Number(0, 36_500),
        "0",
        "After so many days the text of a report is removed; its results and its place in the history stay for good. 0 keeps all. What a present state rests on stays, and what was handed in about a subject with a certificate until a year after that has ended (scs-0004).",
    ),
];

/// All options of the file.
pub(crate) fn all() -> impl Iterator<Item = &'static Choice> {
    SECTIONS.iter().flat_map(|section| section.options.iter()).chain(BLOCK_OPTIONS.iter())
}

/// The option that stands at `path`, names of the operator's own matched by `*`.
pub(crate) fn find(path: &str) -> Option<&'static Choice> {
    all().find(|option| matches(option.path, path))
}

/// Whether something stands below `path`.
pub(crate) fn is_table(path: &str) -> bool {
    all().any(|option| {
        let mut pattern = option.path.split('.');
        let mut parts = path.split('.');
        loop {
            match (pattern.next(), parts.next()) {
                (Some(_), None) => return true,
                (Some("*"), Some(_)) => {}
                (Some(want), Some(have)) if want == have => {}
                _ => return false,
            }
        }
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut want, mut have) = (pattern.split('.'), path.split('.'));
    loop {
        match (want.next(), have.next()) {
            (None, None) => return true,
            (Some("*"), Some(name)) if !name.is_empty() => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_with_names_of_the_operators_own() {
        assert_eq!(find("issuers.ministry.url").map(|o| o.path), Some("issuers.*.url"));
        assert_eq!(find("blocks.registries.enabled").map(|o| o.path), Some("blocks.*.enabled"));
        assert!(find("server").is_none());
        assert!(is_table("server") && is_table("issuers.ministry") && is_table("blocks"));
        assert!(!is_table("server.listen") && !is_table("servers"));
    }

    #[test]
    fn every_option_stands_once_in_its_section_and_says_what_it_is_for() {
        let mut seen = std::collections::BTreeSet::new();
        for section in SECTIONS {
            for option in section.options {
                assert!(seen.insert(option.path), "{} stands twice", option.path);
                assert!(option.path.starts_with(section.name), "{} is not in [{}]", option.path, section.name);
                assert!(option.doc.ends_with('.'), "{} needs a sentence", option.path);
            }
        }
    }
}
