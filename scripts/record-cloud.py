#!/usr/bin/env python3
"""Records what a real cloud answers to the checks, for the tests that run without one.

    scripts/record-cloud.py LAB_DIR CLOUD OUTPUT.json [STOA]

Stands between the program and the lab's endpoints, and writes down each answer in order, with the verdicts of the run.
Requests are not written down, and of answers no token, no secret and no host: endpoints become {base}/PORT. Take it anew
when a check asks for more than it did:

    lab/openstack/lab profile scs --dir DIR
    scripts/record-cloud.py DIR lab crates/cloud/checks/tests/data/recorded-scs.json
    lab/openstack/lab profile broken --dir DIR
    scripts/record-cloud.py DIR lab crates/cloud/checks/tests/data/recorded-broken.json

In `broken` the service of backups is off, so a backup stays: delete _scs-0117-backup-* when the profile is `scs` again.
"""

import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TESTS = "scs-01([01]|2[0-4])"
KEPT = ("content-type", "location", "retry-after", "x-subject-token")
SECRET = re.compile(r"token|password|secret$|^blob$|audit_ids", re.I)


def scrubbed(value):
    """Answers without what lets anybody in."""
    if isinstance(value, dict):
        return {key: "scrubbed" if SECRET.search(key) and isinstance(item, (str, list)) else scrubbed(item)
                for key, item in value.items()}
    return [scrubbed(item) for item in value] if isinstance(value, list) else value


class Between(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def forward(self):
        # S3 is asked at the root of its host.
        port, rest = ("8080", "") if self.path.count("/") < 2 else self.path[1:].split("/", 1)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "accept-encoding")}
        cloud = http.client.HTTPSConnection("127.0.0.1", int(port), context=self.server.tls, timeout=120)
        cloud.request(self.command, "/" + rest, body, headers)
        answer = cloud.getresponse()
        text = answer.read().decode()
        cloud.close()
        here = f"http://127.0.0.1:{self.server.server_port}"
        away = lambda base, words: re.sub(r"https://127\.0\.0\.1:(\d+)", base + r"/\1", words)
        kept = [(key.lower(), value) for key, value in answer.getheaders() if key.lower() in KEPT]
        with self.server.lock:
            path = self.path.split("?")[0]
            try:
                said = scrubbed(json.loads(away("{base}", text)))
            except ValueError:
                said = away("{base}", text)
            entry = {"method": self.command, "path": path, "status": answer.status,
                     "headers": {key: "recorded-token" if "token" in key else away("{base}", value) for key, value in kept},
                     "body": said}
            before = [old for old in self.server.answers if (old["method"], old["path"]) == (self.command, path)]
            if not before or before[-1] != entry:
                self.server.answers.append(entry)
        data = away(here, text).encode()
        self.send_response(answer.status)
        for key, value in kept:
            self.send_header(key, away(here, value))
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = forward


def main(lab, cloud, output, stoa="target/release/stoa"):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    server.tls = ssl.create_default_context(cafile=f"{lab}/tls/ca.pem")
    server.answers, server.lock = [], threading.Lock()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        here = f"http://127.0.0.1:{server.server_port}"
        with open(f"{lab}/clouds.yaml", encoding="utf-8") as file:
            clouds = re.sub(r"https://127\.0\.0\.1:(\d+)", here + r"/\1", file.read())
        with open(f"{folder}/clouds.yaml", "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(re.sub(r"\n *cacert:.*", "", clouds))
        environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": f"{folder}/clouds.yaml", "XDG_STATE_HOME": folder}
        command = [os.path.abspath(stoa), "check", "cloud", cloud, "--beyond", "--tests", TESTS,
                   "--format", "json", "--output", f"{folder}/report.json"]
        code = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        if code not in (0, 3):
            sys.exit(f"the run ended with {code}")
        with open(f"{folder}/report.json", encoding="utf-8") as file:
            report = json.load(file)
    names = {1: "PASS", 0: "ABORT", -1: "FAIL"}
    verdicts = {case: names[verdict] for invocation in report["run"]["invocations"].values()
                for case, verdict in invocation["results"].items()}
    recording = {"about": "Recorded from a real cloud (the lab) by scripts/record-cloud.py",
                 "checked_at": report["checked_at"], "verdicts": dict(sorted(verdicts.items())), "answers": server.answers}
    with open(output, "w", encoding="utf-8") as file:
        json.dump(recording, file, indent=1, ensure_ascii=False)
        file.write("\n")
    print(f"{output}: {len(server.answers)} answers, {len(verdicts)} verdicts")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
