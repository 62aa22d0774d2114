//! Reads a name from left to right, without allocating, and stops at the first mistake.
//!
//! A name is a head (vCPUs, memory, disk) and extensions, each behind the outer separator. No value holds that separator,
//! so an extension is a word of its own, and its first letters say which one it is.

use std::num::{NonZeroU8, NonZeroU32};

use super::error::{NameError, Quantity, Reason};
use super::gpu::{Gpu, GpuKind, GpuVendor, VideoMemory};
use super::parts::{Cpu, CpuKind, Disk, DiskKind, Grade, Hypervisor, Ram, RamSize, RamSizeError};
use super::rules::{Rules, Syntax};
use super::{Architecture, CpuVendor, Flavor, NAME_BYTES_MAX, PREFIX};
use crate::verdict::Reading;

/// What was read: the flavor, and in which form its name was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parsed {
    /// What the name says.
    pub flavor: Flavor,
    /// How it was written.
    pub syntax: Syntax,
}

/// Reads a name by these rules.
pub fn parse(name: &str, rules: Rules) -> Result<Parsed, NameError> {
    let mut reader = Reader { name, at: 0 };
    if !name.starts_with(PREFIX) {
        return Err(reader.stumble(Reason::Foreign));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(NameError { at: NAME_BYTES_MAX, found: None, reason: Reason::TooLong });
    }
    reader.at = PREFIX.len();
    let cpu = reader.cpu()?;
    let syntax = reader.syntax(rules.syntax)?;
    let ram = reader.ram()?;
    let disk = if reader.take(syntax.inner()) { Some(reader.disk()?) } else { None };
    let mut flavor = Flavor { disk, ..Flavor::new(cpu, ram) };
    reader.end_of_head(syntax, disk)?;
    reader.extensions(&mut flavor, syntax, rules.reading)?;
    Ok(Parsed { flavor, syntax })
}

/// The extensions, in the order in which they must stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extension {
    Hypervisor,
    HardwareVirtualisation,
    Architecture,
    Gpu,
    Infiniband,
}

impl Extension {
    const fn words(self) -> &'static str {
        match self {
            Extension::Hypervisor => "a hypervisor",
            Extension::HardwareVirtualisation => "`hwv`",
            Extension::Architecture => "a CPU",
            Extension::Gpu => "a GPU",
            Extension::Infiniband => "`ib`",
        }
    }

    /// Which one a word is, by its first letters.
    fn of(word: &str) -> Option<Extension> {
        match word {
            "hwv" => Some(Extension::HardwareVirtualisation),
            "ib" => Some(Extension::Infiniband),
            _ if Hypervisor::from_code(word).is_some() => Some(Extension::Hypervisor),
            _ => match word.as_bytes().first() {
                Some(b'i' | b'z' | b'a' | b'r') => Some(Extension::Architecture),
                Some(b'G' | b'g') => Some(Extension::Gpu),
                _ => None,
            },
        }
    }
}

