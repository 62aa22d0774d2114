"""Swift filter: tells an unknown S3 access key from a wrong signature, as AWS and other S3 services do.

Swift's s3token asks Keystone whether a signature is right; Keystone refuses both cases with the same 401, and the S3
client is told "AccessDenied". This filter stands before s3api: when a signed request was refused, it looks whether
Keystone has a credential of that access key at all, and answers "InvalidAccessKeyId" when it has none. Nothing is
cached: one more question for each refused request.
"""

import hashlib
import os
import re

from keystoneauth1 import loading, session
from swift.common.swob import Request, Response

# Signature version 4 and version 2, in the header or in the query.
_HEADER = re.compile(r"(?:AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/|AWS ([^:\s]+):)")
_ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidAccessKeyId</Code>'
    "<Message>The access key that you used does not exist here.</Message></Error>"
)


def access_key(request):
    """The access key that the request is signed with, or None if it is not signed."""
    found = _HEADER.match(request.headers.get("Authorization", ""))
    if found:
        return found.group(1) or found.group(2)
    credential = request.params.get("X-Amz-Credential")
    if credential:
        return credential.split("/", 1)[0]
    return request.params.get("AWSAccessKeyId")


class AccessKeys:
    """The filter; `conf` holds the service user's credentials and `enabled_file`."""

    def __init__(self, app, conf):
        self.app = app
        self.enabled_file = conf["enabled_file"]
        names = ("auth_url", "username", "password", "project_name", "user_domain_name", "project_domain_name")
        auth = loading.get_plugin_loader("password").load_from_options(**{name: conf[name] for name in names})
        self.keystone = session.Session(auth=auth, verify=conf["cafile"], timeout=10)

    def is_unknown(self, key):
        """True only if Keystone says that it has no such credential."""
        identifier = hashlib.sha256(key.encode("utf-8")).hexdigest()
        answer = self.keystone.get(
            "/credentials/" + identifier,
            endpoint_filter={"service_type": "identity", "interface": "internal", "min_version": "3"},
            raise_exc=False,
        )
        return answer.status_code == 404

    def __call__(self, environ, start_response):
        request = Request(environ)
        key = access_key(request)
        if key is None or not os.path.exists(self.enabled_file):
            return self.app(environ, start_response)
        answer = request.get_response(self.app)
        if answer.status_int in (401, 403) and self.is_unknown(key):
            answer = Response(status=403, body=_ANSWER, content_type="application/xml")
        return answer(environ, start_response)


def filter_factory(global_conf, **local_conf):
    """Entry point of paste."""
    conf = dict(global_conf, **local_conf)
    return lambda app: AccessKeys(app, conf)
