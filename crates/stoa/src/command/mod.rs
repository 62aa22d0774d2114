//! The commands. Those that need no data are answered here; the others are work for a desk: that of the server which
//! runs on the folder, through its socket, or one of our own after taking the folder.

mod audit;
mod backup;
mod check;
mod configuration;
mod desk;
mod files;
pub(crate) mod flavor;
mod image;
pub(crate) mod key;
mod keys;
mod monitor;
mod registry;
mod report;
mod standard;
mod up;

use std::path::Path;
use std::sync::Arc;

use clap::CommandFactory;

use crate::cli::{
    AuditCommand, Cli, Command, ConfigCommand, KeyCommand, KeysCommand, MonitorCommand, ProfileName, ReferencePage,
    RegistryCommand, SampleCommand, Up,
};
use crate::config::{Config, Sources, reference};
use crate::console::Console;
use crate::control::{self, Worker};
use crate::exit::{Exit, Failure};
use crate::folder::{DataFolder, ProfileKind, profile_of};
use crate::instance::{Instance, chosen_blocks};
use crate::work::{AuditSearch, AuditVerify, Work};

/// Runs one command to its end.
pub(crate) async fn run(cli: Cli, console: Console) -> Result<Exit, Failure> {
    let load = || {
        let mut config = Config::load(&Sources::of_process(cli.config.clone()))?;
        if let Some(folder) = &cli.data {
            config.set("data.dir", folder.display().to_string(), "--data");
        }
        Ok::<Config, Failure>(config)
    };
    match cli.command {
        Command::Config(ConfigCommand::Check) => configuration::check(&load()?, &console).await,
        Command::Config(ConfigCommand::Show) => page(&load()?.show(), &console).await,
        Command::Config(ConfigCommand::Reference) | Command::Reference { page: ReferencePage::Configuration } => {
            page(&reference::markdown(), &console).await
        }
        Command::Reference { page: ReferencePage::Commands } => page(&crate::reference::commands(), &console).await,
        Command::Reference { page: ReferencePage::Problems } => page(&crate::reference::problems(), &console).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stoa", &mut script);
            page(&String::from_utf8_lossy(&script), &console).await
        }
        Command::Keys(KeysCommand::New { after }) => keys::new(after.as_deref(), &console).await,
        Command::Standard(wanted) => standard::run(wanted, &console).await,
        Command::Check(wanted) => check::run(wanted, &console).await,
        Command::Report(wanted) => report::run(wanted, &console).await,
        Command::Image(wanted) => image::run(wanted, &console).await,
        Command::Up(arguments) => up::run(load()?, arguments, console).await,
        Command::Monitor { listen, command: None } => {
            let only = Some(stoa_monitor::BLOCK.name.to_owned());
            up::run(load()?, Up { listen, profile: ProfileName::Secure, only }, console).await
        }
        Command::Restore(wanted) => backup::restore(load()?, wanted, &console).await,
        Command::Verify(wanted) => backup::verify(wanted, &console).await,
        other => {
            let config = load()?;
            match work_of(other)? {
                Some(Work::RegistryImport { source, register, confirmed: false, formulas_as_text }) => {
                    let work = |confirmed| Work::RegistryImport {
                        source: source.clone(),
                        register: register.clone(),
                        confirmed,
                        formulas_as_text,
                    };
                    let shown = dispatch(config, work(false), &console).await?;
                    if shown != Exit::Done {
                        return Ok(shown);
                    }
                    agreed("Take this schema and import?", "--yes takes the schema without asking.")?;
                    dispatch(load()?, work(true), &console).await
                }
                Some(work) => dispatch(config, work, &console).await,
                None => Err(Failure::new(Exit::Failed, "this command is not known")),
            }
        }
    }
}

/// Asks the person at the terminal; without one nobody can agree.
fn agreed(question: &str, otherwise: &str) -> Result<(), Failure> {
    use std::io::{BufRead, IsTerminal, Write};
    let not_agreed = |what: &str| Failure::new(Exit::Usage, what).advice(format!("Nothing was written. {otherwise}"));
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(not_agreed("there is no terminal to ask at"));
    }
    let mut error = std::io::stderr().lock();
    let asked = write!(error, "{question} [y/N] ").and_then(|()| error.flush());
    let mut answer = String::new();
    match asked.and_then(|()| input.lock().read_line(&mut answer)) {
        Ok(_) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        _ => Err(not_agreed("the answer was no")),
    }
}

