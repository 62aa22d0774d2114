"""What the lab's Python programs share: connections, and the clouds.yaml that the lab writes.

Passwords come from the lab's secrets.env. Names of clouds are listed in `clouds`.
"""

import os

import openstack
import yaml

ADDRESS = os.environ["LAB_ADDRESS"]
REGION = os.environ["LAB_REGION"]
LAB_DIR = os.environ["LAB_DIR"]
AUTH_URL = f"https://{ADDRESS}:5000/v3"
CA_FILE = LAB_DIR + "/tls/ca.pem"
MANAGED_DOMAINS = ("lab-a", "lab-b")
# What the lab made carries this mark, and only that is changed or removed by a change of profile.
MARK = "stoa-lab"


def secrets():
    """Name and value of each password."""
    with open(LAB_DIR + "/secrets.env", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if not line.startswith("#"))


def _password(user, password, **scope):
    return {"auth_url": AUTH_URL, "username": user, "password": password, "user_domain_name": "Default", **scope}


def _project(name):
    return {"project_name": name, "project_domain_name": "Default"}


def clouds(application_credential=None):
    """All clouds of clouds.yaml: who may do what, by name."""
    admin, user = secrets()["ADMIN_PASSWORD"], secrets()["USER_PASSWORD"]
    auth = {
        "lab": _password("learner", user, **_project("lab")),
        "lab-reader": _password("reader", user, **_project("lab")),
        "lab-second": _password("second", user, **_project("second")),
        "lab-admin": _password("admin", admin, **_project("admin")),
        "lab-system": _password("admin", admin, system_scope="all"),
    }
    for domain in MANAGED_DOMAINS:
        auth[domain + "-manager"] = {
            "auth_url": AUTH_URL, "username": domain + "-manager", "password": user,
            "user_domain_name": domain, "domain_name": domain,
        }
    result = {}
    for name, values in auth.items():
        result[name] = {"region_name": REGION, "identity_api_version": 3, "interface": "public", "cacert": CA_FILE, "auth": values}
    if application_credential:
        identifier, secret = application_credential
        result["lab-app"] = {
            "region_name": REGION, "identity_api_version": 3, "interface": "public", "cacert": CA_FILE,
            "auth_type": "v3applicationcredential",
            "auth": {"auth_url": AUTH_URL, "application_credential_id": identifier, "application_credential_secret": secret},
        }
    return result


def write_private(path, text):
    """Writes a file that only its owner may read, in one step."""
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def write_clouds(application_credential=None):
    text = "# Written by the lab. Passwords are in here: keep it to yourself.\n"
    text += yaml.safe_dump({"clouds": clouds(application_credential)}, sort_keys=False)
    write_private(LAB_DIR + "/clouds.yaml", text)


def connect(name="lab-admin"):
    """A connection as one of the clouds above."""
    return openstack.connect(cloud=name, load_envvars=False)
