//! Why a text is no flavor name: the character, what was expected there, and what stands there.

use std::fmt;

use super::{CpuVendor, GpuVendor, NAME_BYTES_MAX, Syntax};

/// The first mistake of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct NameError {
    /// Characters before the mistake. They are plain ASCII, so bytes and characters count alike.
    pub at: usize,
    /// What stands there; nothing at the end of the name.
    pub found: Option<char>,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It does not begin with `SCS-`: some other flavor, about which the standard says nothing.
    Foreign,
    /// Longer than [`NAME_BYTES_MAX`].
    TooLong,
    /// Something else must stand here.
    Expected(&'static str),
    /// The form of the other versions: `SCS-2V:4` where only `SCS-2V-4` is taken, or the reverse.
    OtherSyntax(Syntax),
    /// A number that must be above zero.
    Zero(Quantity),
    /// A number that is too large to be counted.
    TooLarge(Quantity),
    /// Memory finer than half a GiB.
    NotHalves,
    /// A generation that the standard does not list for this CPU.
    CpuGeneration(CpuVendor),
    /// A generation that the standard does not list for this GPU.
    GpuGeneration(GpuVendor),
    /// More `h` than there are grades.
    Grade(usize),
    /// Video memory without the number of units before it.
    MemoryWithoutUnits,
    /// An extension that must stand before the one in front of it, or stands there already.
    Order(&'static str),
}

/// What a number of a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// vCPUs.
    Cpus,
    /// Memory.
    Ram,
    /// How many disks.
    Disks,
    /// The size of a disk.
    DiskSize,
    /// Units of a GPU.
    GpuUnits,
    /// Memory of a GPU.
    GpuMemory,
}

impl Quantity {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Quantity::Cpus => "the number of vCPUs",
            Quantity::Ram => "memory",
            Quantity::Disks => "the number of disks",
            Quantity::DiskSize => "the size of a disk",
            Quantity::GpuUnits => "the number of a GPU's units",
            Quantity::GpuMemory => "video memory",
        }
    }
}

impl Reason {
    /// A short, stable word for the kind of mistake, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::Foreign => "foreign",
            Reason::TooLong => "too_long",
            Reason::Expected(_) => "expected",
            Reason::OtherSyntax(_) => "other_syntax",
            Reason::Zero(_) => "zero",
            Reason::TooLarge(_) => "too_large",
            Reason::NotHalves => "not_halves",
            Reason::CpuGeneration(_) => "cpu_generation",
            Reason::GpuGeneration(_) => "gpu_generation",
            Reason::Grade(_) => "grade",
            Reason::MemoryWithoutUnits => "memory_without_units",
            Reason::Order(_) => "order",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Reason::Foreign => f.write_str("not an SCS flavor: those begin with `SCS-`"),
            Reason::TooLong => write!(f, "a flavor name has at most {NAME_BYTES_MAX} characters"),
            Reason::Expected(what) => write!(f, "expected {what}"),
            Reason::OtherSyntax(Syntax::Dash) => {
                f.write_str("expected `:`; this is the form of versions 2 and 3, which version 1 does not know")
            }
            Reason::OtherSyntax(Syntax::Colon) => {
                f.write_str("expected `-`; this is the form of version 1, deprecated since 2023-10-31")
            }
            Reason::Zero(quantity) => write!(f, "{} must be above zero", quantity.words()),
            Reason::TooLarge(Quantity::Disks) => write!(f, "there are at most {} disks", u8::MAX),
            Reason::TooLarge(quantity) => write!(f, "{} is too large to be counted", quantity.words()),
            Reason::NotHalves => f.write_str("memory comes in steps of half a GiB"),
            Reason::CpuGeneration(vendor) => {
                let (name, last) = (vendor.phrase(), vendor.generations().len());
                write!(f, "expected a generation of {name} CPUs (0 to {last})")
            }
            Reason::GpuGeneration(vendor) => {
                write!(f, "expected a generation of {} GPUs ({})", vendor.phrase(), super::gpu::Codes(vendor))
            }
            Reason::Grade(most) => write!(f, "expected at most {most} letters `h`"),
            Reason::MemoryWithoutUnits => f.write_str("video memory can only be said behind the number of units"),
            Reason::Order(before) => write!(f, "out of order: this cannot stand behind {before}"),
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        match (self.reason, self.found) {
            (Reason::Foreign | Reason::TooLong, _) => Ok(()),
            (_, Some(found)) => write!(f, ", found `{}` at character {}", found.escape_debug(), self.at + 1),
            (_, None) => write!(f, ", found the end"),
        }
    }
}
