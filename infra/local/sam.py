#!/usr/bin/env python3
"""Serves the functions that `sam build` has built, in containers, with the emulators of `make run`.

    sam.py check                         checks whether a Docker daemon answers
    sam.py serve --template … --http …   runs `sam local start-api` and `start-lambda` until it is stopped

`make sam-local` calls this script, and tests/artifacts uses parts of it. The emulators listen on the loopback address of
the host, which containers cannot reach. So this script forwards ports of the host's address on Docker's network to them.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import docker
import yaml

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".venv/bin/sam"
REGION = "eu-central-1"
START_TIMEOUT = 60  # seconds until a server has to listen
# `sam local` passes only variables that the template declares. A template for AWS does not declare these.
ENDPOINTS = {
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "cognito": "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
}
# The setting that names the DNS name server, which has no URL.
DNS_RESOLVER = "DNS_RESOLVER"
# Neither is here. The function that uses them gets no records here, since nobody reads the stream for a container.
EVENTS = {"EVENT_BUS_NAME": "usher", "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/usher"}
# The settings of `make run` that functions read. An empty one may differ from none.
SETTINGS = [
    "CLAIMS_BYTES",
    "CLAIMS_IN",
    DNS_RESOLVER,
    "DOMAIN_OWNERSHIP",
    "GOOGLE_HOSTED_DOMAIN_ATTRIBUTE",
    "JOIN_REQUEST_CLAIMS",
    "PUBLIC_MAILBOX_EXCEPTIONS",
    "TOKEN_CACHE_SECONDS",
    "TRUSTED_PROVIDERS",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check")
    serving = commands.add_parser("serve")
    serving.add_argument("--template", type=Path, required=True, help="the template that `sam build` wrote")
    serving.add_argument("--folder", type=Path, required=True, help="where to write the settings for sam")
    for server in ("http", "lambda", "dynamodb", "cognito", "dns"):
        serving.add_argument(f"--{server}", dest=f"{server}_at", required=True, metavar="ADDRESS:PORT")
    serving.add_argument("--user-pool", required=True, metavar="ID")
    arguments = parser.parse_args()
    if not daemon_answers():
        sys.exit("No Docker daemon answers: start Docker, or use `make run`, which needs none.")
    if arguments.command == "serve":
        serve(arguments)


def daemon_answers():
    try:
        docker.from_env().ping()
    except docker.errors.DockerException:
        return False
    return True


def serve(arguments):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    addresses = {"dynamodb": arguments.dynamodb_at, "cognito": arguments.cognito_at, "dns": arguments.dns_at}
    with contextlib.ExitStack() as stack:
        options = stack.enter_context(
            reachable(arguments.template, arguments.folder, addresses, arguments.user_pool)
        )
        servers = []
        for command, address in [("start-api", arguments.http_at), ("start-lambda", arguments.lambda_at)]:
            host, port = split(address)
            # Each function gets a container at its first call.
            line = [SAM, "local", command, "--host", host, "--port", str(port)]
            line += ["--warm-containers", "LAZY", "--no-watch"]
            servers.append(subprocess.Popen(line + options, cwd=ROOT, env=environment()))
            stack.callback(end, servers[-1])
        for server, address in zip(servers, (arguments.http_at, arguments.lambda_at), strict=True):
            wait(server, address)
        print("ready", flush=True)
        while all(server.poll() is None for server in servers):
            time.sleep(1)
        sys.exit("sam local has stopped")


@contextlib.contextmanager
def reachable(template, folder, addresses, user_pool):
    """The options for `sam local` that let functions in containers reach these addresses of this machine. They name two
    files in a folder, `sam.yaml` and `sam.json`. A developer can call sam with them too."""
    host = bridge()
    with contextlib.ExitStack() as stack:
        variables = {"TABLE_NAME": "usher", "USER_POOL_ID": user_pool} | EVENTS | settings()
        addresses = dict(addresses)
        name_server = addresses.pop("dns", None)
        if host and name_server:
            # Containers cannot reach it in a virtual machine: a name server has no name.
            port = stack.enter_context(forwarded(host, name_server))
            stack.enter_context(forwarded_datagrams(host, port, name_server))
            variables.setdefault(DNS_RESOLVER, f"{host}:{port}")
        for name, address in addresses.items():
            port = stack.enter_context(forwarded(host, address)) if host else split(address)[1]
            variables[ENDPOINTS[name]] = f"http://{host or 'host.docker.internal'}:{port}"
        files = {"--template": folder / "sam.yaml", "--env-vars": folder / "sam.json"}
        for file in files.values():
            stack.callback(file.unlink, missing_ok=True)
        files["--template"].write_text(yaml.safe_dump(localised(template), sort_keys=False))
        files["--env-vars"].write_text(json.dumps({"Parameters": variables}))
        options = [part for option in files.items() for part in option]
        yield [*options, "--region", REGION, *(["--skip-pull-image"] if os.environ.get("SAM_SKIP_PULL") else [])]


def settings():
    """The settings in the environment of this process. Whoever changes a rule here wants to see it in the next token."""
    return {"TOKEN_CACHE_SECONDS": "0"} | {name: os.environ[name] for name in SETTINGS if name in os.environ}


def localised(template):
    """A built template for this machine: with the variables, the machine's architecture, and folders
    that do not depend on the location of the template file."""
    declared = yaml.safe_load(template.read_text())
    declared["Globals"]["Function"]["Environment"]["Variables"].update(dict.fromkeys(ENDPOINTS.values(), ""))
    machine = "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"
    declared["Parameters"]["Architecture"]["Default"] = machine
    for resource in declared["Resources"].values():
        properties = resource.get("Properties", {})
        for name in {"CodeUri", "ContentUri", "TemplateURL"} & properties.keys():
            properties[name] = str(template.parent / properties[name])
    return declared


def environment():
    """The environment of this process, without variables that could lead to a real account. Without credentials, sam does
    not look up their owner."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
    }


def bridge():
    """The address of this machine on the network of the containers. None if Docker runs in a virtual machine (on macOS and
    Windows), where containers reach loopback by a name."""
    for network in docker.from_env().networks.get("bridge").attrs["IPAM"]["Config"]:
        address = network.get("Gateway") or network["Subnet"].rsplit(".", 1)[0] + ".1"
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((address, 0))
            return address
    return None


@contextlib.contextmanager
def forwarded(host, target):
    """A port of this address that forwards connections to the target."""
    listener = socket.create_server((host, 0))

    def accept():
        while True:
            try:
                incoming, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=relay, args=(incoming, split(target)), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@contextlib.contextmanager
def forwarded_datagrams(host, port, target):
    """The same port for datagrams. Each question gets its answer."""
    incoming = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    incoming.bind((host, port))

    def answer(question, asker):
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing:
            outgoing.settimeout(START_TIMEOUT)
            outgoing.sendto(question, split(target))
            incoming.sendto(outgoing.recv(65536), asker)

    def accept():
        while True:
            try:
                question = incoming.recvfrom(65536)
            except OSError:
                return
            threading.Thread(target=answer, args=question, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        incoming.close()


def relay(incoming, target):
    with incoming, contextlib.suppress(OSError), socket.create_connection(target) as outgoing:
        back = threading.Thread(target=copy, args=(outgoing, incoming), daemon=True)
        back.start()
        copy(incoming, outgoing)
        back.join()


def copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def wait(process, address):
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            return socket.create_connection(split(address), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"nothing listens on {address}")
            time.sleep(0.1)


def end(process):
    """Stops sam like Ctrl-C in a terminal, so that it removes its containers."""
    process.send_signal(signal.SIGINT)
    process.wait()


def split(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    main()
