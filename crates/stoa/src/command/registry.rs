//! `stoa registry` and `stoa sample`: registers from files and made-up people, and their records out again.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::{Duration, Instant as Tick};

use serde_json::{Map, Value, json};
use stoa_core::{Problem, Role};
use stoa_peers::registries as peer;
use stoa_registries::export::{About, Export};
use stoa_registries::import::iso_codes::{self, Dataset, Folders, LANGUAGES};
use stoa_registries::import::{
    Fault, FaultKind, Format, Formulas, Inferred, Rows, SourceRow, check, flattened, infer, open, titled,
};
use stoa_registries::sample::{self, People};
use stoa_registries::service::{By, Draft, Imported, RefusedRow, RegistryInfo, Trial};
use stoa_registries::{Registries, RegistriesError};
use stoa_web::Need;

use crate::command::key::refused;
use crate::console::Console;
use crate::exit::{Exit, Failure, chain};
use crate::failures::Explain;
use crate::instance::{Instance, NODE};

/// Refused rows that are told one by one; the rest is counted.
const TOLD_MAX: usize = 20;
/// How often progress is told.
const PROGRESS_TIME: Duration = Duration::from_secs(2);
/// Records that are read at once for an export.
const PAGE: u32 = 500;

/// The block over its database, and who works with it.
fn desk(instance: &Instance) -> Result<(Registries, By), Failure> {
    let room = instance.rooms.iter().find(|room| room.name == stoa_registries::BLOCK.name);
    let room = room.ok_or_else(|| {
        Failure::new(Exit::Usage, "the block `registries` does not run here")
            .advice("Set `blocks.registries.enabled`, or ask the node that runs it.")
    })?;
    Ok((Registries::over(room.store.clone(), instance.keys.clone()), By::system(Instance::operator("default")?)))
}

/// A failure of the database or the evidence is told with its cause: whoever works here owns the node.
fn failed(error: RegistriesError) -> Failure {
    match error {
        RegistriesError::Store(error) => error.explain("working with registers"),
        RegistriesError::Audit(error) => error.explain("working with registers"),
        error => refused(&Problem::from(error)),
    }
}

/// What the command line needs of a block that runs elsewhere.
const NEEDS: &[Need] = &[Need { block: peer::BLOCK, roles: &[Role::OPERATOR] }];

/// Lists registers with version and size; those of another node or product where the block is served there.
pub(super) async fn list(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    if instance.config.text("blocks.registries.url").is_some() {
        return list_elsewhere(instance, console).await;
    }
    let (registries, by) = desk(instance)?;
    let all = registries.list(&by).await.map_err(failed)?;
    if all.is_empty() {
        console.note("no registers yet: `stoa registry import iso-codes` makes three").await?;
    }
    for info in all {
        let count = registries.count(&by, &info.code).await.map_err(failed)?;
        let version = info.versions.last().map_or("draft", |version| &version.label);
        console.out(format!("{:<24} {version:<8} {count:>10} records  {}", info.code, info.name)).await?;
    }
    Ok(Exit::Done)
}

async fn list_elsewhere(instance: &Instance, console: &Console) -> Result<Exit, Failure> {
    let registries = peer::Registries::of(&instance.peers.of(NODE, NEEDS));
    let all = registries.list().await.map_err(|error| {
        Failure::new(Exit::Failed, format!("the block `registries` is served elsewhere: {}", chain(&error)))
            .advice("See `blocks.registries` in the configuration, and who may call there.")
    })?;
    for register in all {
        let version = register.versions.last().map_or("draft", |version| &version.label);
        console.out(format!("{:<24} {version:<8} {}", register.code, register.name)).await?;
    }
    Ok(Exit::Done)
}

/// What an import is to do.
pub(super) struct Wanted<'a> {
    /// `iso-codes`, or the path of a file.
    pub(super) source: &'a str,
    /// The register's name, for a file.
    pub(super) register: Option<&'a str>,
    /// Whether the schema was seen and taken; without it the schema is only shown.
    pub(super) confirmed: bool,
    /// What is done with formulas.
    pub(super) formulas: Formulas,
}

