"""Asks each service of the catalog one question, through TLS, as the learner. Prints a line for each; exit code 1 if one is ill."""

import sys
import time

import labcloud

QUESTIONS = (
    ("identity", "Keystone", lambda c: c.identity.get("/auth/projects")),
    ("compute", "Nova", lambda c: c.compute.get("/servers")),
    ("placement", "Placement", lambda c: c.placement.get("/")),
    ("image", "Glance", lambda c: c.image.get("/images?limit=1")),
    ("network", "Neutron", lambda c: c.network.get("/networks?limit=1")),
    ("block-storage", "Cinder", lambda c: c.block_storage.get("/volumes?limit=1")),
    ("key-manager", "Barbican", lambda c: c.key_manager.get("/secrets?limit=1")),
    ("load-balancer", "Octavia", lambda c: c.load_balancer.get("/lbaas/loadbalancers?limit=1")),
    ("dns", "Designate", lambda c: c.dns.get("/zones?limit=1")),
    ("object-store", "Swift", lambda c: c.object_store.get("/?limit=1")),
)

# Seconds for daemons to report: they do so every ten, and count as down after a minute of silence.
PATIENCE = 60


def main():
    cloud = labcloud.connect("lab")
    present = {entry["type"] for entry in cloud.service_catalog}
    ill = 0
    for kind, name, ask in QUESTIONS:
        if kind not in present:
            print(f"{name:10s} not in the catalog (the profile took it out)")
            continue
        began = time.monotonic()
        try:
            status = ask(cloud).status_code
        except Exception as error:  # whatever goes wrong is the answer
            status = f"{type(error).__name__}: {str(error)[:200]}"
        well = isinstance(status, int) and status < 400
        ill += not well
        print(f"{name:10s} {'ok' if well else status}, {1000 * (time.monotonic() - began):.0f} ms")
    ill += not agents_report(labcloud.connect())
    return 1 if ill else 0


def agents_report(admin):
    """The daemons without an API, which may not have reported yet since they were started: they get a minute for it."""
    end = time.monotonic() + PATIENCE
    while True:
        well, lines = agents(admin)
        if well or time.monotonic() > end:
            print("\n".join(lines), end="\n" if lines else "")
            return well
        time.sleep(2)


def agents(admin):
    """Whether each has reported lately, and a line for each that has not. One that was disabled on purpose is named."""
    services = [(s.binary, s.host, s.state, s.status) for s in admin.compute.services()]
    services += [(s.binary, s.host, s.state, s.status) for s in admin.block_storage.services()]
    well = True
    lines = []
    for binary, host, state, status in services:
        if state != "up" or status != "enabled":
            lines.append(f"{binary} on {host}: {state}, {status}")
            well = well and (state == "up" or status != "enabled")
    for agent in admin.network.agents():
        if not agent.is_alive:
            lines.append(f"{agent.binary} on {agent.host}: not alive")
            well = False
    return well, lines


if __name__ == "__main__":
    sys.exit(main())
