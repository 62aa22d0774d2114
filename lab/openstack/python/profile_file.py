"""Reads a profile. A profile may be based on another one, and then says what it leaves out, changes and adds."""

import os

import yaml

FOLDER = os.path.join(os.environ["LAB_HOME"], "profiles")
LISTS = ("flavors", "images", "volume_types", "default_rules")


def read(name):
    with open(os.path.join(FOLDER, name + ".yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def load(name):
    """The profile `name` with its base worked in."""
    own = read(name)
    if "base" not in own:
        return own
    result = load(own["base"])
    for part in LISTS:
        without = set((own.get("without") or {}).get(part, ()))
        changed = {entry["name"]: entry for entry in (own.get("change") or {}).get(part, ())}
        unknown = (without | set(changed)) - {entry["name"] for entry in result[part]}
        if unknown:
            raise SystemExit(f"profile {name}: {part} has no {', '.join(sorted(unknown))}")
        kept = [merged(entry, changed.get(entry["name"])) for entry in result[part] if entry["name"] not in without]
        result[part] = kept + list((own.get("add") or {}).get(part, ()))
    for part in ("catalog", "roles", "services"):
        result[part] = {**result[part], **(own.get(part) or {})}
    return result


def merged(entry, change):
    """`entry` with the values of `change`; of maps, the single keys."""
    if not change:
        return entry
    result = dict(entry)
    for key, value in change.items():
        result[key] = {**entry.get(key, {}), **value} if isinstance(value, dict) else value
    return result