/// Builds registers from `iso-codes` or from a file.
pub(super) async fn import(instance: &Instance, wanted: Wanted<'_>, console: &Console) -> Result<Exit, Failure> {
    let Wanted { source, register, confirmed, formulas } = wanted;
    let (registries, by) = desk(instance)?;
    if source == "iso-codes" {
        return iso(&registries, &by, confirmed, console).await;
    }
    let path = Path::new(source);
    let format = Format::of_name(source).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("{source}: the ending tells no format"))
            .advice("Name the file .csv (or .tsv, .txt), .json or .ndjson (or .jsonl).")
    })?;
    look_through(path, format, formulas, console).await?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("register");
    let name = register.unwrap_or(stem);
    let code = code_of(name);
    if let Ok(info) = registries.get(&by, &code).await
        && let Some(version) = info.versions.last()
    {
        if !confirmed {
            let line = format!("into the register `{code}` (version {}), whose schema stays as it is", version.label);
            console.out(line).await?;
            return Ok(Exit::Done);
        }
        return fill(&registries, &by, &info, rows(path, format)?, None, console).await;
    }
    let found = infer(rows(path, format)?).map_err(|fault| at(path, &fault))?;
    show(name, &code, &found, console).await?;
    if !confirmed {
        return Ok(Exit::Done);
    }
    let schema = found.schema().map_err(|errors| {
        let words: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect();
        Failure::new(
            Exit::Usage,
            format!("{}: no register can have these fields: {}", path.display(), words.join("; ")),
        )
    })?;
    let draft = Draft {
        code,
        name: name.to_owned(),
        description: format!("Imported from {}.", path.file_name().unwrap_or_default().to_string_lossy()),
        schema: schema.to_json(),
        ..Draft::default()
    };
    let info = registries.define(&by, draft).await.map_err(failed)?;
    fill(&registries, &by, &info, rows(path, format)?, found.complete.then_some(found.rows), console).await
}

/// Refuses a file that cannot be read to its end, or holds formulas, before anything of it is written.
async fn look_through(path: &Path, format: Format, formulas: Formulas, console: &Console) -> Result<(), Failure> {
    let all = rows(path, format)?;
    let checked = tokio::task::spawn_blocking(move || check(all, formulas)).await;
    let checked = checked.map_err(|_| Failure::new(Exit::Failed, "reading the file was interrupted"))?;
    if checked.is_good() {
        return Ok(());
    }
    for fault in checked.faults.iter().take(TOLD_MAX) {
        console.note(format!("  {fault}")).await?;
    }
    let faults =
        if checked.fault_count == 1 { "1 fault".to_owned() } else { format!("{} faults", checked.fault_count) };
    let only_formulas = checked.faults.iter().all(|fault| fault.kind == FaultKind::Formula);
    let advice = if only_formulas {
        "Correct these cells, or take them as plain texts with --formulas-as-text."
    } else {
        "Correct the file at these places and import it again."
    };
    Err(Failure::new(Exit::Usage, format!("{}: {faults}; nothing was written", path.display())).advice(advice))
}

fn at(path: &Path, fault: &Fault) -> Failure {
    Failure::new(Exit::Usage, format!("{}: {fault}", path.display()))
}

fn rows(path: &Path, format: Format) -> Result<Rows<'static>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io(format!("reading {}", path.display()), &error))?;
    open(format, BufReader::new(file)).map(flattened).map_err(|fault| at(path, &fault))
}

/// A register's code from a name: what stands in addresses.
fn code_of(name: &str) -> String {
    let mut code = String::new();
    for c in name.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            code.push(c.to_ascii_lowercase());
        } else if !code.is_empty() && !code.ends_with('-') {
            code.push('-');
        }
    }
    let code = code.trim_end_matches('-').to_owned();
    if code.starts_with(|c: char| c.is_ascii_alphabetic()) { code } else { format!("r-{code}") }
}

/// What a file seems to hold, for a person to look at.
async fn show(name: &str, code: &str, found: &Inferred, console: &Console) -> Result<(), Failure> {
    let more = if found.complete { "" } else { " (the first of more)" };
    console.out(format!("{name} (code `{code}`): {} rows{more}, {} fields", found.rows, found.fields.len())).await?;
    for field in &found.fields {
        let mut rules = Vec::new();
        if found.key.as_deref() == Some(field.name.as_str()) {
            rules.push("key".to_owned());
        }
        if field.required {
            rules.push("always there".to_owned());
        }
        if !field.choices.is_empty() {
            rules.push(format!("one of {}", field.choices.join(", ")));
        }
        let example = field.examples.first().map_or("", String::as_str);
        let example: String = example.chars().take(40).collect();
        console
            .out(format!("  {:<28} {:<22} {:<32} {example}", field.name, field.kind.words(), rules.join("; ")))
            .await?;
    }
    if found.key.is_none() {
        console
            .note("no field has a different value in every row, so importing twice makes every record twice")
            .await?;
    }
    for fault in &found.faults {
        console.note(format!("  {fault}")).await?;
    }
    if found.fault_count > found.faults.len() as u64 {
        console.note(format!("  {} faults and warnings in all", found.fault_count)).await?;
    }
    Ok(())
}