struct Reader<'a> {
    name: &'a str,
    /// Bytes that were read; all of them are ASCII.
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.name.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<u8> {
        self.name.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.next() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// The longest run of such bytes.
    fn run(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !wanted(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// The next letter, as a value reading codes are single letters.
    fn letter<T>(&mut self, from_code: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = from_code(self.name.get(self.at..=self.at)?)?;
        self.at += 1;
        Some(value)
    }

    fn stumble(&self, reason: Reason) -> NameError {
        self.stumble_at(self.at, reason)
    }

    fn stumble_at(&self, at: usize, reason: Reason) -> NameError {
        NameError { at, found: self.name.get(at..).and_then(|rest| rest.chars().next()), reason }
    }

    fn expected<T>(&self, what: &'static str) -> Result<T, NameError> {
        Err(self.stumble(Reason::Expected(what)))
    }

    /// A whole number above zero; nothing where no digit stands.
    fn number(&mut self, quantity: Quantity) -> Result<Option<NonZeroU32>, NameError> {
        let begun = self.at;
        let digits = self.run(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return Ok(None);
        }
        let number = digits.parse().map_err(|_| self.stumble_at(begun, Reason::TooLarge(quantity)))?;
        NonZeroU32::new(number).ok_or_else(|| self.stumble_at(begun, Reason::Zero(quantity))).map(Some)
    }

    fn grade(&mut self, most: Grade) -> Result<Grade, NameError> {
        let begun = self.at;
        let length = self.run(|byte| byte == b'h').len();
        let most = most.code().len();
        match Grade::ALL.get(length) {
            Some(grade) if length <= most => Ok(*grade),
            _ => Err(self.stumble_at(begun + most, Reason::Grade(most))),
        }
    }

    fn cpu(&mut self) -> Result<Cpu, NameError> {
        let Some(count) = self.number(Quantity::Cpus)? else { return self.expected("the number of vCPUs") };
        let Some(kind) = self.letter(CpuKind::from_code) else {
            return self.expected("the kind of vCPU (`C`, `T`, `V` or `L`)");
        };
        Ok(Cpu { count, kind, insecure: self.take(b'i') })
    }

    /// The separator behind the vCPUs tells both forms apart.
    fn syntax(&mut self, only: Option<Syntax>) -> Result<Syntax, NameError> {
        let syntax = match self.next() {
            Some(b':') => Syntax::Colon,
            Some(b'-') => Syntax::Dash,
            _ if only == Some(Syntax::Colon) => return self.expected("`:` and the memory"),
            _ => return self.expected("`-` and the memory"),
        };
        if only.is_some_and(|only| only != syntax) {
            return Err(self.stumble(Reason::OtherSyntax(syntax)));
        }
        self.at += 1;
        Ok(syntax)
    }

    fn ram(&mut self) -> Result<Ram, NameError> {
        let begun = self.at;
        let text = self.run(|byte| byte.is_ascii_digit() || byte == b'.');
        if let Some((second, _)) = text.match_indices('.').nth(1) {
            return Err(self.stumble_at(begun + second, Reason::Expected("memory with one decimal point")));
        }
        let size = text.parse::<RamSize>().map_err(|error| match error {
            RamSizeError::NotANumber => self.stumble(Reason::Expected("the memory in GiB")),
            RamSizeError::Zero => self.stumble_at(begun, Reason::Zero(Quantity::Ram)),
            RamSizeError::NotHalves => self.stumble_at(begun, Reason::NotHalves),
            RamSizeError::TooLarge => self.stumble_at(begun, Reason::TooLarge(Quantity::Ram)),
        })?;
        Ok(Ram { size, without_ecc: self.take(b'u'), oversubscribed: self.take(b'o') })
    }

    fn disk(&mut self) -> Result<Disk, NameError> {
        let begun = self.at;
        let digits = self.run(|byte| byte.is_ascii_digit());
        let mut count = NonZeroU8::MIN;
        if self.next() == Some(b'x') {
            self.at = begun;
            if let Some(number) = self.number(Quantity::Disks)? {
                let too_many = |_| self.stumble_at(begun, Reason::TooLarge(Quantity::Disks));
                count = NonZeroU8::try_from(number).map_err(too_many)?;
            }
            self.at = begun + digits.len() + 1;
        } else {
            self.at = begun;
        }
        let size = self.number(Quantity::DiskSize)?;
        Ok(Disk { count, size, kind: self.letter(DiskKind::from_code) })
    }

    /// Behind the head stand extensions or nothing.
    fn end_of_head(&self, syntax: Syntax, disk: Option<Disk>) -> Result<(), NameError> {
        if self.next().is_none_or(|byte| byte == syntax.outer()) {
            return Ok(());
        }
        match (syntax, disk) {
            (Syntax::Dash, None) => self.expected("`-` and a disk, `_` and an extension, or the end"),
            (Syntax::Colon, None) => self.expected("`:` and a disk, `-` and an extension, or the end"),
            (Syntax::Dash, Some(Disk { kind: None, .. })) => {
                self.expected("whole GB, the kind of disk (`n`, `h`, `s` or `p`), `_` and an extension, or the end")
            }
            (Syntax::Colon, Some(Disk { kind: None, .. })) => {
                self.expected("whole GB, the kind of disk (`n`, `h`, `s` or `p`), `-` and an extension, or the end")
            }
            (Syntax::Dash, Some(_)) => self.expected("`_` and an extension, or the end"),
            (Syntax::Colon, Some(_)) => self.expected("`-` and an extension, or the end"),
        }
    }

    fn extensions(&mut self, flavor: &mut Flavor, syntax: Syntax, reading: Reading) -> Result<(), NameError> {
        let mut before: Option<Extension> = None;
        while self.take(syntax.outer()) {
            let word = self.rest().split(char::from(syntax.outer())).next().unwrap_or_default();
            let Some(extension) = Extension::of(word) else {
                return self.expected(
                    "an extension: a hypervisor (`kvm`, `chy`, `xen`, `vmw`, `hyv`, `bms`), `hwv`, a CPU (`i`, `z`, `a`, \
                     `r`), a GPU (`G`, `g`) or `ib`",
                );
            };
            if let Some(before) = before.filter(|before| *before >= extension) {
                return Err(self.stumble(Reason::Order(before.words())));
            }
            match extension {
                Extension::Hypervisor => {
                    flavor.hypervisor = Hypervisor::from_code(word);
                    if syntax == Syntax::Colon && flavor.hypervisor == Some(Hypervisor::CloudHypervisor) {
                        return self.expected("another hypervisor: version 1 does not know `chy`");
                    }
                    self.at += word.len();
                }
                Extension::HardwareVirtualisation => {
                    flavor.hardware_virtualisation = true;
                    self.at += word.len();
                }
                Extension::Architecture => flavor.architecture = self.architecture()?,
                Extension::Gpu => flavor.gpu = self.gpu(syntax, reading)?,
                Extension::Infiniband => {
                    flavor.infiniband = true;
                    self.at += word.len();
                }
            }
            if self.next().is_some_and(|byte| byte != syntax.outer()) {
                return self.expected(match (extension, syntax) {
                    (Extension::Architecture, _) => "a generation, up to three `h`, or the end of the CPU",
                    (_, Syntax::Dash) => "`_` and an extension, or the end",
                    (_, Syntax::Colon) => "`-` and an extension, or the end",
                });
            }
            before = Some(extension);
        }
        Ok(())
    }

    fn architecture(&mut self) -> Result<Option<Architecture>, NameError> {
        let Some(vendor) = self.letter(CpuVendor::from_code) else { return Ok(None) };
        let begun = self.at;
        let digits = self.run(|byte| byte.is_ascii_digit());
        let generation = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) };
        let architecture =
            Architecture::new(vendor, generation).map_err(|_| self.stumble_at(begun, Reason::CpuGeneration(vendor)))?;
        Ok(Some(architecture.with_frequency(self.grade(Grade::VeryVeryHigh)?)))
    }

    /// The published suite lets a generation without units run on into the extension behind it, and refuses both.
    fn gpu(&mut self, syntax: Syntax, reading: Reading) -> Result<Option<Gpu>, NameError> {
        let Some(kind) = self.letter(GpuKind::from_code) else { return Ok(None) };
        let Some(vendor) = self.letter(GpuVendor::from_code) else {
            return self.expected("the vendor of the GPU (`N`, `A` or `I`)");
        };
        let mut gpu = Gpu::new(kind, vendor);
        let begun = self.at;
        let code = self.run(|byte| ![syntax.inner(), syntax.outer(), b'h'].contains(&byte));
        let ran_on = reading.is_published() && self.next() == Some(syntax.outer());
        if !code.is_empty() || ran_on {
            gpu.generation = vendor.generation(code).filter(|_| !ran_on);
            if gpu.generation.is_none() {
                return Err(self.stumble_at(begun, Reason::GpuGeneration(vendor)));
            }
        }
        let units_said = self.take(syntax.inner());
        if units_said {
            gpu.units = self.number(Quantity::GpuUnits)?;
            if gpu.units.is_none() {
                return self.expected("the number of the GPU's units");
            }
        }
        gpu.frequency = self.grade(Grade::VeryHigh)?;
        if self.next() == Some(syntax.inner()) {
            if !units_said && !reading.is_published() {
                return Err(self.stumble(Reason::MemoryWithoutUnits));
            }
            self.at += 1;
            let Some(gib) = self.number(Quantity::GpuMemory)? else { return self.expected("the video memory in GiB") };
            gpu.memory = Some(VideoMemory { gib, bandwidth: self.grade(Grade::VeryHigh)? });
        }
        Ok(Some(gpu))
    }
}
