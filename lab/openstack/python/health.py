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
    ill += not agents(labcloud.connect())
    return 1 if ill else 0


def agents(admin):
    """The daemons without an API: each must have reported lately. A service that was disabled on purpose is named."""
    lines = [(s.binary, s.host, s.state, s.status) for s in admin.compute.services()]
    lines += [(s.binary, s.host, s.state, s.status) for s in admin.block_storage.services()]
    well = True
    for binary, host, state, status in lines:
        if state != "up" or status != "enabled":
            print(f"{binary} on {host}: {state}, {status}")
            well = well and (state == "up" or status != "enabled")
    for agent in admin.network.agents():
        if not agent.is_alive:
            print(f"{agent.binary} on {agent.host}: not alive")
            well = False
    return well


if __name__ == "__main__":
    sys.exit(main())
