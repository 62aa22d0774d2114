//! Flavor names of the Sovereign Cloud Stack (scs-0100, versions 1, 2 and 3) and the standard flavors (scs-0103).
//!
//! A name such as `SCS-4V-16-100s` says what a virtual machine has at least: 4 vCPUs, 16 GiB of memory, an SSD of 100 GB.
//! [`parse()`] reads a name into a [`Flavor`], which can hold nothing that has no name; a flavor prints itself as its
//! canonical name. From that follow the [`Flavor::short`] name, a description ([`Flavor::describe`]), the extra specs of
//! scs-0103 ([`extra_specs()`]), and whether a cloud's flavor keeps what its name says ([`check_semantics`]).
//!
//! ```
//! use stoa_standards::flavor::Flavor;
//!
//! let flavor: Flavor = "SCS-8Ti:32:050p-i1".parse()?;
//! assert_eq!(flavor.to_string(), "SCS-8Ti-32-50p_i1");
//! assert_eq!(flavor.short().to_string(), "SCS-8Ti-32-50p");
//! # Ok::<(), stoa_standards::flavor::NameError>(())
//! ```

mod architecture;
mod build;
mod change;
mod describe;
mod error;
mod explain;
mod extra_specs;
mod gpu;
pub mod lines;
mod parse;
mod parts;
mod print;
mod rules;
mod semantics;
mod standard;

use std::str::FromStr;

pub use architecture::{Architecture, CpuVendor, UnknownCpuGeneration};
pub use build::{BuildError, Wanted, WantedArchitecture, WantedDisk, WantedGpu};
pub use change::{ExtraSpecChange, NothingFollows, extra_spec_changes};
pub use describe::Description;
pub use error::{NameError, Quantity, Reason};
pub use explain::{Piece, explain};
pub use extra_specs::{ExtraSpecs, aliases, extra_specs};
pub use gpu::{Gpu, GpuError, GpuGeneration, GpuKind, GpuVendor, VideoMemory};
pub use parse::{Parsed, parse};
pub use parts::{Cpu, CpuKind, Disk, DiskKind, Grade, Hypervisor, Ram, RamSize, RamSizeError};
pub use print::NameIn;
pub use rules::{Rules, Syntax, translate};
pub use semantics::{CloudFlavor, check_properties, check_semantics, check_syntax};
pub use standard::{STANDARD_FLAVORS, StandardDisk, StandardFlavor, Status};

/// What every name begins with.
pub const PREFIX: &str = "SCS-";

/// The longest name that is read, in bytes: no cloud takes a longer name for a flavor (`OpenStack` Compute API).
pub const NAME_BYTES_MAX: usize = 255;

/// What a flavor name says.
///
/// Whatever is left out is not promised, with two exceptions: without a disk there is none, and without a hypervisor KVM
/// is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flavor {
    /// The vCPUs.
    pub cpu: Cpu,
    /// The memory.
    pub ram: Ram,
    /// The disks; without them a machine is started from a volume.
    pub disk: Option<Disk>,
    /// What it runs on.
    pub hypervisor: Option<Hypervisor>,
    /// `hwv`: machines inside of the machine have the help of the hardware.
    pub hardware_virtualisation: bool,
    /// The CPU; without it a generic x86-64.
    pub architecture: Option<Architecture>,
    /// The GPU.
    pub gpu: Option<Gpu>,
    /// `ib`: a network with Infiniband.
    pub infiniband: bool,
}

impl Flavor {
    /// A flavor with vCPUs and memory, and nothing more said.
    pub const fn new(cpu: Cpu, ram: Ram) -> Flavor {
        Flavor {
            cpu,
            ram,
            disk: None,
            hypervisor: None,
            hardware_virtualisation: false,
            architecture: None,
            gpu: None,
            infiniband: false,
        }
    }

    /// The less specific flavor reading name is the short one that users expect beside a long one: without hypervisor and
    /// hardware virtualisation, of the CPU only what is not x86-64, of the GPU no frequency and bandwidth.
    #[must_use]
    pub fn short(&self) -> Flavor {
        let foreign = |cpu: &Architecture| matches!(cpu.vendor(), CpuVendor::Arm | CpuVendor::RiscV);
        let architecture = self.architecture.filter(foreign).map(Architecture::vendor_only);
        let gpu = self.gpu.map(Gpu::short);
        Flavor { hypervisor: None, hardware_virtualisation: false, architecture, gpu, ..*self }
    }
}

impl FromStr for Flavor {
    type Err = NameError;

    /// Reads a name in either form, by the text of the standard.
    fn from_str(name: &str) -> Result<Flavor, NameError> {
        parse(name, Rules::default()).map(|parsed| parsed.flavor)
    }
}
