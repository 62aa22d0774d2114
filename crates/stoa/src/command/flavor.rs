//! `stoa flavor`: names in, answers out. It touches no data folder and needs no second thread, so it is over in a moment;
//! only where the names are those of a cloud, the cloud is asked.

mod of_cloud;

use std::fmt::Display;
use std::io::{self, BufRead, BufWriter, IsTerminal, Read, Write};

use serde::Serialize;
use stoa_standards::flavor::lines::{self, NameVerdict, Refused};
use stoa_standards::flavor::{Rules, Syntax, Wanted, WantedArchitecture, WantedDisk, WantedGpu};

use crate::cli::{FlavorBuild, FlavorCommand, FlavorNames, Format, StandardVersion};
use crate::exit::{Exit, Failure};

/// Bytes of one line that are read; longer than any name, so that a long one is still answered.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Runs one command to its end.
pub(crate) fn run(command: FlavorCommand) -> Result<Exit, Failure> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let exit = match command {
        FlavorCommand::Check(asked) => each(&asked, |name, rules| {
            let checked = lines::check(name, rules);
            say(&mut out, asked.format, &checked).map(|()| checked.verdict())
        }),
        FlavorCommand::Describe(asked) => {
            each(&asked, |name, rules| answer(&mut out, asked.format, lines::describe(name, rules)))
        }
        FlavorCommand::Explain(asked) => {
            each(&asked, |name, rules| answer(&mut out, asked.format, lines::explain_name(name, rules)))
        }
        FlavorCommand::ExtraSpecs(wanted) if wanted.asked.cloud.is_some() => {
            // Questions and answers stand in their order only if nothing waits to be written.
            drop(out);
            return of_cloud::extra_specs(&wanted);
        }
        FlavorCommand::ExtraSpecs(wanted) => {
            let asked = wanted.asked;
            each(&asked, |name, rules| answer(&mut out, asked.format, lines::extra_specs_of(name, rules)))
        }
        FlavorCommand::Build(asked) => {
            let built = lines::build(&wanted(&asked)).map_err(|error| {
                Failure::new(Exit::Usage, error.to_string())
                    .advice("`stoa flavor build --help` shows what can be said.")
            })?;
            say(&mut out, asked.format, &built).map_err(|error| unwritten(&error)).map(|()| Exit::Done)
        }
        FlavorCommand::List { status, format } => lines::list(status)
            .try_for_each(|flavor| say(&mut out, format, &flavor))
            .map_err(|error| unwritten(&error))
            .map(|()| Exit::Done),
    }?;
    out.flush().map_err(|error| unwritten(&error))?;
    Ok(exit)
}

/// Answers for every name that was given, or that standard input holds.
fn each(asked: &FlavorNames, mut work: impl FnMut(&str, Rules) -> io::Result<NameVerdict>) -> Result<Exit, Failure> {
    let rules = rules(asked);
    let mut exit = Exit::Done;
    let mut judge = |name: &str| {
        let verdict = work(name, rules).map_err(|error| unwritten(&error))?;
        if verdict == NameVerdict::Invalid {
            exit = Exit::Problems;
        }
        Ok(())
    };
    if let Some(cloud) = &asked.cloud {
        of_cloud::flavors(cloud, &asked.names)?.iter().try_for_each(|flavor| judge(&flavor.facts.name))?;
    } else if asked.names.is_empty() {
        read_lines(judge)?;
    } else {
        asked.names.iter().try_for_each(|name| judge(name))?;
    }
    Ok(exit)
}

fn rules(asked: &FlavorNames) -> Rules {
    let syntax = asked.standard.map(|version| match version {
        StandardVersion::V1 => Syntax::Colon,
        StandardVersion::V2 | StandardVersion::V3 => Syntax::Dash,
    });
    Rules { syntax, reading: asked.reading }
}

fn read_lines(mut work: impl FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    let input = io::stdin();
    if input.is_terminal() {
        return Err(Failure::new(Exit::Usage, "no name was given")
            .advice("Give names as arguments, one a line on standard input, or those of a cloud with --cloud NAME."));
    }
    let mut input = input.lock();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        let length = read.map_err(|error| Failure::io("reading names from standard input", &error))?;
        if length == 0 {
            break;
        }
        if length as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            let message = format!("line {number} of standard input is longer than {LINE_BYTES_MAX} bytes");
            return Err(Failure::new(Exit::Usage, message).advice("Give one name a line."));
        }
        // What is not UTF-8 is no name either; the mark that stands for it is where the mistake is found.
        let text = String::from_utf8_lossy(&line);
        let name = text.trim_end_matches(['\n', '\r']);
        if !name.is_empty() {
            work(name)?;
        }
    }
    Ok(())
}

fn answer<T: Serialize + Display>(
    out: &mut impl Write,
    format: Format,
    result: Result<T, Refused<'_>>,
) -> io::Result<NameVerdict> {
    match result {
        Ok(value) => say(out, format, &value).map(|()| NameVerdict::Valid),
        Err(refused) => say(out, format, &refused).map(|()| refused.verdict),
    }
}

fn say(out: &mut impl Write, format: Format, value: &(impl Serialize + Display)) -> io::Result<()> {
    match format {
        Format::Text => writeln!(out, "{value}"),
        Format::Json => {
            serde_json::to_writer(&mut *out, value)?;
            out.write_all(b"\n")
        }
    }
}

fn unwritten(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::new(Exit::Failed, "nobody reads the output any more"),
        _ => Failure::io("writing the answer", error),
    }
}

fn wanted(asked: &FlavorBuild) -> Wanted {
    let gpu = asked.gpu.zip(asked.gpu_vendor).map(|(kind, vendor)| WantedGpu {
        kind,
        vendor,
        generation: asked.gpu_generation.clone(),
        units: asked.gpu_units,
        frequency: asked.gpu_frequency.unwrap_or_default(),
        memory: asked.gpu_memory,
        bandwidth: asked.gpu_bandwidth.unwrap_or_default(),
    });
    let architecture = asked.cpu_vendor.map(|vendor| WantedArchitecture {
        vendor,
        generation: asked.cpu_generation,
        frequency: asked.cpu_frequency.unwrap_or_default(),
    });
    let disk = asked.disk.map(|size| WantedDisk { count: asked.disks, size: size.0, kind: asked.disk_type });
    Wanted {
        insecure: asked.insecure,
        without_ecc: asked.no_ecc,
        oversubscribed: asked.oversubscribed,
        disk,
        hypervisor: asked.hypervisor,
        hardware_virtualisation: asked.hwv,
        architecture,
        gpu,
        infiniband: asked.infiniband,
        ..Wanted::new(asked.cpus, asked.cpu_type, asked.ram)
    }
}
