//! From wishes to a flavor: numbers and choices as a person or a form gives them, refused where no name can say them.

use std::num::{NonZeroU8, NonZeroU32};

use super::architecture::{Architecture, CpuVendor, UnknownCpuGeneration};
use super::gpu::{Gpu, GpuError, GpuKind, GpuVendor, VideoMemory};
use super::parts::{Cpu, CpuKind, Disk, DiskKind, Grade, Hypervisor, Ram, RamSize};
use super::{Flavor, Quantity};

/// What a flavor is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// How many vCPUs.
    pub cpus: u32,
    /// What they are.
    pub cpu_kind: CpuKind,
    /// Mitigations are missing or late.
    pub insecure: bool,
    /// How much memory.
    pub ram: RamSize,
    /// It has no error correction.
    pub without_ecc: bool,
    /// It is oversubscribed.
    pub oversubscribed: bool,
    /// The disks.
    pub disk: Option<WantedDisk>,
    /// The hypervisor.
    pub hypervisor: Option<Hypervisor>,
    /// Machines inside of the machine have the help of the hardware.
    pub hardware_virtualisation: bool,
    /// The CPU.
    pub architecture: Option<WantedArchitecture>,
    /// The GPU.
    pub gpu: Option<WantedGpu>,
    /// Infiniband.
    pub infiniband: bool,
}

/// The disks that a flavor is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedDisk {
    /// How many.
    pub count: u32,
    /// GB of each; without it as large as the image needs.
    pub size: Option<u32>,
    /// What they are.
    pub kind: Option<DiskKind>,
}

/// The CPU that a flavor is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedArchitecture {
    /// Who makes it.
    pub vendor: CpuVendor,
    /// Its generation; 0 says nothing.
    pub generation: u32,
    /// The frequency.
    pub frequency: Grade,
}

/// The GPU that a flavor is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedGpu {
    /// How it reaches the machine.
    pub kind: GpuKind,
    /// Who makes it.
    pub vendor: GpuVendor,
    /// Its generation, as a name says it.
    pub generation: Option<String>,
    /// How many units compute.
    pub units: Option<u32>,
    /// Their frequency.
    pub frequency: Grade,
    /// GiB of video memory.
    pub memory: Option<u32>,
    /// Its bandwidth.
    pub bandwidth: Grade,
}

/// Why a flavor has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A number that must be above zero.
    #[error("{} must be above zero", .0.words())]
    Zero(Quantity),
    /// More disks than can be counted.
    #[error("there are at most {} disks", u8::MAX)]
    TooManyDisks,
    /// A generation that the standard does not list.
    #[error(transparent)]
    Cpu(#[from] UnknownCpuGeneration),
    /// A GPU that no name can say.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The frequency of units of which there is no number.
    #[error("a GPU's frequency can only be said with the number of units")]
    FrequencyWithoutUnits,
    /// The bandwidth of video memory of which there is no amount.
    #[error("bandwidth can only be said with the amount of video memory")]
    BandwidthWithoutMemory,
}

impl Wanted {
    /// Only vCPUs and memory.
    pub const fn new(cpus: u32, cpu_kind: CpuKind, ram: RamSize) -> Wanted {
        Wanted {
            cpus,
            cpu_kind,
            insecure: false,
            ram,
            without_ecc: false,
            oversubscribed: false,
            disk: None,
            hypervisor: None,
            hardware_virtualisation: false,
            architecture: None,
            gpu: None,
            infiniband: false,
        }
    }

    /// The flavor, whose name is what it prints.
    pub fn build(&self) -> Result<Flavor, BuildError> {
        let count = positive(self.cpus, Quantity::Cpus)?;
        let cpu = Cpu { count, kind: self.cpu_kind, insecure: self.insecure };
        let ram = Ram { size: self.ram, without_ecc: self.without_ecc, oversubscribed: self.oversubscribed };
        Ok(Flavor {
            disk: self.disk.map(build_disk).transpose()?,
            hypervisor: self.hypervisor,
            hardware_virtualisation: self.hardware_virtualisation,
            architecture: self.architecture.map(build_architecture).transpose()?,
            gpu: self.gpu.as_ref().map(build_gpu).transpose()?,
            infiniband: self.infiniband,
            ..Flavor::new(cpu, ram)
        })
    }
}

fn positive(number: u32, quantity: Quantity) -> Result<NonZeroU32, BuildError> {
    NonZeroU32::new(number).ok_or(BuildError::Zero(quantity))
}

fn build_disk(wanted: WantedDisk) -> Result<Disk, BuildError> {
    let count = positive(wanted.count, Quantity::Disks)?;
    Ok(Disk {
        count: NonZeroU8::try_from(count).map_err(|_| BuildError::TooManyDisks)?,
        size: wanted.size.map(|size| positive(size, Quantity::DiskSize)).transpose()?,
        kind: wanted.kind,
    })
}

fn build_architecture(wanted: WantedArchitecture) -> Result<Architecture, BuildError> {
    Ok(Architecture::new(wanted.vendor, wanted.generation)?.with_frequency(wanted.frequency))
}

fn build_gpu(wanted: &WantedGpu) -> Result<Gpu, BuildError> {
    let mut gpu = Gpu::new(wanted.kind, wanted.vendor);
    if let Some(code) = &wanted.generation {
        gpu = gpu.with_generation(code)?;
    }
    match wanted.units {
        Some(units) => gpu = gpu.with_units(positive(units, Quantity::GpuUnits)?, wanted.frequency)?,
        None if wanted.frequency != Grade::Unstated => return Err(BuildError::FrequencyWithoutUnits),
        None => {}
    }
    match wanted.memory {
        Some(gib) => {
            let gib = positive(gib, Quantity::GpuMemory)?;
            gpu = gpu.with_memory(VideoMemory { gib, bandwidth: wanted.bandwidth })?;
        }
        None if wanted.bandwidth != Grade::Unstated => return Err(BuildError::BandwidthWithoutMemory),
        None => {}
    }
    Ok(gpu)
}
