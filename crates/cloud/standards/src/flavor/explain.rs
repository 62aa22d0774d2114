//! A name taken apart: each piece, where it stands, and what it promises.

use serde::Serialize;

use super::parse::Parsed;
use super::parts::{Cpu, CpuKind, Disk, DiskKind, Grade, Hypervisor, Ram};
use super::{Architecture, Gpu, PREFIX};

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece<'a> {
    /// Characters before it.
    pub at: usize,
    /// The piece, with the separator in front of it.
    pub text: &'a str,
    /// What it means.
    pub meaning: String,
}

/// The pieces of a name, which together are the name. `parsed` is what [`parse`](super::parse()) read from it.
pub fn explain<'a>(name: &'a str, parsed: &Parsed) -> Vec<Piece<'a>> {
    let flavor = &parsed.flavor;
    let disk = flavor.disk.map(explain_disk);
    let hypervisor = flavor.hypervisor.map(|hypervisor| match hypervisor {
        Hypervisor::BareMetal => "the machine itself, without a hypervisor".to_owned(),
        other => format!("runs on {}", other.phrase()),
    });
    let virtualisation = flavor
        .hardware_virtualisation
        .then(|| "machines inside of the machine have the help of the hardware (VMX, SVM)".to_owned());
    let infiniband = flavor.infiniband.then(|| "network with Infiniband".to_owned());
    let meanings = [Some("a flavor of the Sovereign Cloud Stack, named by scs-0100".to_owned())]
        .into_iter()
        .chain([Some(explain_cpu(flavor.cpu)), Some(explain_ram(flavor.ram)), disk, hypervisor, virtualisation])
        .chain([flavor.architecture.map(explain_architecture), flavor.gpu.map(explain_gpu), infiniband])
        .flatten();
    spans(name, parsed).into_iter().zip(meanings).map(|((at, text), meaning)| Piece { at, text, meaning }).collect()
}

/// Where the pieces stand: the head is parted by the inner separator, the extensions by the outer one.
fn spans<'a>(name: &'a str, parsed: &Parsed) -> Vec<(usize, &'a str)> {
    let mut begins = vec![0, PREFIX.len()];
    let mut in_head = true;
    for (at, byte) in name.bytes().enumerate().skip(PREFIX.len()) {
        let outer = byte == parsed.syntax.outer();
        if outer || (in_head && byte == parsed.syntax.inner()) {
            begins.push(at);
        }
        in_head &= !outer;
    }
    let ends = begins.iter().copied().skip(1).chain([name.len()]);
    begins.iter().zip(ends).map(|(begin, end)| (*begin, name.get(*begin..end).unwrap_or_default())).collect()
}

fn explain_cpu(cpu: Cpu) -> String {
    let one = cpu.count.get() == 1;
    let what = match (cpu.kind, one) {
        (CpuKind::DedicatedCore, true) => "core of its own",
        (CpuKind::DedicatedCore, false) => "cores of its own",
        (CpuKind::DedicatedThread, true) => "hardware thread of its own",
        (CpuKind::DedicatedThread, false) => "hardware threads of its own",
        (CpuKind::SharedCore, true) => "shared vCPU, at least a fifth of a core in 99 % of a month",
        (CpuKind::SharedCore, false) => "shared vCPUs, each at least a fifth of a core in 99 % of a month",
        (CpuKind::CrowdedCore, true) => "vCPU on a crowded core, with no promise of speed",
        (CpuKind::CrowdedCore, false) => "vCPUs on crowded cores, with no promise of speed",
    };
    let insecure =
        if cpu.insecure { "; insecure: mitigations against weaknesses of the CPU are missing or late" } else { "" };
    format!("{} {what}{insecure}", cpu.count)
}

fn explain_ram(ram: Ram) -> String {
    let ecc = if ram.without_ecc { ", without error correction" } else { "" };
    let over = if ram.oversubscribed { ", oversubscribed" } else { "" };
    format!("{} GiB of memory{ecc}{over}", ram.size)
}

fn explain_disk(disk: Disk) -> String {
    let kind = match disk.kind {
        None => "of any kind",
        Some(DiskKind::Network) => "over the network",
        Some(DiskKind::Hdd) => "on a local hard disk",
        Some(DiskKind::Ssd) => "on a local SSD",
        Some(DiskKind::Nvme) => "on a fast local NVMe",
    };
    let size = disk.size.map_or_else(|| "as large as the image needs".to_owned(), |size| format!("of {size} GB"));
    match disk.count.get() {
        1 => format!("a disk {size}, {kind}"),
        count => format!("{count} disks {size} each, {kind}"),
    }
}

fn explain_architecture(architecture: Architecture) -> String {
    let generation = architecture.generation_name().map(|name| format!(" {name}")).unwrap_or_default();
    let frequency = match architecture.frequency() {
        Grade::Unstated => "",
        Grade::High => ", above 2.75 GHz on all cores",
        Grade::VeryHigh => ", above 3.25 GHz on all cores",
        Grade::VeryVeryHigh => ", above 3.75 GHz on all cores",
    };
    format!("{}{generation} CPU{frequency}", architecture.vendor().phrase())
}

fn explain_gpu(gpu: Gpu) -> String {
    let mut text = format!("{} of {}", gpu.kind.phrase(), gpu.vendor().phrase());
    if let Some(generation) = gpu.generation() {
        text.push_str(&format!(", {}", generation.name));
    }
    if let Some(units) = gpu.units() {
        let plural = if units.get() == 1 { "" } else { "s" };
        text.push_str(&format!(", {units} {}{plural}", gpu.vendor().units()));
    }
    text.push_str(match gpu.frequency() {
        Grade::Unstated => "",
        Grade::High => ", at high frequency",
        _ => ", at very high frequency",
    });
    if let Some(memory) = gpu.memory() {
        text.push_str(&format!(", {} GiB of video memory", memory.gib));
        text.push_str(match memory.bandwidth {
            Grade::Unstated => "",
            Grade::High => " with high bandwidth",
            _ => " with very high bandwidth",
        });
    }
    text
}
