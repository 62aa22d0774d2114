//! Properties of names: printing and reading are inverse, the canonical name stays, and no text makes the reader panic.

use std::num::{NonZeroU8, NonZeroU32};

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use stoa_standards::flavor::{
    Architecture, Cpu, CpuKind, CpuVendor, Disk, DiskKind, Flavor, Gpu, GpuKind, GpuVendor, Grade, Hypervisor, Ram,
    RamSize, Rules, Syntax, VideoMemory, aliases, parse, translate,
};
use stoa_standards::verdict::Reading;

fn positive() -> impl Strategy<Value = NonZeroU32> {
    prop_oneof![1..200_u32, 1..=u32::MAX].prop_map(|number| NonZeroU32::new(number).unwrap())
}

fn grade(most: usize) -> impl Strategy<Value = Grade> {
    select(&Grade::ALL[..=most])
}

fn cpu() -> impl Strategy<Value = Cpu> {
    (positive(), select(CpuKind::ALL), any::<bool>()).prop_map(|(count, kind, insecure)| Cpu { count, kind, insecure })
}

fn ram() -> impl Strategy<Value = Ram> {
    (positive(), any::<bool>(), any::<bool>()).prop_map(|(halves, without_ecc, oversubscribed)| Ram {
        size: RamSize::from_half_gib(halves.get()).unwrap(),
        without_ecc,
        oversubscribed,
    })
}

fn disk() -> impl Strategy<Value = Disk> {
    (1..=u8::MAX, option::of(positive()), option::of(select(DiskKind::ALL))).prop_map(|(count, size, kind)| Disk {
        count: NonZeroU8::new(count).unwrap(),
        size,
        kind,
    })
}

fn architecture() -> impl Strategy<Value = Architecture> {
    (select(CpuVendor::ALL), 0..7_u32, grade(3)).prop_map(|(vendor, generation, frequency)| {
        let last = u32::try_from(vendor.generations().len()).unwrap();
        Architecture::new(vendor, generation.min(last)).unwrap().with_frequency(frequency)
    })
}

fn gpu() -> impl Strategy<Value = Gpu> {
    let memory = option::of((positive(), grade(2)).prop_map(|(gib, bandwidth)| VideoMemory { gib, bandwidth }));
    let units = option::of((positive(), grade(2), memory));
    (select(GpuKind::ALL), select(GpuVendor::ALL), option::of(0..20_usize), units).prop_map(
        |(kind, vendor, generation, units)| {
            let mut gpu = Gpu::new(kind, vendor);
            if let Some(at) = generation {
                let all = vendor.generations();
                gpu = gpu.with_generation(all[at % all.len()].code).unwrap();
            }
            if let Some((count, frequency, memory)) = units {
                gpu = gpu.with_units(count, frequency).unwrap();
                gpu = memory.map_or(Ok(gpu), |memory| gpu.with_memory(memory)).unwrap();
            }
            gpu
        },
    )
}

/// Any flavor that has a name.
pub(crate) fn flavor() -> impl Strategy<Value = Flavor> {
    (
        (cpu(), ram(), option::of(disk()), option::of(select(Hypervisor::ALL))),
        (any::<bool>(), option::of(architecture()), option::of(gpu()), any::<bool>()),
    )
        .prop_map(|((cpu, ram, disk, hypervisor), (hardware_virtualisation, architecture, gpu, infiniband))| {
            Flavor { disk, hypervisor, hardware_virtualisation, architecture, gpu, infiniband, ..Flavor::new(cpu, ram) }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn reading_what_was_printed_is_the_identity(flavor in flavor()) {
        let name = flavor.to_string();
        let parsed = parse(&name, Rules::default()).unwrap();
        prop_assert_eq!(parsed.flavor, flavor);
        prop_assert_eq!(parsed.syntax, Syntax::Dash);
        if let Some(colon) = flavor.name_in(Syntax::Colon) {
            let colon = colon.to_string();
            prop_assert_eq!(translate(&name, Syntax::Colon), colon.as_str());
            prop_assert_eq!(translate(&colon, Syntax::Dash), name.as_str());
            let parsed = parse(&colon, Rules::default()).unwrap();
            prop_assert_eq!(parsed.flavor, flavor);
            prop_assert_eq!(parsed.syntax, Syntax::Colon);
        } else {
            prop_assert_eq!(flavor.hypervisor, Some(Hypervisor::CloudHypervisor));
        }
    }

    #[test]
    fn the_short_name_says_less_and_is_its_own(flavor in flavor()) {
        let short = flavor.short();
        prop_assert_eq!(short.short(), short);
        prop_assert_eq!((short.cpu, short.ram, short.disk, short.infiniband), (flavor.cpu, flavor.ram, flavor.disk, flavor.infiniband));
        prop_assert!(short == flavor || short.to_string().len() < flavor.to_string().len());
        let aliases = aliases(&[flavor]);
        for pair in aliases.windows(2) {
            prop_assert!(pair[0] != pair[1] && pair[0].len() >= pair[1].len());
        }
        for alias in &aliases {
            let read: Flavor = alias.parse().unwrap();
            prop_assert!(read == flavor || read == short);
        }
    }

    /// Names that nearly are: pieces of real ones in any order.
    #[test]
    fn what_is_read_prints_a_canonical_name(
        pieces in proptest::collection::vec(select(&[
            "SCS-", "1", "0", "8", "V", "L", "C", "T", "i", "-", ":", "_", "4", ".5", ".", "u", "o", "3x", "x", "10", "n", "s",
            "kvm", "bms", "_hwv", "-hwv", "_i3", "z", "a2", "h", "hh", "_G", "g", "N", "A", "I", "a", "3.1", "_ib", "-ib",
            "SCS-2V-4", "SCS-2V:4", "é", "\0", " ",
        ][..]), 0..12),
        published in any::<bool>(),
    ) {
        let name = pieces.concat();
        let reading = if published { Reading::Published } else { Reading::Standard };
        let rules = Rules { reading, ..Rules::default() };
        match parse(&name, rules) {
            Ok(parsed) => {
                let canonical = parsed.flavor.to_string();
                let again = parse(&canonical, rules).unwrap();
                prop_assert_eq!(again.flavor, parsed.flavor);
                prop_assert_eq!(again.flavor.to_string(), canonical);
            }
            Err(error) => {
                // Everything before the mistake is ASCII, and the character is the one that stands there.
                prop_assert!(error.at <= name.len() && name.as_bytes()[..error.at].is_ascii());
                prop_assert_eq!(error.found, name[error.at..].chars().next());
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), prefixed in any::<bool>()) {
        let name = if prefixed { format!("SCS-{text}") } else { text };
        for syntax in [None, Some(Syntax::Colon), Some(Syntax::Dash)] {
            for reading in [Reading::Standard, Reading::Published] {
                let _ = parse(&name, Rules { syntax, reading });
            }
        }
    }
}
