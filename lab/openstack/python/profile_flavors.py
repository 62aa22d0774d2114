"""Flavors of a profile. The extra specs of an SCS name follow from the name; `extra` changes, null takes one away."""

import re

import labcloud

_NAME = re.compile(r"SCS-(\d+)([CTVL])i?-[\d.]+u?o?(-\d*(?:x\d+)?([nhsp]?))?$")
_CPU = {"C": "dedicated-core", "T": "dedicated-thread", "V": "shared-core", "L": "crowded-core"}
_DISK = {"n": "network", "h": "hdd", "s": "ssd", "p": "nvme", "": "network"}


def extra_specs(entry):
    """Extra specs that the flavor is to have."""
    result = {}
    found = _NAME.match(entry["name"])
    if found:
        result = {
            "hw_rng:allowed": "True",
            "scs:cpu-type": _CPU[found.group(2)],
            "scs:name-v1": "SCS-" + entry["name"][4:].replace("-", ":"),
            "scs:name-v2": entry["name"],
        }
        if found.group(3):
            result["scs:disk0-type"] = _DISK[found.group(4)]
    result.update(entry.get("extra") or {})
    return {key: value for key, value in result.items() if value is not None}


def apply(admin, wanted):
    compute = admin.compute
    present = {flavor.name: flavor for flavor in compute.flavors(details=True, get_extra_specs=True)}
    names = {entry["name"] for entry in wanted["flavors"]}
    for name, flavor in present.items():
        if name not in names and flavor.description == labcloud.MARK:
            compute.delete_flavor(flavor)
            print("flavor removed:", name)
    for entry in wanted["flavors"]:
        flavor = present.get(entry["name"])
        size = (entry["vcpus"], entry["ram"], entry["disk"])
        # A flavor's size cannot be changed: it is made anew.
        if flavor and (flavor.vcpus, flavor.ram, flavor.disk) != size:
            compute.delete_flavor(flavor)
            flavor = None
        if not flavor:
            flavor = compute.create_flavor(
                name=entry["name"], vcpus=size[0], ram=size[1], disk=size[2], description=labcloud.MARK, is_public=True
            )
            print("flavor made:", entry["name"])
        specs, has = extra_specs(entry), dict(flavor.extra_specs or {})
        if any(has.get(key) != value for key, value in specs.items()):
            compute.create_flavor_extra_specs(flavor, specs)
        for key in set(has) - set(specs):
            compute.delete_flavor_extra_specs_property(flavor, key)
