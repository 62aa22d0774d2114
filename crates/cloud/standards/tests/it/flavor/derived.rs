//! What follows from a name: description, explanation, extra specs; and the way back, from wishes to a name.

use stoa_standards::flavor::{
    BuildError, CpuKind, CpuVendor, DiskKind, ExtraSpecs, Flavor, GpuError, GpuKind, GpuVendor, Grade, Hypervisor,
    Parsed, Quantity, RamSize, RamSizeError, Rules, Wanted, WantedArchitecture, WantedDisk, WantedGpu, explain,
    extra_specs, parse,
};

fn flavor(name: &str) -> Flavor {
    name.parse().unwrap()
}

#[test]
fn descriptions_count_properly_and_say_what_is_left_to_the_cloud() {
    for (name, description) in [
        ("SCS-1V-4", "SCS flavor with 1 generic x86-64 vCPU with 4 GiB RAM"),
        (
            "SCS-2L-0.5uo-20s",
            "SCS flavor with 2 generic x86-64 LowPerf vCPUs with 0.5 GiB RAM (no ECC, oversubscribed) and SSD 20 GB root \
             volume",
        ),
        (
            "SCS-16T-64-3x10s_bms_hwv_i3h_GNa-64_ib",
            "SCS flavor with 16 High Perf Intel Ice Lake SMT Threads with 64 GiB RAM on Bare Metal System with HW virt and \
             SSD 3x10 GB root volumes and Pass-Through GPU Nvidia Ampere (w/ 64 SMs) and Infiniband",
        ),
        (
            "SCS-1Ci-4-n_z",
            "SCS flavor with 1 AMD Dedicated Core (insecure) with 4 GiB RAM and Networked root volume as large as the image \
             needs",
        ),
        (
            "SCS-2C-4-2x_r_gA-1hh-8h",
            "SCS flavor with 2 RISC-V Dedicated Cores with 4 GiB RAM and 2 root volumes as large as the image needs and \
             vGPU AMD (w/ 1 Very High Freq CU and 8 GiB High BW (HBM) VRAM)",
        ),
        (
            "SCS-2V-4_gI0.95h",
            "SCS flavor with 2 generic x86-64 vCPUs with 4 GiB RAM and vGPU Intel Gen9.5/Kaby Lake (w/ High Freq)",
        ),
    ] {
        assert_eq!(flavor(name).describe().to_string(), description, "{name}");
    }
}

#[test]
fn every_piece_of_a_name_is_explained_where_it_stands() {
    let explained = |name: &str| -> Vec<String> {
        let parsed = parse(name, Rules::default()).unwrap();
        let pieces = explain(name, &parsed);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), name, "nothing is left out");
        assert!(pieces.iter().all(|piece| name[piece.at..].starts_with(piece.text)));
        pieces.iter().map(|piece| format!("{}: {}", piece.text, piece.meaning)).collect()
    };
    assert_eq!(
        explained("SCS-16Ti-64u-3x10s_bms_hwv_z3hh_GNa-64h-24h_ib"),
        [
            "SCS-: a flavor of the Sovereign Cloud Stack, named by scs-0100",
            "16Ti: 16 hardware threads of its own; insecure: mitigations against weaknesses of the CPU are missing or late",
            "-64u: 64 GiB of memory, without error correction",
            "-3x10s: 3 disks of 10 GB each, on a local SSD",
            "_bms: the machine itself, without a hypervisor",
            "_hwv: machines inside of the machine have the help of the hardware (VMX, SVM)",
            "_z3hh: AMD Zen-3 (Milan) CPU, above 3.25 GHz on all cores",
            "_GNa-64h-24h: Pass-Through GPU of Nvidia, Ampere, 64 SMs, at high frequency, 24 GiB of video memory with high \
             bandwidth",
            "_ib: network with Infiniband",
        ]
    );
    assert_eq!(
        explained("SCS-1V:4:-GNa:64-ib")[2..],
        [
            ":4: 4 GiB of memory",
            ":: a disk as large as the image needs, of any kind",
            "-GNa:64: Pass-Through GPU of Nvidia, Ampere, 64 SMs",
            "-ib: network with Infiniband",
        ]
    );
}

#[test]
fn extra_specs_follow_from_the_names() {
    let lines = |specs: &ExtraSpecs| -> Vec<String> {
        specs.properties.iter().map(|(key, value)| format!("{}={value}", key.strip_prefix("scs:").unwrap())).collect()
    };
    let specs = extra_specs(&[flavor("SCS-4C-16-2x200p_a1")]).unwrap();
    assert_eq!((specs.cpus, specs.ram.mib(), specs.disk), (4, 16384, Some(200)));
    assert_eq!(
        lines(&specs),
        [
            "cpu-type=dedicated-core",
            "disk0-type=nvme",
            "disk1-type=nvme",
            "name-v1=SCS-4C:16:2x200p-a1",
            "name-v2=SCS-4C-16-2x200p_a1",
            "name-v3=SCS-4C:16:2x200p-a",
            "name-v4=SCS-4C-16-2x200p_a",
        ]
    );
    assert!(specs.inconsistent.is_empty());

    // A disk of which nothing is said counts as one over the network; without a disk there is no type.
    assert_eq!(lines(&extra_specs(&[flavor("SCS-1L-1-5")]).unwrap())[1], "disk0-type=network");
    let diskless = extra_specs(&[flavor("SCS-1L-1")]).unwrap();
    assert_eq!(diskless.disk, None);
    assert_eq!(lines(&diskless), ["cpu-type=crowded-core", "name-v1=SCS-1L:1", "name-v2=SCS-1L-1"]);

    // Several names of one flavor: the most that is said holds, and that they differ is told.
    let several = extra_specs(&[flavor("SCS-2V-4-20"), flavor("SCS-2T-4-20s"), flavor("SCS-2V-3.5")]).unwrap();
    assert_eq!((several.cpus, several.ram.to_string(), several.disk), (2, "4".to_owned(), Some(20)));
    assert_eq!(several.inconsistent, ["ram", "scs:cpu-type"]);
    assert_eq!(several.properties["scs:cpu-type"], "dedicated-thread");
    assert_eq!(several.properties["scs:disk0-type"], "ssd");
    let names: Vec<&String> =
        several.properties.iter().filter(|(key, _)| key.starts_with("scs:name")).map(|(_, name)| name).collect();
    assert_eq!(names, ["SCS-2T:4:20s", "SCS-2T-4-20s", "SCS-2V:4:20", "SCS-2V-4-20", "SCS-2V:3.5", "SCS-2V-3.5"]);
    assert!(extra_specs(&[]).is_none());
    let most = extra_specs(&[flavor("SCS-1V-1-255x1")]).unwrap();
    assert_eq!(most.properties.keys().filter(|key| key.ends_with("-type") && key.contains("disk")).count(), 255);
}