/// Brings rows into a register and tells how far it is.
async fn fill(
    registries: &Registries,
    by: &By,
    info: &RegistryInfo,
    rows: Rows<'static>,
    total: Option<u64>,
    console: &Console,
) -> Result<Exit, Failure> {
    let label = info.versions.last().map(|version| version.label.clone()).unwrap_or_default();
    // The console may wait for a slow reader, the import must not wait within its callback.
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel::<(Imported, Vec<RefusedRow>)>();
    let work = async {
        let mut kept = 0;
        let result = registries
            .import(by, &info.code, &label, rows, Trial::No, |done, refused| {
                let few: Vec<RefusedRow> = refused.iter().take(TOLD_MAX.saturating_sub(kept)).cloned().collect();
                kept += few.len();
                let _ = sender.send((done, few));
            })
            .await;
        drop(sender);
        result
    };
    let listen = async {
        let (mut last, mut so_far) = (Tick::now(), Imported::default());
        while let Some((done, refused)) = told.recv().await {
            so_far = done;
            for row in refused {
                let words: Vec<String> =
                    row.errors.iter().map(|error| format!("{} {}", error.pointer, error.message)).collect();
                console.note(format!("  line {}: {}", row.line, words.join("; "))).await?;
            }
            if last.elapsed() > PROGRESS_TIME {
                last = Tick::now();
                let rows = done.created + done.updated + done.unchanged + done.refused;
                let of = total.map_or_else(String::new, |total| format!(" of {total}"));
                console.note(format!("  {}: {rows}{of} rows", info.code)).await?;
            }
        }
        Ok::<Imported, Failure>(so_far)
    };
    let started = Tick::now();
    // Whoever no longer listens no longer wants the import: it ends between two batches.
    let (done, so_far) = tokio::try_join!(async { Ok(work.await) }, listen)?;
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            let failure = failed(error);
            let words = format!(
                "{}; before that {} were created and {} changed in {}",
                failure.message, so_far.created, so_far.updated, info.code
            );
            return Err(Failure { message: words, ..failure }.or_advice(
                "What was written stays. Import the same file again: records that are there are not made twice.",
            ));
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    console
        .out(format!(
            "{}: {} created, {} changed, {} as they were, {} refused ({seconds:.1} s)",
            info.code, done.created, done.updated, done.unchanged, done.refused
        ))
        .await?;
    Ok(if done.refused > 0 { Exit::Problems } else { Exit::Done })
}

/// The three registers of `iso-codes`, with the links between them.
async fn iso(registries: &Registries, by: &By, confirmed: bool, console: &Console) -> Result<Exit, Failure> {
    let read = tokio::task::spawn_blocking(|| iso_codes::read(&Folders::default(), &LANGUAGES)).await;
    let datasets = read
        .map_err(|_| Failure::new(Exit::Failed, "reading iso-codes was interrupted"))?
        .map_err(|error| Failure::new(Exit::Failed, crate::exit::chain(&error)))?;
    let mut exit = Exit::Done;
    for dataset in datasets {
        let found = infer(dataset_rows(dataset.records.clone()))
            .map_err(|fault| Failure::new(Exit::Failed, format!("{}: {fault}", dataset.name)))?;
        let found = dataset.described(found);
        show(dataset.name, dataset.code, &found, console).await?;
        for link in dataset.links {
            console.out(format!("  {} links to {}/{}", link.field, link.register, link.key)).await?;
        }
        if confirmed {
            let total = dataset.records.len() as u64;
            let info = define(registries, by, &dataset, &found).await?;
            let filled = fill(registries, by, &info, dataset_rows(dataset.records), Some(total), console).await?;
            exit = if filled == Exit::Done { exit } else { filled };
        }
    }
    Ok(exit)
}

