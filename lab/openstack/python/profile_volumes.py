"""Volume types of a profile, with their encryption."""


from openstack import exceptions


def remove(volumes, kind):
    """Takes a type away; one that volumes use stays, without an aspect in its description."""
    try:
        volumes.delete_type(kind)
        print("volume type removed:", kind.name)
    except exceptions.BadRequestException:
        volumes.update_type(kind, description="In use, so the lab could not take it away")
        print("volume type in use, its description changed:", kind.name)


def apply(admin, wanted):
    volumes = admin.block_storage
    present = {kind.name: kind for kind in volumes.types()}
    names = {entry["name"] for entry in wanted["volume_types"]}
    for name, kind in present.items():
        if name not in names and name != "__DEFAULT__" and (kind.extra_specs or {}).get("volume_backend_name") == "files":
            remove(volumes, kind)
    for entry in wanted["volume_types"]:
        kind = present.get(entry["name"])
        if kind is None:
            kind = volumes.create_type(name=entry["name"], description=entry["description"], is_public=True)
            volumes.update_type_extra_specs(kind, volume_backend_name="files")
            print("volume type made:", entry["name"])
        elif kind.description != entry["description"]:
            volumes.update_type(kind, description=entry["description"])
            print("volume type changed:", entry["name"])
        if entry.get("encrypted") and not volumes.get_type_encryption(kind.id).provider:
            volumes.create_type_encryption(
                kind, provider="luks", cipher="aes-xts-plain64", key_size=256, control_location="front-end"
            )
