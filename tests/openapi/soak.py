"""Schemathesis sends thousands of requests that the OpenAPI document allows, and that it does not, to a running Usher. Each
answer is held against the document. Arguments are those of `schemathesis run`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from string import Template

import usher

HERE = Path(__file__).parent


def furnish(address):
    """Creates organizations, roles and members. Returns the ids for schemathesis.toml."""
    ids = {}
    for number in (1, 2, 3, 4):
        name, domain = f"soak-{number}", f"soak-{number}.example"
        usher.post(address, "/organizations", {"id": name, "name": name})
        usher.post(address, f"/organizations/{name}/jit/email-domains", {"emailDomain": domain})
        role = usher.post(address, "/organization-roles", {"name": name})["id"]
        usher.post(address, f"/organizations/{name}/jit/roles", {"organizationRoleIds": [role]})
        user = usher.post(address, "/users", {"primaryEmail": f"jane@{domain}", "sendInvitation": False})["id"]
        ids |= {f"ROLE_{number}": role, f"USER_{number}": user}
    return ids


def main():
    with usher.running() as address, tempfile.TemporaryDirectory() as folder:
        settings = Template((HERE / "schemathesis.toml").read_text())
        config = Path(folder, "schemathesis.toml")
        texts = {f"TEXT_{length}": "x" * length for length in (128, 129, 256, 257)}
        config.write_text(settings.substitute(furnish(address) | texts))
        command = [
            Path(sys.executable).with_name("schemathesis"), "--config-file", config,
            "run", usher.DOCUMENT, "--url", address, *sys.argv[1:],
        ]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "checks"}
        return subprocess.run(command, cwd=HERE, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