fn dataset_rows(records: Vec<Map<String, Value>>) -> Rows<'static> {
    let rows =
        records.into_iter().zip(1..).map(|(content, line)| Ok(SourceRow { line, content, warnings: Vec::new() }));
    flattened(Box::new(rows))
}

/// Publishes a dataset's register, unless it is there already.
async fn define(
    registries: &Registries,
    by: &By,
    dataset: &Dataset,
    found: &Inferred,
) -> Result<RegistryInfo, Failure> {
    if let Ok(info) = registries.get(by, dataset.code).await
        && !info.versions.is_empty()
    {
        return Ok(info);
    }
    let schema = found.schema().map_err(|errors| {
        Failure::new(Exit::Failed, errors.first().map_or_else(String::new, |error| error.message.clone()))
    })?;
    let schema = titled(schema);
    let draft = |schema: Value| Draft {
        code: dataset.code.to_owned(),
        name: dataset.name.to_owned(),
        description: dataset.description.to_owned(),
        schema,
        read_log: Some(false),
        ..Draft::default()
    };
    // The draft comes first, so that a register can also link to itself.
    let own = registries.put_draft(by, draft(schema.to_json())).await.map_err(failed)?;
    let mut schema = own.draft.clone().unwrap_or_default();
    for link in dataset.links {
        let other = if link.register == dataset.code {
            own.clone()
        } else {
            registries.get(by, link.register).await.map_err(failed)?
        };
        let theirs = other.draft.as_ref().or(other.versions.last().map(|version| &version.schema));
        let field = theirs.and_then(|schema| schema.pointer(&format!("/properties/{}/id", link.key))?.as_i64());
        let keys = json!([{"databaseKey": other.id.to_string(),
            "values": [{"fieldKey": field.unwrap_or(0).to_string()}]}]);
        if let Some(own) = schema.pointer_mut(&format!("/properties/{}", link.field)).and_then(Value::as_object_mut) {
            own.insert("foreignKeys".to_owned(), keys);
        }
    }
    registries.define(by, draft(schema)).await.map_err(failed)
}

/// Writes all records as NDJSON, page by page.
pub(super) async fn export(instance: &Instance, register: &str, console: &Console) -> Result<Exit, Failure> {
    let (registries, by) = desk(instance)?;
    let mut after = None;
    let mut export: Option<Export> = None;
    loop {
        let (version, records) = registries.export_page(&by, register, after, PAGE).await.map_err(failed)?;
        let export = export.get_or_insert_with(|| {
            let about = About {
                source: "stoa".to_owned(),
                register: register.to_owned(),
                version: version.label.to_string(),
                exported_at: instance.clock.now(),
            };
            Export::new(Format::Ndjson, &about, Vec::new())
        });
        for record in &records {
            if let Value::Object(content) = record.show(&version.schema) {
                export.record(&content);
            }
        }
        let text = String::from_utf8_lossy(&export.take()).trim_end().to_owned();
        if !text.is_empty() {
            console.out(text).await?;
        }
        match records.last() {
            Some(last) => after = Some(last.id),
            None => break,
        }
    }
    console.note(format!("{}: {} records", register, export.map_or(0, |export| export.records()))).await?;
    Ok(Exit::Done)
}

/// Makes a population and brings it into its register.
pub(super) async fn people(instance: &Instance, count: u64, seed: u64, console: &Console) -> Result<Exit, Failure> {
    let (registries, by) = desk(instance)?;
    let draft = |schema: Value| Draft {
        code: sample::REGISTER_CODE.to_owned(),
        name: sample::REGISTER_NAME.to_owned(),
        description: "Made-up people for trying things out. Nobody in it exists.".to_owned(),
        schema,
        ..Draft::default()
    };
    let info = match registries.get(&by, sample::REGISTER_CODE).await {
        Ok(info) if !info.versions.is_empty() => info,
        _ => {
            let own = registries.put_draft(&by, draft(sample::schema(None))).await.map_err(failed)?;
            registries.define(&by, draft(sample::schema(Some(own.id)))).await.map_err(failed)?
        }
    };
    let people = People::new(count, seed, instance.clock.now().date());
    let rows =
        people.zip(1..).map(|(person, line)| Ok(SourceRow { line, content: person.content(), warnings: Vec::new() }));
    fill(&registries, &by, &info, Box::new(rows), Some(count), console).await
}