async fn page(text: &str, console: &Console) -> Result<Exit, Failure> {
    console.out(text.trim_end()).await?;
    Ok(Exit::Done)
}

/// The work behind a command that needs data.
fn work_of(command: Command) -> Result<Option<Work>, Failure> {
    Ok(Some(match command {
        Command::Backup(wanted) => {
            let passphrase = backup::passphrase(&wanted.passphrase)?;
            if passphrase.is_none() && !wanted.unencrypted {
                return Err(Failure::new(Exit::Usage, "no passphrase for the archive")
                    .advice("Give --passphrase-file FILE or STOA_PASSPHRASE, or say --unencrypted."));
            }
            let passphrase = passphrase.filter(|_| !wanted.unencrypted);
            Work::Backup { archive: Config::absolute(&wanted.archive), passphrase }
        }
        Command::Audit(AuditCommand::Verify { block, against, keys }) => Work::AuditVerify(AuditVerify {
            block,
            against: against.as_deref().map(read).transpose()?,
            keys: keys.into_iter().map(key_or_file).collect::<Result<_, _>>()?,
        }),
        Command::Audit(AuditCommand::Search { block, tenant, actor, subject, action, from, to, limit }) => {
            Work::AuditSearch(AuditSearch { block, actor, subject, action, from, to, tenant, limit })
        }
        Command::Audit(AuditCommand::Checkpoint) => Work::AuditCheckpoint,
        Command::Audit(AuditCommand::Key) => Work::AuditKey,
        Command::Key(KeyCommand::Create { name, roles, tenant, days }) => Work::KeyCreate { name, roles, tenant, days },
        Command::Keys(KeysCommand::List) => Work::KeysList,
        Command::Keys(KeysCommand::Rotate) => Work::KeysRotate,
        Command::Keys(KeysCommand::Retire { id }) => Work::KeysRetire { id },
        Command::Key(KeyCommand::List { tenant }) => Work::KeyList { tenant },
        Command::Key(KeyCommand::Revoke { id: Some(id), .. }) => Work::KeyRevoke { id },
        Command::Key(KeyCommand::Revoke { id: None, name, tenant }) => {
            Work::KeyRevokeAll { name: name.unwrap_or_default(), tenant }
        }
        Command::Link { tenant } => Work::Link { tenant },
        Command::Registry(RegistryCommand::List) => Work::RegistryList,
        Command::Registry(RegistryCommand::Export { register }) => Work::RegistryExport { register },
        Command::Registry(RegistryCommand::Import { source, register, yes, formulas_as_text }) => {
            let source = if source == "iso-codes" { source } else { absolute(Path::new(&source)) };
            Work::RegistryImport { source, register, confirmed: yes, formulas_as_text }
        }
        Command::Monitor { command: Some(MonitorCommand::ImportBootstrap { file }), .. } => {
            Work::MonitorImport { name: files::shown(&file), text: files::text(&file)? }
        }
        Command::Monitor { command: Some(MonitorCommand::Migrate { from }), .. } => Work::MonitorMigrate { from },
        Command::Sample(SampleCommand::People { count, seed }) => Work::SamplePeople { count, seed },
        _ => return Ok(None),
    }))
}

fn absolute(path: &Path) -> String {
    Config::absolute(path).display().to_string()
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::io(format!("reading {}", path.display()), &error))
}

/// A key is written out, or stands in a file of that name.
fn key_or_file(key: String) -> Result<String, Failure> {
    let path = Path::new(&key);
    if path.is_file() { read(path) } else { Ok(key) }
}

/// Gives work to the running server of the folder, or does it here.
async fn dispatch(config: Config, work: Work, console: &Console) -> Result<Exit, Failure> {
    let folder = up::data_folder(&config, ProfileKind::Secure);
    if profile_of(&folder).is_some()
        && let Some(result) = control::ask(&folder, &work, console).await
    {
        return result;
    }
    let (folder, profile) = DataFolder::open_existing(&folder)?;
    let blocks = chosen_blocks(&config, None)?;
    let public_url = up::address_of(&config);
    let instance = Arc::new(Instance::open(folder, profile, config, &blocks, &public_url).await?);
    let desk = Desk { instance: Arc::clone(&instance), public_url };
    let only_looks = work.only_looks();
    let result = desk.work(work, console.clone()).await;
    drop(desk);
    match Arc::into_inner(instance) {
        Some(instance) if only_looks => instance.close_as_it_is().await,
        Some(instance) => instance.close().await,
        None => {}
    }
    result
}

use desk::Desk;
