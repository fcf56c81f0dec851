"""Starts what `make run` starts: Usher, and a Cognito emulator."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "functions/console/openapi.json"


@contextlib.contextmanager
def running():
    """Usher on free ports, with an empty table. Gives its address."""
    ports = {name: "0" for name in ("HTTP_PORT", "DYNAMODB_PORT", "LAMBDA_PORT", "COGNITO_PORT")}
    with tempfile.TemporaryDirectory(prefix="usher-openapi-") as folder:
        process = subprocess.Popen(
            ["node", ROOT / "infra/local/run.mjs"],
            env={**os.environ, **ports, "RUN_DIR": folder},
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("VERBOSE") else subprocess.DEVNULL,
            text=True,
        )
        try:
            if not any("Usher is ready" in line for line in process.stdout):
                sys.exit("Usher did not start: VERBOSE=1 shows why")
            lines = Path(folder, "env").read_text().splitlines()
            yield dict(line.split("=", 1) for line in lines)["USHER"]
        finally:
            process.terminate()
            process.communicate()


def post(usher, path, body):
    """Sends a body, and returns the answer's."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(usher + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as response:
        text = response.read()
    return json.loads(text) if text else None
