#!/bin/python3
"""Reads the config drive of the guest: `metadata` sets host name and ssh keys, `run` carries out the user data.

User data may be a script that begins with "#!", or a "#cloud-config" document, of which these keys are understood:
hostname, ssh_authorized_keys, write_files, bootcmd, packages, runcmd, final_message. It is a small reader, not
cloud-init: other keys are named on the console and left alone, and packages cannot be added, only be there already.
"""

import base64
import gzip
import json
import os
import subprocess
import sys

DRIVE = "/mnt/openstack/latest/"
KEYS_FILE = "/root/.ssh/authorized_keys"


def say(text):
    print("user-data: " + text, flush=True)


def read(name):
    """A file of the config drive as bytes; empty if it is not there."""
    try:
        with open(DRIVE + name, "rb") as file:
            return file.read()
    except OSError:
        return b""


def add_keys(keys):
    with open(KEYS_FILE, "a", encoding="utf-8") as file:
        for key in keys:
            file.write(key.strip() + "\n")
    os.chmod(KEYS_FILE, 0o600)


def set_hostname(name):
    with open("/proc/sys/kernel/hostname", "w", encoding="ascii", errors="replace") as file:
        file.write(name)


def metadata():
    document = json.loads(read("meta_data.json") or b"{}")
    if document.get("hostname"):
        set_hostname(document["hostname"].split(".")[0])
    add_keys((document.get("public_keys") or {}).values())


def shell(command):
    """Runs one entry of bootcmd or runcmd: a text goes through the shell, a list is called as it is."""
    done = subprocess.run(command, shell=isinstance(command, str), check=False)
    if done.returncode != 0:
        say(f"command ended with {done.returncode}: {command}")


def write_file(entry):
    content = entry.get("content", "")
    encoding = entry.get("encoding", "text/plain")
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    if encoding in ("b64", "base64", "gz+b64", "gz+base64", "gzip+base64"):
        data = base64.b64decode(data)
    if encoding.startswith("gz"):
        data = gzip.decompress(data)
    os.makedirs(os.path.dirname(entry["path"]) or "/", exist_ok=True)
    with open(entry["path"], "ab" if entry.get("append") else "wb") as file:
        file.write(data)
    os.chmod(entry["path"], int(str(entry.get("permissions", "0644")), 8))


def packages(names):
    with open("/etc/packages", encoding="utf-8") as file:
        present = set(file.read().split())
    for name in names:
        say(f"package {name}: " + ("is part of this guest" if name in present else "is not here and cannot be added"))


def cloud_config(text):
    # YAML takes a while to import without KVM; a guest without user data does not pay for it.
    import yaml

    document = yaml.safe_load(text) or {}
    known = {"hostname", "ssh_authorized_keys", "write_files", "bootcmd", "packages", "runcmd", "final_message"}
    for key in sorted(set(document) - known):
        say(f"key {key} is not understood by this guest")
    if "hostname" in document:
        set_hostname(document["hostname"])
    add_keys(document.get("ssh_authorized_keys") or [])
    for entry in document.get("write_files") or []:
        write_file(entry)
    for command in document.get("bootcmd") or []:
        shell(command)
    packages(document.get("packages") or [])
    for command in document.get("runcmd") or []:
        shell(command)
    if document.get("final_message"):
        print(document["final_message"], flush=True)


def run():
    data = read("user_data")
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data.startswith(b"#!"):
        with open("/run/user-data", "wb") as file:
            file.write(data)
        os.chmod("/run/user-data", 0o700)
        shell(["/run/user-data"])
    elif data.startswith(b"#cloud-config"):
        cloud_config(data.decode("utf-8"))
    elif data:
        say("neither a script nor a #cloud-config document: left alone")


if __name__ == "__main__":
    {"metadata": metadata, "run": run}[sys.argv[1]]()
