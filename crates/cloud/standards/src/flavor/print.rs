//! Writes names: the canonical one, the short one, and both in either form.

use std::fmt::{self, Write};

use super::gpu::Gpu;
use super::{Flavor, Hypervisor, PREFIX, Syntax};

/// A flavor's name in one of the two forms; see [`Flavor::name_in`].
#[derive(Debug, Clone, Copy)]
pub struct NameIn {
    flavor: Flavor,
    syntax: Syntax,
}

impl Flavor {
    /// The canonical name in this form. Version 1 has no name for Cloud Hypervisor.
    pub fn name_in(&self, syntax: Syntax) -> Option<NameIn> {
        let unknown = syntax == Syntax::Colon && self.hypervisor == Some(Hypervisor::CloudHypervisor);
        (!unknown).then_some(NameIn { flavor: *self, syntax })
    }

    /// Writes the canonical name in today's form; the quickest way to print many.
    pub fn write_name(&self, out: &mut impl Write) -> fmt::Result {
        write_name(self, Syntax::Dash, out)
    }
}

impl fmt::Display for Flavor {
    /// The canonical name in today's form: reading it gives the same flavor, printing that the same name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_name(f)
    }
}

impl fmt::Display for NameIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(&self.flavor, self.syntax, f)
    }
}

fn write_name(flavor: &Flavor, syntax: Syntax, out: &mut impl Write) -> fmt::Result {
    let (inner, outer) = (char::from(syntax.inner()), char::from(syntax.outer()));
    out.write_str(PREFIX)?;
    number(flavor.cpu.count.get(), out)?;
    out.write_str(flavor.cpu.kind.code())?;
    flag(flavor.cpu.insecure, "i", out)?;
    out.write_char(inner)?;
    let halves = flavor.ram.size.half_gib();
    number(halves / 2, out)?;
    flag(halves % 2 == 1, ".5", out)?;
    flag(flavor.ram.without_ecc, "u", out)?;
    flag(flavor.ram.oversubscribed, "o", out)?;
    if let Some(disk) = flavor.disk {
        out.write_char(inner)?;
        if disk.count.get() > 1 {
            number(u32::from(disk.count.get()), out)?;
            out.write_char('x')?;
        }
        disk.size.map_or(Ok(()), |size| number(size.get(), out))?;
        out.write_str(disk.kind.map_or("", super::DiskKind::code))?;
    }
    if let Some(hypervisor) = flavor.hypervisor {
        out.write_char(outer)?;
        out.write_str(hypervisor.code())?;
    }
    if flavor.hardware_virtualisation {
        out.write_char(outer)?;
        out.write_str("hwv")?;
    }
    if let Some(architecture) = flavor.architecture {
        out.write_char(outer)?;
        out.write_str(architecture.vendor().code())?;
        architecture.generation().map_or(Ok(()), |generation| number(u32::from(generation), out))?;
        out.write_str(architecture.frequency().code())?;
    }
    if let Some(gpu) = flavor.gpu {
        out.write_char(outer)?;
        write_gpu(gpu, inner, out)?;
    }
    if flavor.infiniband {
        out.write_char(outer)?;
        out.write_str("ib")?;
    }
    Ok(())
}

fn write_gpu(gpu: Gpu, inner: char, out: &mut impl Write) -> fmt::Result {
    out.write_str(gpu.kind.code())?;
    out.write_str(gpu.vendor.code())?;
    out.write_str(gpu.generation.map_or("", |generation| generation.code))?;
    if let Some(units) = gpu.units {
        out.write_char(inner)?;
        number(units.get(), out)?;
    }
    out.write_str(gpu.frequency.code())?;
    if let Some(memory) = gpu.memory {
        out.write_char(inner)?;
        number(memory.gib.get(), out)?;
        out.write_str(memory.bandwidth.code())?;
    }
    Ok(())
}

fn flag(set: bool, text: &str, out: &mut impl Write) -> fmt::Result {
    if set { out.write_str(text) } else { Ok(()) }
}

/// Digit by digit: with `write!` a whole name takes 1.7 times as long (docs/benchmarks.md).
fn number(number: u32, out: &mut impl Write) -> fmt::Result {
    if number >= 10 {
        self::number(number / 10, out)?;
    }
    out.write_char(char::from_digit(number % 10, 10).unwrap_or('0'))
}
