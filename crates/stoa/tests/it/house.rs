//! The laws of the house (ARCHITECTURE.md), over `cargo metadata` and the sources. Each law is a function of plain data,
//! so that the tests can also break it on purpose and see it speak up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A package of the workspace: where it lies and what it is built from (development dependencies apart).
struct Package {
    name: String,
    folder: String,
    needs: BTreeSet<String>,
    needs_in_tests: BTreeSet<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn metadata() -> Value {
    // This machine's packages only: others' are not fetched by a build.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn texts<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn packages(metadata: &Value) -> Vec<Package> {
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let root = format!("{}/crates/", texts(metadata, "workspace_root"));
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| members.contains(texts(package, "id")))
        .map(|package| {
            let (mut needs, mut needs_in_tests) = (BTreeSet::new(), BTreeSet::new());
            for dependency in package["dependencies"].as_array().unwrap() {
                let set = if texts(dependency, "kind") == "dev" { &mut needs_in_tests } else { &mut needs };
                set.insert(texts(dependency, "name").to_owned());
            }
            let manifest = texts(package, "manifest_path");
            let folder = manifest.strip_prefix(&root).unwrap().strip_suffix("/Cargo.toml").unwrap().to_owned();
            Package { name: texts(package, "name").to_owned(), folder, needs, needs_in_tests }
        })
        .collect()
}

/// The floor a package stands on; an arrow may only go to a lower one.
fn floor(folder: &str) -> u32 {
    match folder {
        "base/core" => 0,
        "base/store" | "base/ui" | "cloud/standards" => 1,
        "base/audit" => 2,
        "base/web" => 3,
        "peers" => 4,
        // A client that the checks and the monitor of health share.
        "cloud/openstack" => 5,
        _ if folder.starts_with("blocks/") || folder.starts_with("cloud/") => 6,
        // A whole system in a test: it runs what a test hands it, so it stands below what is tested.
        "base/test" => 5,
        "portal" | "monitor" => 6,
        "stoa" => 7,
        other => panic!("the house has no room {other}"),
    }
}

/// Law 1: arrows go down only. Law 2: blocks never import blocks, not even in tests.
fn broken_arrows(packages: &[Package]) -> Vec<String> {
    let folders: BTreeMap<&str, &str> = packages.iter().map(|p| (p.name.as_str(), p.folder.as_str())).collect();
    let mut broken = Vec::new();
    for package in packages {
        for need in &package.needs {
            let Some(folder) = folders.get(need.as_str()) else { continue };
            if floor(folder) >= floor(&package.folder) {
                broken.push(format!("{} → {need} does not go down", package.name));
            }
            if need == "stoa-test" {
                broken.push(format!("{} → {need} is for tests", package.name));
            }
        }
        for need in package.needs.iter().chain(&package.needs_in_tests) {
            let is_block = |folder: &str| folder.starts_with("blocks/");
            if is_block(&package.folder) && folders.get(need.as_str()).is_some_and(|folder| is_block(folder)) {
                broken.push(format!("{} → {need}: blocks never import blocks", package.name));
            }
        }
    }
    broken
}

const DRIVERS: [&str; 3] = ["rusqlite", "tokio-postgres", "deadpool-postgres"];

/// Law 5, first half: only the store names a database driver in its manifest.
fn foreign_drivers(packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .filter(|package| package.folder != "base/store")
        .flat_map(|package| {
            let named = DRIVERS.iter().filter(|driver| package.needs.contains(**driver));
            named.map(|driver| format!("{} → {driver}: only stoa-store names a driver", package.name))
        })
        .collect()
}

/// Words of input and output.
const WORLD: [&str; 7] = ["std::fs", "std::net", "std::process", "std::thread", "std::env", "std::io", "tokio::"];
/// Words of clocks and of chance: what is pure is given both.
const CHANCE: [&str; 5] = ["SystemTime", "Instant::now", "Timestamp::now", "Clock::system", "Uuid::new_v4"];
/// Where core itself keeps the clock and the source of identifiers that everything else is given.
const GIVERS: [&str; 2] = ["base/core/src/time.rs", "base/core/src/id.rs"];

