//! What stands in the first part of a name: vCPUs, memory and disk; and the hypervisor (scs-0100-v3, "Proposal Details").

use std::fmt;
use std::num::{NonZeroU8, NonZeroU32};
use std::str::FromStr;

/// Declares an enum reading values stand in names as a fixed code and in descriptions as a phrase.
macro_rules! coded {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $code:literal $phrase:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the standard's table.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// How it stands in a name.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// How a description says it.
            pub const fn phrase(self) -> &'static str {
                match self { $($name::$variant => $phrase,)+ }
            }

            /// The value with this code, exactly as it stands in a name.
            pub fn from_code(code: &str) -> Option<$name> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
pub(super) use coded;

/// The vCPUs of a flavor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cpu {
    /// How many.
    pub count: NonZeroU32,
    /// What each of them is.
    pub kind: CpuKind,
    /// `i`: mitigations against weaknesses of the CPU are missing or late.
    pub insecure: bool,
}

coded! {
    /// What a vCPU is; a later one promises more.
    pub enum CpuKind {
        /// Shared by more than five per core or three per thread, without a promise of a fifth of a core.
        CrowdedCore = "L" "LowPerf vCPU",
        /// A fifth of a core in more than 99 % of a month.
        SharedCore = "V" "vCPU",
        /// A hardware thread of its own.
        DedicatedThread = "T" "SMT Thread",
        /// A core of its own.
        DedicatedCore = "C" "Dedicated Core",
    }
}

impl CpuKind {
    /// The value of the extra spec `scs:cpu-type` (scs-0103).
    pub const fn property(self) -> &'static str {
        match self {
            CpuKind::CrowdedCore => "crowded-core",
            CpuKind::SharedCore => "shared-core",
            CpuKind::DedicatedThread => "dedicated-thread",
            CpuKind::DedicatedCore => "dedicated-core",
        }
    }

    /// The kind that `scs:cpu-type` names.
    pub fn from_property(value: &str) -> Option<CpuKind> {
        CpuKind::ALL.iter().copied().find(|kind| kind.property() == value)
    }
}

/// The memory of a flavor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ram {
    /// How much.
    pub size: RamSize,
    /// `u`: memory without error correction.
    pub without_ecc: bool,
    /// `o`: more memory is promised to guests than there is.
    pub oversubscribed: bool,
}

/// An amount of memory in steps of half a GiB, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RamSize(NonZeroU32);

/// Why a text or a number is no amount of memory that a name can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RamSizeError {
    /// Not a decimal number.
    #[error("expected GiB as a decimal number, such as 4 or 3.5")]
    NotANumber,
    /// No memory at all.
    #[error("memory must be more than zero")]
    Zero,
    /// Finer than half a GiB.
    #[error("memory comes in steps of half a GiB")]
    NotHalves,
    /// Above [`RamSize::GIB_MAX`].
    #[error("memory is at most {} GiB", RamSize::GIB_MAX)]
    TooLarge,
}

impl RamSize {
    /// The largest whole number of GiB that can be counted.
    pub const GIB_MAX: u32 = u32::MAX / 2;

    /// So many halves of a GiB.
    pub fn from_half_gib(halves: u32) -> Result<RamSize, RamSizeError> {
        NonZeroU32::new(halves).map(RamSize).ok_or(RamSizeError::Zero)
    }

    /// The amount in halves of a GiB.
    pub const fn half_gib(self) -> u32 {
        self.0.get()
    }

    /// The amount in MiB, as clouds count it.
    pub const fn mib(self) -> u64 {
        self.0.get() as u64 * 512
    }
}

impl FromStr for RamSize {
    type Err = RamSizeError;

    /// Reads digits with at most one point; zeros around them and a missing whole or fractional part are accepted.
    fn from_str(text: &str) -> Result<RamSize, RamSizeError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return Err(RamSizeError::NotANumber);
        }
        let half = match fraction.trim_end_matches('0') {
            "" => 0,
            "5" => 1,
            _ => return Err(RamSizeError::NotHalves),
        };
        let gib = if whole.is_empty() { Some(0) } else { whole.parse().ok() };
        let halves = gib.and_then(|gib: u32| gib.checked_mul(2)).ok_or(RamSizeError::TooLarge)?;
        // An even number below the maximum has room for one more.
        RamSize::from_half_gib(halves | half)
    }
}

impl fmt::Display for RamSize {
    /// GiB, with `.5` where it is not whole: the form of names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (gib, half) = (self.half_gib() / 2, self.half_gib() % 2);
        if half == 1 { write!(f, "{gib}.5") } else { write!(f, "{gib}") }
    }
}

/// The disks that come with a flavor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Disk {
    /// How many, alike; the first holds the root file system.
    pub count: NonZeroU8,
    /// GB of each; without it the cloud makes it as large as the image needs.
    pub size: Option<NonZeroU32>,
    /// What it is; without it the name promises nothing.
    pub kind: Option<DiskKind>,
}

coded! {
    /// What a disk is; a later one promises more speed.
    pub enum DiskKind {
        /// Storage over the network, which survives the loss of a disk or a node.
        Network = "n" "Networked",
        /// A local hard disk.
        Hdd = "h" "Local HDD",
        /// A local SSD: more than 1000 sequential operations a second for each VM, safe against loss of power (scs-0110).
        Ssd = "s" "SSD",
        /// A fast local disk on the bus of the processor.
        Nvme = "p" "HiPerf NVMe",
    }
}

impl DiskKind {
    /// The value of the extra spec `scs:diskN-type` (scs-0103).
    pub const fn property(self) -> &'static str {
        match self {
            DiskKind::Network => "network",
            DiskKind::Hdd => "hdd",
            DiskKind::Ssd => "ssd",
            DiskKind::Nvme => "nvme",
        }
    }

    /// The kind that `scs:diskN-type` names.
    pub fn from_property(value: &str) -> Option<DiskKind> {
        DiskKind::ALL.iter().copied().find(|kind| kind.property() == value)
    }
}

coded! {
    /// What the machine runs on.
    pub enum Hypervisor {
        /// KVM with QEMU, which is also assumed where a name says nothing.
        Kvm = "kvm" "KVM (w/ qemu)",
        /// Cloud Hypervisor; not known to version 1 of the standard.
        CloudHypervisor = "chy" "Cloud Hypervisor",
        /// Xen.
        Xen = "xen" "Xen",
        /// `VMware`.
        Vmware = "vmw" "VMware",
        /// Hyper-V.
        HyperV = "hyv" "Hyper-V",
        /// None: the machine itself.
        BareMetal = "bms" "Bare Metal System",
    }
}

/// How far something stands above the usual: the number of letters `h` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Grade {
    /// Nothing is said.
    #[default]
    Unstated,
    /// `h`: CPUs above 2.75 GHz on all cores; of GPUs the frequency, of video memory the bandwidth.
    High,
    /// `hh`: CPUs above 3.25 GHz.
    VeryHigh,
    /// `hhh`: CPUs above 3.75 GHz; for CPUs only.
    VeryVeryHigh,
}

impl Grade {
    /// Every grade, the lowest first.
    pub const ALL: &'static [Grade] = &[Grade::Unstated, Grade::High, Grade::VeryHigh, Grade::VeryVeryHigh];

    /// How it stands in a name.
    pub const fn code(self) -> &'static str {
        match self {
            Grade::Unstated => "",
            Grade::High => "h",
            Grade::VeryHigh => "hh",
            Grade::VeryVeryHigh => "hhh",
        }
    }
}
