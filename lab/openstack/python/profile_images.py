"""Images of a profile. All of them hold the lab's tiny guest, whatever system their name and metadata speak of."""

import datetime
import os

import labcloud

FILE = labcloud.LAB_DIR + "/guest/guest.qcow2"
# Properties that Glance keeps itself; all others are the lab's to set and take away.
_OWN = {"os_hidden", "os_hash_algo", "os_hash_value", "stores", "owner_specified.openstack.md5",
        "owner_specified.openstack.sha256", "owner_specified.openstack.object", "checksum", "direct_url", "locations"}


def values(entry, today):
    """The properties as Glance takes them: texts; `today` stands for the day of the build; null ones are left out."""
    result = {key: str(value) for key, value in (entry.get("properties") or {}).items() if value is not None}
    return {key: today if value == "today" else value for key, value in result.items()}


def apply(admin, wanted):
    image_api = admin.image
    mine = {image.name: image for image in image_api.images(tag=labcloud.MARK)}
    names = {entry["name"] for entry in wanted["images"]}
    for name, image in mine.items():
        if name not in names:
            image_api.delete_image(image)
            print("image removed:", name)
    for entry in wanted["images"]:
        image = mine.get(entry["name"])
        if image is None:
            image = upload(image_api, entry["name"])
            print("image made:", entry["name"])
        built = min(datetime.date.fromtimestamp(os.path.getmtime(FILE)).isoformat(), image.created_at[:10])
        update(image_api, image, entry, values(entry, built))


def upload(image_api, name):
    image = image_api.create_image(
        name=name, filename=FILE, disk_format="qcow2", container_format="bare", visibility="public",
        tags=[labcloud.MARK], validate_checksum=False, wait=True,
    )
    return image_api.get_image(image.id)


def update(image_api, image, entry, properties):
    """Sends the differences, if there are any, as one patch."""
    raw = image_api.get(f"/images/{image.id}").json()
    basic = {"min_disk": entry.get("min_disk", 0), "min_ram": entry.get("min_ram", 0)}
    standard = {"id", "name", "status", "visibility", "size", "virtual_size", "min_disk", "min_ram", "protected", "tags", "owner",
                "created_at", "updated_at", "self", "file", "schema", "disk_format", "container_format"} | _OWN
    patch = [{"op": "replace", "path": "/" + key, "value": value} for key, value in basic.items() if raw.get(key) != value]
    for key, value in properties.items():
        if raw.get(key) != value:
            patch.append({"op": "replace" if key in raw else "add", "path": "/" + key, "value": value})
    patch += [{"op": "remove", "path": "/" + key} for key in raw if key not in standard and key not in properties]
    if not patch:
        return
    answer = image_api.patch(
        f"/images/{image.id}", json=patch, headers={"Content-Type": "application/openstack-images-v2.1-json-patch"}
    )
    if answer.status_code != 200:
        raise SystemExit(f"image {entry['name']}: {answer.status_code} {answer.text}")
