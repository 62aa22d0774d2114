"""Roles, service users and the catalog, in one process: each call of the command line would import for seconds."""

import labcloud

ROLES = ("service", "load-balancer_member", "load-balancer_observer", "load-balancer_admin", "swiftoperator")
SERVICE_USERS = ("nova", "glance", "placement", "neutron", "cinder", "barbican", "octavia", "designate", "swift")
# name, type, path of the endpoint, public port, inner port
CATALOG = (
    ("placement", "placement", "", 8778, 18778),
    ("glance", "image", "", 9292, 19292),
    ("nova", "compute", "/v2.1", 8774, 18774),
    ("neutron", "network", "", 9696, 19696),
    ("cinder", "block-storage", "/v3", 8776, 18776),
    ("cinderv3", "volumev3", "/v3", 8776, 18776),
    ("barbican", "key-manager", "", 9311, 19311),
    ("octavia", "load-balancer", "", 9876, 19876),
    ("designate", "dns", "", 9001, 19001),
    ("swift", "object-store", "/v1/AUTH_%(project_id)s", 8080, 18080),
    ("s3", "object-store-s3", "/", 8080, 18080),
)


def main():
    labcloud.write_clouds()
    identity = labcloud.connect().identity
    for name in ("service", "lab", "second"):
        if not identity.find_project(name):
            identity.create_project(name=name, domain_id="default", description="Made by the lab")
    roles = {role.name: role for role in identity.roles()}
    for name in ROLES:
        if name not in roles:
            roles[name] = identity.create_role(name=name)
    project = identity.find_project("service")
    for name in SERVICE_USERS:
        user = identity.find_user(name) or identity.create_user(
            name=name, password=labcloud.secrets()["SERVICE_PASSWORD"], default_project_id=project.id, domain_id="default"
        )
        for role in ("admin", "service"):
            identity.assign_project_role_to_user(project, user, roles[role])
    identity.assign_system_role_to_user(identity.find_user("admin"), roles["admin"], "all")
    catalog(identity)


def catalog(identity):
    services = {service.type: service for service in identity.services()}
    present = {(endpoint.service_id, endpoint.interface) for endpoint in identity.endpoints()}
    for name, kind, path, public, inner in CATALOG:
        service = services.get(kind) or identity.create_service(name=name, type=kind)
        urls = {
            "public": f"https://{labcloud.ADDRESS}:{public}{path}",
            "internal": f"http://{labcloud.ADDRESS}:{inner}{path}",
            "admin": f"http://{labcloud.ADDRESS}:{inner}{path}",
        }
        for interface, url in urls.items():
            if (service.id, interface) not in present:
                identity.create_endpoint(service_id=service.id, interface=interface, url=url, region_id=labcloud.REGION)


if __name__ == "__main__":
    main()