/// The rooms that are laid out as a block: the monitor is one, beside the building blocks.
fn is_of_a_block(file: &str) -> bool {
    file.starts_with("blocks/") || file.starts_with("monitor/")
}

/// Law 4: `core`, the standards, and the rules of a block.
fn is_pure(file: &str) -> bool {
    let rules = is_of_a_block(file) && (file.contains("/src/model/") || file.ends_with("/src/model.rs"));
    rules || file.starts_with("cloud/standards/") || file.starts_with("base/core/")
}

/// The code of a file without comments and tests, which stand at its end; imports in braces are written out, so that
/// `use std::{fs, net}` is `std::fs std::net`.
fn plain_code(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut lines: Vec<String> =
        code.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect();
    let mut group: Option<(usize, String)> = None;
    for number in 0..lines.len() {
        let line = lines[number].clone();
        let (start, inside) = match group.take() {
            Some((start, inside)) => (start, inside + &line),
            None => match line.split_once("std::{") {
                Some((_, inside)) => (number, inside.to_owned()),
                None => continue,
            },
        };
        if inside.contains('}') {
            let names =
                inside.split('}').next().unwrap_or_default().split(',').map(|name| format!(" std::{}", name.trim()));
            lines[start] += &names.collect::<String>();
        } else {
            group = Some((start, inside));
        }
    }
    lines
}

/// Laws 4 and 5 over the text of a source file, comments and tests apart.
fn forbidden_words(file: &str, text: &str) -> Vec<String> {
    let tests = ["/tests/", "/tests.rs", "/benches/", "/examples/"].iter().any(|part| file.contains(part))
        || file.starts_with("base/test/");
    if tests {
        return Vec::new();
    }
    let mut banned: Vec<(&str, &str)> = Vec::new();
    if !file.starts_with("base/store/") {
        banned.extend([
            ("rusqlite::", "only stoa-store names a driver"),
            ("tokio_postgres::", "only stoa-store names a driver"),
        ]);
    }
    if is_pure(file) {
        banned.extend(WORLD.map(|word| (word, "what is pure does no I/O")));
        if !GIVERS.contains(&file) {
            banned.extend(CHANCE.map(|word| (word, "what is pure reads no clock and draws no random numbers")));
        }
    }
    let facade = file.starts_with("portal/")
        || is_of_a_block(file) && ["/api.rs", "/api/", "/pages/"].iter().any(|place| file.contains(place));
    if !file.starts_with("base/web/") && !facade {
        let law = "only stoa-web, a block's facade and its pages name HTTP status codes";
        banned.extend([("StatusCode", law), (".status(4", law), (".status(5", law)]);
    }
    let mut found = Vec::new();
    for (number, line) in plain_code(text).iter().enumerate() {
        for (word, law) in &banned {
            if line.contains(word) {
                found.push(format!("crates/{file}:{}: `{word}`: {law}", number + 1));
            }
        }
    }
    found
}

/// The tables that a package's migrations make.
fn tables_of(migrations: &str) -> Vec<String> {
    let words: Vec<&str> =
        migrations.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let made = words.windows(3).filter(|w| w[0].eq_ignore_ascii_case("CREATE") && w[1].eq_ignore_ascii_case("TABLE"));
    made.map(|w| w[2].to_owned()).collect()
}

/// Law 3: whether SQL in this source works on the table.
fn works_on(text: &str, table: &str) -> bool {
    let words: Vec<&str> =
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    words.windows(2).any(|w| w[1] == table && ["FROM", "INTO", "UPDATE", "JOIN"].contains(&w[0]))
}

/// The handlers that a source puts behind addresses: `get(module::name)` in a `.route(…)`, and the names in `routes!(…)`.
fn handlers(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
    let mut found = Vec::new();
    for rest in code.split(".route(").skip(1) {
        let mut open = 1;
        let end = rest.find(|c: char| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        });
        let route = &rest[..end.unwrap_or(rest.len())];
        for method in ["get(", "post(", "put(", "patch(", "delete("] {
            let names = route.split(method).skip(1).filter_map(|rest| rest.split(')').next());
            found.extend(names.filter(|name| is_name(name)).map(str::to_owned));
        }
    }
    for rest in code.split("routes!(").skip(1) {
        let names = rest.split(')').next().unwrap_or_default().split(',').map(str::trim);
        found.extend(names.filter(|name| is_name(name)).map(str::to_owned));
    }
    found
}

