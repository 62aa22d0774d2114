"""Brings the cloud into the state of a profile: flavors, images, volume types, default rules, catalog, roles.

usage: profile.py NAME. Only what the lab made is changed or removed; what a learner made stays. Doing it twice changes
nothing. Each change is printed.
"""

import sys

import labcloud
from profile_file import load
import profile_images
import profile_flavors
import profile_rules
import profile_services
import profile_volumes


def main(name):
    wanted = load(name)
    admin = labcloud.connect()
    for part in (profile_flavors, profile_images, profile_volumes, profile_rules, profile_services):
        part.apply(admin, wanted)
    print(f"The profile '{name}' is in force.")


if __name__ == "__main__":
    main(sys.argv[1])
