//! Which databases belong to a data folder, and on which engine each lies: kept in its file `engines`. A later start
//! that finds one missing, emptied, or sought on another engine stops there, instead of starting with nothing and
//! calling that in order.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use stoa_store::Engine;

use crate::exit::{Exit, Failure};

const FILE: &str = "engines";

/// One line of the file: the database, its engine, and its schema where a server holds it.
fn line(name: &str, engine: &Engine) -> String {
    match engine {
        Engine::Sqlite { .. } => format!("{name} sqlite"),
        Engine::Postgres { schema, .. } => format!("{name} postgres {schema}"),
    }
}

fn known(folder: &Path) -> Result<Vec<String>, Failure> {
    let file = folder.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Failure::io(format!("reading {}", file.display()), &error)),
    }
}

fn of<'a>(lines: &'a [String], name: &str) -> Option<&'a String> {
    lines.iter().find(|line| line.split(' ').next() == Some(name))
}

/// Refuses a database that is not where the folder's earlier starts left it. Called before it is opened.
pub(crate) fn check(folder: &Path, name: &str, engine: &Engine) -> Result<(), Failure> {
    let lines = known(folder)?;
    let Some(noted) = of(&lines, name) else { return Ok(()) };
    if *noted != line(name, engine) {
        let (there, here) = match engine {
            Engine::Sqlite { .. } => ("a PostgreSQL server", "none is configured"),
            Engine::Postgres { .. } => ("files of this folder, or another schema", "a server is configured"),
        };
        return Err(Failure::new(
            Exit::Data,
            format!("the database of {name} in {} lies on {there}, and {here}", folder.display()),
        )
        .advice(
            "Set `store.url` (or STOA_STORE__URL) as it was when the folder was made. To move to the other engine: \
                 stoa backup, then stoa restore into a new folder with the new `store.url`.",
        ));
    }
    if let Engine::Sqlite { file, .. } = engine
        && std::fs::metadata(file).map_or(0, |data| data.len()) == 0
    {
        return Err(Failure::new(
            Exit::Data,
            format!("{} is missing or empty, though this folder had it", file.display()),
        )
        .advice(
            "Put the file back, or restore the latest backup into a new folder: \
                 stoa restore ARCHIVE --data NEW-FOLDER.",
        ));
    }
    Ok(())
}

/// Notes a database that was opened. Called once it is there; doing it again changes nothing.
pub(crate) fn note(folder: &Path, name: &str, engine: &Engine) -> Result<(), Failure> {
    let mut lines = known(folder)?;
    if of(&lines, name).is_some() {
        return Ok(());
    }
    lines.push(line(name, engine));
    let (file, fresh): (PathBuf, PathBuf) = (folder.join(FILE), folder.join(format!("{FILE}.new")));
    let write = || -> std::io::Result<()> {
        let mut out = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        out.write_all(format!("{}\n", lines.join("\n")).as_bytes())?;
        out.sync_all()?;
        std::fs::rename(&fresh, &file)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Failure::io(format!("writing {}", file.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoa_store::Durability;

    #[test]
    fn a_database_that_is_gone_or_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("node.db");
        let here = Engine::Sqlite { file: file.clone(), durability: Durability::Full };
        let there = Engine::Postgres { url: "postgres://127.0.0.1/x".into(), schema: "stoa_node".into() };
        check(folder.path(), "node", &here).unwrap();
        std::fs::write(&file, "something").unwrap();
        note(folder.path(), "node", &here).unwrap();
        note(folder.path(), "registries", &there).unwrap();
        check(folder.path(), "node", &here).unwrap();
        check(folder.path(), "registries", &there).unwrap();
        for refused in [check(folder.path(), "node", &there), check(folder.path(), "registries", &here)] {
            let failure = refused.unwrap_err();
            assert!(failure.exit == Exit::Data && failure.advice.contains("store.url"), "{failure}");
        }
        std::fs::write(&file, "").unwrap();
        assert!(check(folder.path(), "node", &here).unwrap_err().message.contains("missing or empty"));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(check(folder.path(), "node", &here).unwrap_err().exit, Exit::Data);
    }
}