/// Law 6: whoever writes a route says who may come in, with `Allowed<Right>` or `Public` among the handler's arguments.
/// `files` are the sources of one package.
fn open_by_silence(files: &[(String, String)]) -> Vec<String> {
    let mut silent = Vec::new();
    for (file, text) in files {
        for handler in handlers(text) {
            let (module, name) = handler.rsplit_once("::").unwrap_or(("", &handler));
            let of_module = |path: &str| match module.rsplit("::").next() {
                Some("") | None => path == file,
                Some(module) => {
                    path.ends_with(&format!("/{module}.rs")) || path.ends_with(&format!("/{module}/mod.rs"))
                }
            };
            let start = format!("async fn {name}(");
            let signature = files.iter().filter(|(path, _)| of_module(path)).find_map(|(_, text)| {
                let rest = text.split_once(&start)?.1;
                rest.split(") ->").next().map(str::to_owned)
            });
            match signature {
                None => silent.push(format!("{file}: the handler {handler} was not found")),
                Some(signature) if !signature.contains("Allowed<") && !signature.contains("Public") => {
                    silent.push(format!("{file}: {handler} does not say who may come in"));
                }
                Some(_) => {}
            }
        }
    }
    silent
}

#[test]
fn every_route_says_who_may_come_in() {
    let crates = root().join("crates");
    let mut packages = vec![crates.join("portal"), crates.join("monitor"), crates.join("base/web")];
    packages.extend(std::fs::read_dir(crates.join("blocks")).unwrap().map(|entry| entry.unwrap().path()));
    let mut routes = 0;
    for package in packages {
        let read = |path: PathBuf| (path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        let files: Vec<_> = sources(&package.join("src")).into_iter().map(read).collect();
        routes += files.iter().map(|(_, text)| handlers(text).len()).sum::<usize>();
        assert_eq!(open_by_silence(&files), Vec::<String>::new());
    }
    assert!(routes > 90, "{routes} routes were found");
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let broken = [
        file("src/lib.rs", "Router::new().route(\"/a\", get(a::show).post(send)).routes(routes!(list, gone))"),
        file("src/a.rs", "async fn show(view: View) -> Response {"),
        file("src/b.rs", "async fn show(_: Public) -> Response {"),
    ];
    let silent = open_by_silence(&broken);
    assert_eq!(silent.len(), 4, "{silent:?}");
    assert_eq!(silent[0], "src/lib.rs: a::show does not say who may come in");
}

/// Everything below a package in the tree of what it is built from.
fn tree(metadata: &Value, name: &str) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Value> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| (texts(node, "id"), node)).collect();
    let names: BTreeMap<&str, &str> =
        metadata["packages"].as_array().unwrap().iter().map(|p| (texts(p, "id"), texts(p, "name"))).collect();
    let start = names.iter().find(|(_, found)| **found == name).map(|(id, _)| *id).unwrap();
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![start]);
    while let Some(id) = waiting.pop() {
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let built = dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
            let id = texts(dependency, "pkg");
            if built && seen.insert(id) {
                waiting.push(id);
            }
        }
    }
    seen.into_iter().map(|id| names[id].to_owned()).collect()
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn arrows_go_down_and_only_the_store_names_a_driver() {
    let packages = packages(&metadata());
    assert!(packages.len() >= 9, "the house has rooms");
    let broken = [broken_arrows(&packages), foreign_drivers(&packages)].concat();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn sources_keep_to_their_rooms() {
    let crates = root().join("crates");
    let all = sources(&crates);
    assert!(all.len() > 100, "the sources were found");
    let broken: Vec<String> = all
        .iter()
        .flat_map(|path| {
            let file = path.strip_prefix(&crates).unwrap().display().to_string();
            forbidden_words(&file, &std::fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn nobody_works_on_the_tables_of_a_block() {
    let crates = root().join("crates");
    let mut owned = BTreeMap::new();
    for entry in std::fs::read_dir(crates.join("blocks")).unwrap() {
        let block = entry.unwrap().path();
        for file in std::fs::read_dir(block.join("migrations")).unwrap() {
            for table in tables_of(&std::fs::read_to_string(file.unwrap().path()).unwrap()) {
                owned.insert(table, block.clone());
            }
        }
    }
    assert!(owned.len() > 3, "tables were found: {owned:?}");
    for path in sources(&crates) {
        let text = std::fs::read_to_string(&path).unwrap();
        for (table, block) in owned.iter().filter(|(_, block)| !path.starts_with(block)) {
            assert!(!works_on(&text, table), "{} works on {table} of {}", path.display(), block.display());
        }
    }
    assert_eq!(tables_of("CREATE TABLE visitor (id BIGINT);\ncreate table a_b(x)"), ["visitor", "a_b"]);
    assert!(works_on("\"SELECT id FROM visitor WHERE\"", "visitor") && !works_on("a visitor FROM visitors", "visitor"));
}

#[test]
fn pure_crates_have_a_pure_tree() {
    let metadata = metadata();
    for pure in ["stoa-core", "stoa-standards"] {
        let tree = tree(&metadata, pure);
        assert!(tree.contains("serde"), "the tree was walked");
        for engine in ["tokio", "mio", "socket2", "hyper", "axum", "reqwest", "rusqlite", "tokio-postgres", "rustix"] {
            assert!(!tree.contains(engine), "{pure} is pure but is built from {engine}");
        }
    }
    assert!(tree(&metadata, "stoa-store").contains("tokio"), "an impure tree is seen as impure");
}

/// The laws speak up when they are broken.
/// Dependencies that no source of their package names: `manifest` says them, `sources` holds what may use each.
fn unused(package: &str, needs: &BTreeSet<String>, sources: &str) -> Vec<String> {
    let words: BTreeSet<&str> = sources.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let idle = needs.iter().filter(|name| !words.contains(name.replace('-', "_").as_str()));
    idle.map(|name| format!("{package} never uses {name}")).collect()
}

fn sources_below(folders: &[PathBuf]) -> String {
    let mut text = String::new();
    let mut left: Vec<PathBuf> = folders.to_vec();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    text
}

#[test]
fn every_dependency_is_used_where_it_is_named() {
    let mut idle = Vec::new();
    for package in packages(&metadata()) {
        let folder = root().join("crates").join(&package.folder);
        let own = sources_below(&[folder.join("src")]);
        let tests = sources_below(&["src", "tests", "examples", "benches"].map(|name| folder.join(name)));
        idle.extend(unused(&package.name, &package.needs, &own));
        idle.extend(unused(&package.name, &package.needs_in_tests, &tests));
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

#[test]
fn a_broken_law_is_named() {
    let needs = BTreeSet::from(["serde-json".to_owned(), "toml".to_owned()]);
    assert_eq!(unused("stoa-x", &needs, "use serde_json::Value; // tomlike"), ["stoa-x never uses toml"]);

    let package = |name: &str, folder: &str, needs: &[&str], needs_in_tests: &[&str]| Package {
        name: name.into(),
        folder: folder.into(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        needs_in_tests: needs_in_tests.iter().map(|need| (*need).to_owned()).collect(),
    };
    let house = [
        package("stoa-core", "base/core", &["stoa-store"], &[]),
        package("stoa-store", "base/store", &["rusqlite"], &[]),
        package("stoa-registries", "blocks/registries", &["rusqlite", "stoa-store"], &["stoa-payments"]),
        package("stoa-payments", "blocks/payments", &["stoa-test"], &[]),
        package("stoa-test", "base/test", &[], &[]),
    ];
    assert_eq!(
        broken_arrows(&house),
        [
            "stoa-core → stoa-store does not go down",
            "stoa-registries → stoa-payments: blocks never import blocks",
            "stoa-payments → stoa-test is for tests",
        ]
    );
    assert_eq!(foreign_drivers(&house), ["stoa-registries → rusqlite: only stoa-store names a driver"]);

    let words = |file: &str, text: &str| forbidden_words(file, text).len();
    assert_eq!(words("base/core/src/id.rs", "use std::fs;\nlet a = 1; // std::fs in words only\n"), 1);
    assert_eq!(words("base/core/src/money.rs", "use std::{\n    fmt,\n    fs, net};\n"), 2);
    assert_eq!(words("blocks/registries/src/model/schema.rs", "let now = Clock::system().now();"), 1);
    assert_eq!(words("blocks/registries/src/service/find.rs", "let now = Clock::system().now();"), 0);
    assert_eq!(words("blocks/registries/src/store.rs", "use http::StatusCode as S; answer.status(409)"), 2);
    assert_eq!(words("cloud/standards/src/flavor/parse.rs", "std::net::TcpStream"), 1);
    assert_eq!(words("blocks/registries/src/store.rs", "rusqlite::Connection"), 1);
    assert_eq!(words("blocks/registries/src/service/create.rs", "StatusCode::CONFLICT"), 1);
    assert_eq!(words("blocks/registries/src/api/data.rs", "StatusCode::CONFLICT"), 0);
    assert_eq!(words("blocks/registries/src/pages/list.rs", "StatusCode::OK"), 0);
    assert_eq!(words("monitor/src/service/submit.rs", "StatusCode::OK"), 1);
    assert_eq!(words("base/store/src/engine/mod.rs", "rusqlite::Connection"), 0);
}

const LICENCES: [&str; 16] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "Unicode-3.0",
    "BSL-1.0",
    "MPL-2.0",
    "OpenSSL",
    "CDLA-Permissive-2.0",
];

/// Whether an SPDX expression can be met with allowed licences only.
fn allowed(expression: &str) -> bool {
    // `/` is an old way to write OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any_of(&mut words);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>) -> bool {
    let mut met = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words);
    }
    met
}

fn all_of(words: &mut Words<'_>) -> bool {
    let mut met = one(words);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words);
    }
    met
}

fn one(words: &mut Words<'_>) -> bool {
    match words.next() {
        Some("(") => any_of(words) & words.next_if_eq(&")").is_some(),
        Some(licence) => {
            let exception = words.next_if_eq(&"WITH").and_then(|_| words.next());
            let licence = exception.map_or_else(|| licence.to_owned(), |name| format!("{licence} WITH {name}"));
            LICENCES.contains(&licence.as_str())
        }
        None => false,
    }
}

#[test]
fn every_dependency_has_its_reason_and_every_package_an_allowed_licence() {
    assert!(allowed("MIT OR Apache-2.0") && allowed("MIT/Apache-2.0") && allowed("(MIT OR GPL-3.0) AND Unicode-3.0"));
    assert!(allowed("MIT OR (GPL-3.0 AND BSD-3-Clause)") && allowed("Apache-2.0 WITH LLVM-exception"));
    assert!(!allowed("GPL-3.0") && !allowed("MIT AND AGPL-3.0") && !allowed("") && !allowed("MIT ("));
    assert!(!allowed("(MIT OR Apache-2.0) AND GPL-3.0") && !allowed("GPL-3.0 OR (MIT AND AGPL-3.0)"));
    let metadata = metadata();
    let foreign: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| !allowed(texts(package, "license")))
        .map(|package| format!("{} {}: {}", texts(package, "name"), texts(package, "version"), package["license"]))
        .collect();
    assert!(foreign.is_empty(), "licences outside of the allow-list:\n{}", foreign.join("\n"));

    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let named: BTreeSet<String> = manifest["workspace"]["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .filter(|name| !name.starts_with("stoa-"))
        .cloned()
        .collect();
    let page = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let reasons: BTreeMap<String, usize> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(name, _)| *name != "dependency")
        .map(|(name, reason)| (name.to_owned(), reason.len()))
        .collect();
    let without: Vec<&String> =
        named.iter().filter(|name| reasons.get(*name).is_none_or(|length| *length < 10)).collect();
    assert!(without.is_empty(), "docs/dependencies.md gives no reason for {without:?}");
    let stale: Vec<&String> = reasons.keys().filter(|name| !named.contains(*name)).collect();
    assert!(stale.is_empty(), "docs/dependencies.md explains what is not there: {stale:?}");
}
