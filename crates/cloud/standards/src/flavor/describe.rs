//! One line of prose for a flavor. The order and the phrases are those people know from the published tools; numbers,
//! plurals and disks without a size are said properly.

use std::fmt;

use super::gpu::Gpu;
use super::parts::{Disk, Grade};
use super::{Architecture, Flavor};

/// A flavor's description; see [`Flavor::describe`].
#[derive(Debug, Clone, Copy)]
pub struct Description(Flavor);

impl Flavor {
    /// One line about the flavor: `SCS flavor with 2 generic x86-64 vCPUs with 4 GiB RAM and SSD 20 GB root volume`.
    pub const fn describe(&self) -> Description {
        Description(*self)
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flavor = &self.0;
        let cpus = flavor.cpu.count.get();
        write!(f, "SCS flavor with {cpus} ")?;
        match flavor.architecture {
            None => f.write_str("generic x86-64")?,
            Some(architecture) => write_architecture(architecture, f)?,
        }
        write!(f, " {}{}", flavor.cpu.kind.phrase(), plural(cpus))?;
        f.write_str(if flavor.cpu.insecure { " (insecure)" } else { "" })?;
        write!(f, " with {} GiB RAM", flavor.ram.size)?;
        f.write_str(match (flavor.ram.without_ecc, flavor.ram.oversubscribed) {
            (false, false) => "",
            (true, false) => " (no ECC)",
            (false, true) => " (oversubscribed)",
            (true, true) => " (no ECC, oversubscribed)",
        })?;
        if let Some(hypervisor) = flavor.hypervisor {
            write!(f, " on {}", hypervisor.phrase())?;
        }
        f.write_str(if flavor.hardware_virtualisation { " with HW virt" } else { "" })?;
        if let Some(disk) = flavor.disk {
            write_disk(disk, f)?;
        }
        if let Some(gpu) = flavor.gpu {
            write_gpu(gpu, f)?;
        }
        f.write_str(if flavor.infiniband { " and Infiniband" } else { "" })
    }
}

const fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn write_architecture(architecture: Architecture, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(match architecture.frequency() {
        Grade::Unstated => "",
        Grade::High => "High Perf ",
        Grade::VeryHigh => "Very High Perf ",
        Grade::VeryVeryHigh => "Very Very High Perf ",
    })?;
    f.write_str(architecture.vendor().phrase())?;
    architecture.generation_name().map_or(Ok(()), |name| write!(f, " {name}"))
}

fn write_disk(disk: Disk, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(" and ")?;
    disk.kind.map_or(Ok(()), |kind| write!(f, "{} ", kind.phrase()))?;
    let count = u32::from(disk.count.get());
    match disk.size {
        Some(size) if count == 1 => write!(f, "{size} GB root volume"),
        Some(size) => write!(f, "{count}x{size} GB root volumes"),
        None if count == 1 => f.write_str("root volume as large as the image needs"),
        None => write!(f, "{count} root volumes as large as the image needs"),
    }
}

fn write_gpu(gpu: Gpu, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, " and {} {}", gpu.kind.phrase(), gpu.vendor().phrase())?;
    gpu.generation().map_or(Ok(()), |generation| write!(f, " {}", generation.name))?;
    let frequency = match gpu.frequency() {
        Grade::Unstated => "",
        Grade::High => "High Freq",
        _ => "Very High Freq",
    };
    let units = gpu.units().map(|count| format!("{}{}", gpu.vendor().units(), plural(count.get())));
    let memory = gpu.memory().map(|memory| match memory.bandwidth {
        Grade::Unstated => format!("{} GiB VRAM", memory.gib),
        Grade::High => format!("{} GiB High BW (HBM) VRAM", memory.gib),
        _ => format!("{} GiB Very High BW VRAM", memory.gib),
    });
    let computing: Vec<String> = gpu
        .units()
        .map(|count| count.to_string())
        .into_iter()
        .chain(Some(frequency.to_owned()).filter(|frequency| !frequency.is_empty()))
        .chain(units)
        .collect();
    let said: Vec<String> =
        Some(computing.join(" ")).filter(|said| !said.is_empty()).into_iter().chain(memory).collect();
    if said.is_empty() { Ok(()) } else { write!(f, " (w/ {})", said.join(" and ")) }
}
