"""Who uses the cloud, and the network that they begin with: users, domains with their managers, application credential."""

import os
import subprocess

import labcloud

EXTERNAL = "public"
KEY_FILE = labcloud.LAB_DIR + "/lab_key"


def main():
    admin = labcloud.connect()
    people(admin.identity)
    managers(admin.identity)
    external_network(admin.network)
    labcloud.write_clouds(application_credential())
    first_network(labcloud.connect("lab"))


def people(identity):
    """learner and reader work in the project lab, second in the project second."""
    roles = {role.name: role for role in identity.roles()}
    for name, project, granted in (
        ("learner", "lab", ("member", "load-balancer_member")),
        ("reader", "lab", ("reader", "load-balancer_observer")),
        ("second", "second", ("member", "load-balancer_member")),
    ):
        place = identity.find_project(project)
        user = identity.find_user(name) or identity.create_user(
            name=name, password=labcloud.secrets()["USER_PASSWORD"], default_project_id=place.id, domain_id="default"
        )
        for role in granted:
            identity.assign_project_role_to_user(place, user, roles[role])
    identity.assign_project_role_to_user(identity.find_project("lab"), identity.find_user("admin"), roles["admin"])


def managers(identity):
    """Two domains, each with a manager: what the standard of the domain manager (scs-0302) is tested with."""
    role = identity.find_role("manager")
    text = "# For checks of the domain manager role. Passwords are in here.\ndomains:\n"
    for name in labcloud.MANAGED_DOMAINS:
        domain = identity.find_domain(name) or identity.create_domain(name=name, description="Made by the lab")
        manager = identity.find_user(name + "-manager", domain_id=domain.id) or identity.create_user(
            name=name + "-manager", password=labcloud.secrets()["USER_PASSWORD"], domain_id=domain.id
        )
        identity.assign_domain_role_to_user(domain, manager, role)
        text += f"  - name: {name}\n    manager:\n      username: {name}-manager\n"
        text += f"      password: {labcloud.secrets()['USER_PASSWORD']}\n    member_role: member\n"
    labcloud.write_private(labcloud.LAB_DIR + "/domain-manager-test.yaml", text)


def external_network(network):
    public = network.find_network(EXTERNAL) or network.create_network(
        name=EXTERNAL, is_router_external=True, provider_network_type="flat", provider_physical_network="public"
    )
    if not network.find_subnet("public-addresses"):
        network.create_subnet(
            name="public-addresses", network_id=public.id, ip_version=4, cidr="203.0.113.0/24", gateway_ip="203.0.113.1",
            is_dhcp_enabled=False, allocation_pools=[{"start": "203.0.113.100", "end": "203.0.113.199"}],
        )


def application_credential():
    """The learner's application credential; made anew each time, since its secret can be read only once."""
    learner = labcloud.connect("lab")
    user = learner.current_user_id
    for old in learner.identity.application_credentials(user):
        if old.name == labcloud.MARK:
            learner.identity.delete_application_credential(user, old)
    made = learner.identity.create_application_credential(user, name=labcloud.MARK)
    return made.id, made.secret


def first_network(learner):
    network = learner.network
    place = network.find_network("lab-net") or network.create_network(name="lab-net")
    subnet = network.find_subnet("lab-subnet") or network.create_subnet(
        name="lab-subnet", network_id=place.id, ip_version=4, cidr="10.0.0.0/24", dns_nameservers=["192.0.2.53"]
    )
    router = network.find_router("lab-router")
    if not router:
        router = network.create_router(
            name="lab-router", external_gateway_info={"network_id": network.find_network(EXTERNAL).id}
        )
        network.add_interface_to_router(router, subnet_id=subnet.id)
    if not network.find_security_group("ssh-and-ping"):
        group = network.create_security_group(name="ssh-and-ping", description="SSH and ping from anywhere")
        for values in ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, {"protocol": "icmp"}):
            network.create_security_group_rule(security_group_id=group.id, direction="ingress", **values)
    if not os.path.exists(KEY_FILE):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", KEY_FILE], check=True)
    if not learner.compute.find_keypair("lab"):
        with open(KEY_FILE + ".pub", encoding="utf-8") as file:
            learner.compute.create_keypair(name="lab", public_key=file.read())


if __name__ == "__main__":
    main()
