"""Ends with 0 when the backup service of Cinder is up and takes work."""

import sys

import labcloud


def main():
    services = list(labcloud.connect().block_storage.services(binary="cinder-backup"))
    return 0 if services and all(s.state == "up" and s.status == "enabled" for s in services) else 1


if __name__ == "__main__":
    sys.exit(main())
