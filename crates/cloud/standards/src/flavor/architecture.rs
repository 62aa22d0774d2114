//! The CPU behind the vCPUs: vendor, generation and frequency (scs-0100-v3, "CPU Architecture Details").

use super::parts::{Grade, coded};

coded! {
    /// Who makes the CPU, and with it the architecture. A name without it is of a generic x86-64.
    pub enum CpuVendor {
        /// Intel, x86-64.
        Intel = "i" "Intel",
        /// AMD with Zen cores, x86-64.
        Amd = "z" "AMD",
        /// Arm, version 8 or later.
        Arm = "a" "ARM v8+",
        /// RISC-V.
        RiscV = "r" "RISC-V",
    }
}

impl CpuVendor {
    /// The vendor's generations from 1 on, in order. Generation 0 is not told apart from none: to the standard it means an
    /// old one or an unspecified one.
    pub const fn generations(self) -> &'static [&'static str] {
        match self {
            CpuVendor::Intel => {
                &["Skylake", "Cascade Lake", "Ice Lake", "Sapphire Rapids", "Sierra Forest (E)", "Granite Rapids (P)"]
            }
            CpuVendor::Amd => {
                &["Zen-1 (Naples)", "Zen-2 (Rome)", "Zen-3 (Milan)", "Zen-4 (Genoa)", "Zen-5 (Turin)", "Zen-6 (Venice)"]
            }
            CpuVendor::Arm => &[
                "Cortex-A76/Neoverse N1",
                "Cortex-A78/X1/Neoverse V1",
                "Cortex-A71x/Neoverse N2/V2",
                "AmpereOne",
                "Cortex-A72x/Neoverse N3/V3",
            ],
            CpuVendor::RiscV => &[],
        }
    }
}

/// A CPU of a known vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Architecture {
    vendor: CpuVendor,
    generation: u8,
    frequency: Grade,
}

/// A generation that the standard does not list for this vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} CPUs have the generations 0 to {}, not {generation}", vendor.phrase(), vendor.generations().len())]
pub struct UnknownCpuGeneration {
    /// The vendor.
    pub vendor: CpuVendor,
    /// What was asked for.
    pub generation: u32,
}

impl Architecture {
    /// A CPU of this vendor and generation; 0 says nothing about the generation.
    pub fn new(vendor: CpuVendor, generation: u32) -> Result<Architecture, UnknownCpuGeneration> {
        match u8::try_from(generation) {
            Ok(known) if usize::from(known) <= vendor.generations().len() => {
                Ok(Architecture { vendor, generation: known, frequency: Grade::Unstated })
            }
            _ => Err(UnknownCpuGeneration { vendor, generation }),
        }
    }

    /// The same at this frequency.
    #[must_use]
    pub const fn with_frequency(self, frequency: Grade) -> Architecture {
        Architecture { frequency, ..self }
    }

    /// The same vendor, and nothing more said.
    pub(super) const fn vendor_only(self) -> Architecture {
        Architecture { vendor: self.vendor, generation: 0, frequency: Grade::Unstated }
    }

    /// The vendor.
    pub const fn vendor(self) -> CpuVendor {
        self.vendor
    }

    /// The frequency on all cores.
    pub const fn frequency(self) -> Grade {
        self.frequency
    }

    /// The generation's number, where one is said.
    pub const fn generation(self) -> Option<u8> {
        if self.generation == 0 { None } else { Some(self.generation) }
    }

    /// The generation's name, where one is said.
    pub fn generation_name(self) -> Option<&'static str> {
        self.vendor.generations().get(usize::from(self.generation()?) - 1).copied()
    }
}
