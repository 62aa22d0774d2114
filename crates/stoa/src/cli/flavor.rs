//! `stoa flavor`: its arguments. What they lead to is in the crate `stoa-standards`, module `flavor`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use stoa_standards::flavor::{CpuKind, CpuVendor, DiskKind, GpuKind, GpuVendor, Grade, Hypervisor, RamSize, Status};
use stoa_standards::verdict::Reading;

use super::Format;

/// `stoa flavor`.
#[derive(Debug, Subcommand)]
pub(crate) enum FlavorCommand {
    /// Check names by scs-0100: valid, invalid with the place of the mistake, or foreign
    #[command(after_help = "Examples:\n  \
        stoa flavor check SCS-4V-16-100s\n  \
        openstack flavor list -f value -c Name | stoa flavor check --format json\n  \
        stoa flavor check --cloud mycloud\n  \
        stoa flavor check --standard v3 SCS-2V:4\n\n\
        A name that does not begin with SCS- is foreign: the standard says nothing about it.\n\
        Ends with 3 when a name is invalid. The JSON is one object a line: name, verdict, canonical, short, reason.")]
    Check(FlavorNames),
    /// Say in a line what flavors have
    #[command(after_help = "Examples:\n  stoa flavor describe SCS-16T-64-200s_GNa-72-24_ib\n\n\
        Ends with 3 when a name is invalid.")]
    Describe(FlavorNames),
    /// Take names apart, piece by piece
    #[command(after_help = "Examples:\n  stoa flavor explain SCS-8Ti-32-50p_i1\n\n\
        Ends with 3 when a name is invalid.")]
    Explain(FlavorNames),
    /// Print the extra specs of scs-0103 that follow from names, or set them in a cloud
    #[command(after_help = "Examples:\n  \
        stoa flavor extra-specs SCS-4C-16-2x200p_a1\n  \
        stoa flavor extra-specs --cloud mycloud-admin\n  \
        stoa flavor extra-specs --cloud mycloud-admin --apply\n  \
        stoa flavor extra-specs --cloud mycloud-admin SCS-2V-8 --apply --yes\n\n\
        With a cloud, its flavors are compared with what their names say, and what would be changed is shown. Only --apply \
        changes it, after asking. What says more than the names do stays, and so do extra specs of others.\n\
        Ends with 3 when a name is invalid, a flavor has less than its names say, or something is still to be changed.")]
    ExtraSpecs(Box<FlavorExtraSpecs>),
    /// Make a name from what a flavor is to have
    #[command(after_help = "Examples:\n  \
        stoa flavor build --cpus 4 --ram 16\n  \
        stoa flavor build --cpus 2 --ram 4 --disk 20 --disk-type ssd\n  \
        stoa flavor build --cpus 16 --cpu-type dedicated-thread --ram 64 --disk 200 --disk-type ssd \\\n      \
        --gpu pass-through --gpu-vendor nvidia --gpu-generation a --gpu-units 72 --gpu-memory 24 --infiniband")]
    Build(Box<FlavorBuild>),
    /// List the standard flavors of scs-0103 with their extra specs
    #[command(after_help = "Examples:\n  stoa flavor list\n  stoa flavor list --status mandatory --format json")]
    List {
        /// Only the flavors that must, or that should be there
        #[arg(long, value_parser = choice(&[Status::Mandatory, Status::Recommended], status_name))]
        status: Option<Status>,
        /// How to write it; `json` is one object a line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// Names, and how they are read and answered.
#[derive(Args, Debug)]
pub(crate) struct FlavorNames {
    /// The names; without them they are read from standard input, one a line. With a cloud: which of its flavors
    pub(crate) names: Vec<String>,
    /// Take the names of the flavors of this cloud in clouds.yaml
    #[arg(long, value_name = "NAME")]
    pub(crate) cloud: Option<String>,
    /// Take only the form of this version of scs-0100; without it version 1 (SCS-2V:4) is taken with a remark
    #[arg(long, value_enum)]
    pub(crate) standard: Option<StandardVersion>,
    /// Whose reading decides where the text of the standard and the published test suite differ
    #[arg(long, default_value = "standard", value_parser = choice(&[Reading::Standard, Reading::Published], reading_name))]
    pub(crate) reading: Reading,
    /// How to answer; `json` is one object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// `stoa flavor extra-specs`.
#[derive(Args, Debug)]
pub(crate) struct FlavorExtraSpecs {
    #[command(flatten)]
    pub(crate) asked: FlavorNames,
    /// Change the flavors of the cloud; this takes an administrator
    #[arg(long, requires = "cloud")]
    pub(crate) apply: bool,
    /// Do not ask before changing
    #[arg(long, requires = "apply")]
    pub(crate) yes: bool,
}

/// The versions of scs-0100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StandardVersion {
    /// Names with colons, deprecated since 2023-10-31
    V1,
    /// Names with dashes, in the same form as version 3
    V2,
    /// Names with dashes: the version in force
    V3,
}

/// What a flavor is to have.
#[derive(Args, Debug)]
pub(crate) struct FlavorBuild {
    /// Number of vCPUs
    #[arg(long)]
    pub(crate) cpus: u32,
    /// What a vCPU is
    #[arg(long, default_value = "shared-core", value_parser = choice(CpuKind::ALL, CpuKind::property))]
    pub(crate) cpu_type: CpuKind,
    /// Mitigations against weaknesses of the CPU are missing or late
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Memory in GiB, in steps of a half
    #[arg(long, value_name = "GIB")]
    pub(crate) ram: RamSize,
    /// The memory has no error correction
    #[arg(long)]
    pub(crate) no_ecc: bool,
    /// The memory is oversubscribed
    #[arg(long)]
    pub(crate) oversubscribed: bool,
    /// Size of the disk in GB, or `auto`: as large as the image needs; without it there is no disk
    #[arg(long, value_name = "GB|auto", value_parser = disk_size)]
    pub(crate) disk: Option<DiskSize>,
    /// What the disk is; without it, it may be any
    #[arg(long, requires = "disk", value_parser = choice(DiskKind::ALL, DiskKind::property))]
    pub(crate) disk_type: Option<DiskKind>,
    /// Number of disks, alike
    #[arg(long, requires = "disk", default_value_t = 1)]
    pub(crate) disks: u32,
    /// The hypervisor, as names say it: `chy` is Cloud Hypervisor, `bms` bare metal
    #[arg(long, value_parser = choice(Hypervisor::ALL, Hypervisor::code))]
    pub(crate) hypervisor: Option<Hypervisor>,
    /// Machines inside of the machine have the help of the hardware
    #[arg(long)]
    pub(crate) hwv: bool,
    /// Who makes the CPU; without it a generic x86-64
    #[arg(long, value_parser = choice(CpuVendor::ALL, cpu_vendor_name))]
    pub(crate) cpu_vendor: Option<CpuVendor>,
    /// Generation of the CPU by its number
    #[arg(long, requires = "cpu_vendor", value_name = "NUMBER", default_value_t = 0)]
    pub(crate) cpu_generation: u32,
    /// Frequency on all cores: above 2.75, 3.25 or 3.75 GHz
    #[arg(long, requires = "cpu_vendor", value_parser = choice(&[Grade::High, Grade::VeryHigh, Grade::VeryVeryHigh], Grade::code))]
    pub(crate) cpu_frequency: Option<Grade>,
    /// How a GPU reaches the machine
    #[arg(long, requires = "gpu_vendor", value_parser = choice(GpuKind::ALL, gpu_kind_name))]
    pub(crate) gpu: Option<GpuKind>,
    /// Who makes the GPU
    #[arg(long, requires = "gpu", value_parser = choice(GpuVendor::ALL, gpu_vendor_name))]
    pub(crate) gpu_vendor: Option<GpuVendor>,
    /// Generation of the GPU, as names say it: `a` for Ampere, 3.1 for RDNA3
    #[arg(long, requires = "gpu", value_name = "CODE")]
    pub(crate) gpu_generation: Option<String>,
    /// Number of units that compute: SMs, CUs or EUs
    #[arg(long, requires = "gpu", value_name = "NUMBER")]
    pub(crate) gpu_units: Option<u32>,
    /// Frequency of the GPU above the usual
    #[arg(long, requires = "gpu_units", value_parser = choice(&[Grade::High, Grade::VeryHigh], Grade::code))]
    pub(crate) gpu_frequency: Option<Grade>,
    /// Video memory in GiB
    #[arg(long, requires = "gpu_units", value_name = "GIB")]
    pub(crate) gpu_memory: Option<u32>,
    /// Bandwidth of the video memory: h for HBM
    #[arg(long, requires = "gpu_memory", value_parser = choice(&[Grade::High, Grade::VeryHigh], Grade::code))]
    pub(crate) gpu_bandwidth: Option<Grade>,
    /// A network with Infiniband
    #[arg(long)]
    pub(crate) infiniband: bool,
    /// How to answer: the name alone, or an object with name, short name and description
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// The size of a disk: GB, or what the image needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DiskSize(pub(crate) Option<u32>);

fn disk_size(text: &str) -> Result<DiskSize, String> {
    match text {
        "auto" => Ok(DiskSize(None)),
        _ => text.parse().map(|size| DiskSize(Some(size))).map_err(|_| "expected whole GB, or auto".to_owned()),
    }
}

/// Takes one of these values by its name, and shows all names in the help.
pub(super) fn choice<T>(all: &'static [T], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let names = PossibleValuesParser::new(all.iter().map(move |value| name(*value)));
    names.try_map(move |text| all.iter().copied().find(|value| name(*value) == text).ok_or("not one of the values"))
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Mandatory => "mandatory",
        Status::Recommended => "recommended",
    }
}

pub(super) const fn reading_name(reading: Reading) -> &'static str {
    match reading {
        Reading::Standard => "standard",
        Reading::Published => "published",
    }
}

const fn cpu_vendor_name(vendor: CpuVendor) -> &'static str {
    match vendor {
        CpuVendor::Intel => "intel",
        CpuVendor::Amd => "amd",
        CpuVendor::Arm => "arm",
        CpuVendor::RiscV => "risc-v",
    }
}

const fn gpu_kind_name(kind: GpuKind) -> &'static str {
    match kind {
        GpuKind::Virtual => "virtual",
        GpuKind::PassThrough => "pass-through",
    }
}

const fn gpu_vendor_name(vendor: GpuVendor) -> &'static str {
    match vendor {
        GpuVendor::Nvidia => "nvidia",
        GpuVendor::Amd => "amd",
        GpuVendor::Intel => "intel",
    }
}