#[test]
fn wishes_become_a_name_or_are_refused() {
    let ram = |gib: &str| gib.parse::<RamSize>();
    let plain = Wanted::new(4, CpuKind::SharedCore, ram("16").unwrap());
    assert_eq!(plain.build().unwrap().to_string(), "SCS-4V-16");
    let gpu = WantedGpu {
        kind: GpuKind::PassThrough,
        vendor: GpuVendor::Nvidia,
        generation: Some("a".to_owned()),
        units: Some(64),
        frequency: Grade::High,
        memory: Some(24),
        bandwidth: Grade::VeryHigh,
    };
    let cpu = WantedArchitecture { vendor: CpuVendor::Amd, generation: 3, frequency: Grade::VeryVeryHigh };
    let full = Wanted {
        insecure: true,
        without_ecc: true,
        oversubscribed: true,
        disk: Some(WantedDisk { count: 2, size: Some(100), kind: Some(DiskKind::Nvme) }),
        hypervisor: Some(Hypervisor::Xen),
        hardware_virtualisation: true,
        architecture: Some(cpu),
        gpu: Some(gpu.clone()),
        infiniband: true,
        ..Wanted::new(4, CpuKind::DedicatedThread, ram("3.5").unwrap())
    };
    let name = full.build().unwrap().to_string();
    assert_eq!(name, "SCS-4Ti-3.5uo-2x100p_xen_hwv_z3hhh_GNa-64h-24hh_ib");
    assert_eq!(parse(&name, Rules::default()).map(|Parsed { flavor, .. }| flavor).unwrap(), full.build().unwrap());

    let disk = |count, size| Wanted { disk: Some(WantedDisk { count, size, kind: None }), ..plain.clone() };
    let with_cpu = |vendor, generation| Wanted {
        architecture: Some(WantedArchitecture { vendor, generation, ..cpu }),
        ..plain.clone()
    };
    let with_gpu = |gpu: WantedGpu| Wanted { gpu: Some(gpu), ..plain.clone() };
    let gpu = || gpu.clone();
    for (wanted, message) in [
        (Wanted::new(0, CpuKind::SharedCore, ram("1").unwrap()), "the number of vCPUs must be above zero"),
        (disk(0, None), "the number of disks must be above zero"),
        (disk(1, Some(0)), "the size of a disk must be above zero"),
        (disk(256, None), "there are at most 255 disks"),
        (with_cpu(CpuVendor::Amd, 7), "AMD CPUs have the generations 0 to 6, not 7"),
        (with_cpu(CpuVendor::RiscV, 1), "RISC-V CPUs have the generations 0 to 0, not 1"),
        (
            with_gpu(WantedGpu { vendor: GpuVendor::Intel, ..gpu() }),
            "Intel GPUs have the generations 0.9, 0.95, 1, 2, 3, 4",
        ),
        (with_gpu(WantedGpu { units: Some(0), ..gpu() }), "the number of a GPU's units must be above zero"),
        (with_gpu(WantedGpu { memory: Some(0), ..gpu() }), "video memory must be above zero"),
        (
            with_gpu(WantedGpu { units: None, frequency: Grade::Unstated, ..gpu() }),
            "video memory can only be said with the number of units that compute",
        ),
        (with_gpu(WantedGpu { units: None, ..gpu() }), "a GPU's frequency can only be said with the number of units"),
        (with_gpu(WantedGpu { memory: None, ..gpu() }), "bandwidth can only be said with the amount of video memory"),
        (
            with_gpu(WantedGpu { frequency: Grade::VeryVeryHigh, ..gpu() }),
            "of a GPU, frequency and bandwidth go up to hh",
        ),
    ] {
        assert_eq!(wanted.build().unwrap_err().to_string(), message);
    }
    assert_eq!(disk(1, Some(0)).build(), Err(BuildError::Zero(Quantity::DiskSize)));
    let unit_less = with_gpu(WantedGpu { units: None, frequency: Grade::Unstated, ..gpu() });
    assert_eq!(unit_less.build(), Err(BuildError::Gpu(GpuError::MemoryWithoutUnits)));
    for (text, error) in [
        ("0", RamSizeError::Zero),
        ("0.25", RamSizeError::NotHalves),
        ("4 GiB", RamSizeError::NotANumber),
        ("", RamSizeError::NotANumber),
        ("1.2.3", RamSizeError::NotANumber),
        ("2147483648", RamSizeError::TooLarge),
    ] {
        assert_eq!(ram(text), Err(error), "{text}");
    }
    assert_eq!(ram("2147483647.5").unwrap().mib(), u64::from(u32::MAX) * 512);
}
