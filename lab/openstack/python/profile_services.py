"""Which services stand in the catalog, which daemons take work, and the roles of the domain managers."""

import labcloud


def apply(admin, wanted):
    identity = admin.identity
    for service in identity.services():
        enabled = wanted["catalog"].get(service.type, True)
        if service.is_enabled != enabled:
            identity.update_service(service, is_enabled=enabled)
            print(f"service {service.type}:", "in the catalog" if enabled else "out of the catalog")
    backup(admin.block_storage, wanted["services"]["cinder-backup"])
    managers(identity, wanted["roles"]["admin_on_domain"])


def backup(volumes, enabled):
    for service in volumes.services(binary="cinder-backup"):
        if (service.status == "enabled") == enabled:
            continue
        if enabled:
            volumes.enable_service(service)
        else:
            volumes.disable_service(service, reason="fault of the profile")
        print("cinder-backup:", "to be enabled" if enabled else "disabled")


def managers(identity, domains):
    """`domains`: where the manager wrongly holds the role admin."""
    role = identity.find_role("admin")
    for name in labcloud.MANAGED_DOMAINS:
        domain = identity.find_domain(name)
        manager = identity.find_user(name + "-manager", domain_id=domain.id)
        has = any(
            identity.role_assignments(user_id=manager.id, scope_domain_id=domain.id, role_id=role.id)
        )
        if name in domains and not has:
            identity.assign_domain_role_to_user(domain, manager, role)
            print(f"{manager.name} is admin of {name}")
        elif name not in domains and has:
            identity.unassign_domain_role_from_user(domain, manager, role)
            print(f"{manager.name} is no longer admin of {name}")
