//! The GPU of a flavor (scs-0100-v3, "GPU support").

use std::num::NonZeroU32;

use super::parts::{Grade, coded};

coded! {
    /// How the GPU reaches the machine.
    pub enum GpuKind {
        /// A share of a GPU.
        Virtual = "g" "vGPU",
        /// A whole GPU, or a partition of one, handed through.
        PassThrough = "G" "Pass-Through GPU",
    }
}

coded! {
    /// Who makes the GPU.
    pub enum GpuVendor {
        /// Nvidia.
        Nvidia = "N" "Nvidia",
        /// AMD.
        Amd = "A" "AMD",
        /// Intel.
        Intel = "I" "Intel",
    }
}

/// A generation of GPUs: how it stands in names, and what people call it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct GpuGeneration {
    /// How it stands in a name.
    pub code: &'static str,
    /// What it is called.
    pub name: &'static str,
}

/// `code name`, in the order of the standard.
macro_rules! generations {
    ($($code:literal $name:literal),+ $(,)?) => { &[$(GpuGeneration { code: $code, name: $name }),+] };
}

impl GpuVendor {
    /// The vendor's generations that can stand in a name.
    #[rustfmt::skip]
    pub const fn generations(self) -> &'static [GpuGeneration] {
        match self {
            GpuVendor::Nvidia => generations![
                "f" "Fermi", "k" "Kepler", "m" "Maxwell", "p" "Pascal", "v" "Volta", "t" "Turing", "a" "Ampere",
                "l" "Ada Lovelace", "g" "Grace Hopper", "b" "Blackwell", "u" "Blackwell Ultra",
            ],
            GpuVendor::Amd => generations![
                "0.4" "GCN4/Polaris", "0.5" "GCN5/Vega", "1" "CDNA1/MI1xx", "1.1" "RDNA1/Navi1x", "2" "CDNA2/MI2xx",
                "2.1" "RDNA2/Navi2x", "3" "CDNA3/MI3xx", "3.1" "RDNA3/Navi3x", "3.5" "RDNA3.5", "4" "CDNA4",
                "4.1" "RDNA4", "5.1" "RDNA5",
            ],
            GpuVendor::Intel => generations![
                "0.9" "Gen9/Skylake", "0.95" "Gen9.5/Kaby Lake", "1" "Xe1/DG1", "2" "Xe2", "3" "Arc/DG2", "4" "Battlemage",
            ],
        }
    }

    /// The generation with this code.
    pub fn generation(self, code: &str) -> Option<&'static GpuGeneration> {
        self.generations().iter().find(|generation| generation.code == code)
    }

    /// What the vendor calls the units that compute.
    pub const fn units(self) -> &'static str {
        match self {
            GpuVendor::Nvidia => "SM",
            GpuVendor::Amd => "CU",
            GpuVendor::Intel => "EU",
        }
    }
}

/// A GPU as a name can say it: video memory is only said behind the units that compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gpu {
    /// How it reaches the machine.
    pub kind: GpuKind,
    /// Who makes it.
    pub(super) vendor: GpuVendor,
    pub(super) generation: Option<&'static GpuGeneration>,
    pub(super) units: Option<NonZeroU32>,
    pub(super) frequency: Grade,
    pub(super) memory: Option<VideoMemory>,
}

/// The memory of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoMemory {
    /// GiB, rounded down.
    pub gib: NonZeroU32,
    /// How fast it is; `High` for HBM, at most `VeryHigh`.
    pub bandwidth: Grade,
}

/// What cannot be said of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// The standard does not list the generation for this vendor.
    #[error("{} GPUs have the generations {}", .0.phrase(), Codes(*.0))]
    UnknownGeneration(GpuVendor),
    /// `hhh` is for CPUs.
    #[error("of a GPU, frequency and bandwidth go up to hh")]
    Grade,
    /// A name says video memory only behind the number of units.
    #[error("video memory can only be said with the number of units that compute")]
    MemoryWithoutUnits,
}

/// Prints the codes of all generations.
pub(super) struct Codes(pub(super) GpuVendor);

impl std::fmt::Display for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, generation) in self.0.generations().iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{}", generation.code)?;
        }
        Ok(())
    }
}

impl Gpu {
    /// A GPU of this vendor, and nothing more said.
    pub const fn new(kind: GpuKind, vendor: GpuVendor) -> Gpu {
        Gpu { kind, vendor, generation: None, units: None, frequency: Grade::Unstated, memory: None }
    }

    /// The same of a generation, by its code.
    pub fn with_generation(self, code: &str) -> Result<Gpu, GpuError> {
        let generation = self.vendor.generation(code).ok_or(GpuError::UnknownGeneration(self.vendor))?;
        Ok(Gpu { generation: Some(generation), ..self })
    }

    /// The same with so many units that compute, at this frequency.
    pub fn with_units(self, count: NonZeroU32, frequency: Grade) -> Result<Gpu, GpuError> {
        up_to_two(frequency)?;
        Ok(Gpu { units: Some(count), frequency, ..self })
    }

    /// The same with video memory.
    pub fn with_memory(self, memory: VideoMemory) -> Result<Gpu, GpuError> {
        up_to_two(memory.bandwidth)?;
        if self.units.is_none() {
            return Err(GpuError::MemoryWithoutUnits);
        }
        Ok(Gpu { memory: Some(memory), ..self })
    }

    /// Who makes it.
    pub const fn vendor(self) -> GpuVendor {
        self.vendor
    }

    /// The generation, where one is said.
    pub const fn generation(self) -> Option<&'static GpuGeneration> {
        self.generation
    }

    /// How many units compute, where it is said.
    pub const fn units(self) -> Option<NonZeroU32> {
        self.units
    }

    /// The frequency of the units.
    pub const fn frequency(self) -> Grade {
        self.frequency
    }

    /// The video memory, where it is said.
    pub const fn memory(self) -> Option<VideoMemory> {
        self.memory
    }

    /// The less specific GPU of short names: frequency and bandwidth are left out, and video memory too where only the
    /// frequency parted it from the generation.
    pub(super) fn short(self) -> Gpu {
        let memory = self.memory.filter(|_| self.units.is_some());
        let memory = memory.map(|memory| VideoMemory { bandwidth: Grade::Unstated, ..memory });
        Gpu { frequency: Grade::Unstated, memory, ..self }
    }
}

const fn up_to_two(grade: Grade) -> Result<(), GpuError> {
    if matches!(grade, Grade::VeryVeryHigh) { Err(GpuError::Grade) } else { Ok(()) }
}
