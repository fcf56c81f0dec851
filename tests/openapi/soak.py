"""Schemathesis sends thousands of requests that the OpenAPI document allows, and that it does not, to a running Usher. Each
answer is held against the document. Arguments are those of `schemathesis run`."""

import os
import subprocess
import sys
from pathlib import Path

import usher

HERE = Path(__file__).parent


def furnish(address):
    """Creates organizations, roles and members. Returns the environment variables that schemathesis.toml reads."""
    ids = {}
    for number in (1, 2, 3):
        name, domain = f"soak-{number}", f"soak-{number}.example"
        usher.post(address, "/organizations", {"id": name, "name": name})
        usher.post(address, f"/organizations/{name}/jit/email-domains", {"emailDomain": domain})
        role = usher.post(address, "/organization-roles", {"name": name})["id"]
        usher.post(address, f"/organizations/{name}/jit/roles", {"organizationRoleIds": [role]})
        user = usher.post(address, "/users", {"primaryEmail": f"jane@{domain}", "sendInvitation": False})["id"]
        ids |= {f"ROLE_{number}": role, f"USER_{number}": user}
    return ids


def main():
    with usher.running() as address:
        command = [
            Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
            "run", usher.DOCUMENT, "--url", address, *sys.argv[1:],
        ]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "checks", **furnish(address)}
        return subprocess.run(command, cwd=HERE, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
