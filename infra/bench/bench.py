#!/usr/bin/env python3
"""Measures Usher: one table of all figures, and the same as JSON. `make bench` builds what it needs.

    bench.py [--only start,warm,http,growth,size] [--json target/bench.json] target/release

start    exec to the first request for an event, of every function, beside programs that do nothing: with
         `lambda_runtime`, with `lambda_http`, and with a client of the SDK that is never used (shared/examples). Then
         the first event and the median of the next ten, with and without the warm-up (functions/examples), at a whole
         core and at 0.15 core, which is what 256 MB get. DynamoDB answers at once, behind TLS on loopback. Its
         certificate is not from a root of Amazon, which functions trust first, so a start has one handshake more than on
         AWS.
warm     processor time of an event without the database's share
http     requests per second and their times, against the release build of `usher-local`, with its embedded database
growth   calls and units of sign-ups and tokens, and their time with the embedded database, by the size of the table
size     bytes of program and zip, and what is resident after 1, 1,000 and 100,000 events

The programs are measured in turns, so that other load on the machine affects all of them alike. A median stands between
the quartiles. Figures depend on the machine, and comparisons in the same run depend on it less. The script judges none.
It listens on loopback only.
"""

import argparse
import datetime
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

SECTIONS = ["start", "warm", "http", "growth", "size"]
STARTS = 50
LATER = 10
CORE = 0.15
CONNECTIONS = [1, 16, 64]
RESIDENT_AFTER = [1, 1_000, 100_000]
PATIENCE = 60  # seconds to wait for a program that says nothing
USER_POOL = "eu-central-1_EXAMPLE"

EMPTY = {
    "empty lambda_runtime": "examples/empty_runtime",
    "empty lambda_http": "examples/empty_http",
    "idle SDK client": "examples/idle",
}
# The events whose first and later answers are measured, and the program without the warm-up for some of them.
MEASURED = ["list", "add", "sign-up, 1 match", "token, 1 organization"]
WITHOUT_WARM_UP = ["list", "token, 1 organization"]
# The events after which memory is measured.
LIVED = ["list", "token, 1 organization"]


def percentile(values, share):
    """The value below which this share of the values lies, between two of them if need be."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values):
    return percentile(values, 0.5)


def spread(values):
    """The median between the quartiles."""
    return {"median": median(values), "from": percentile(values, 0.25), "to": percentile(values, 0.75)}


def in_columns(rows):
    """The rows in aligned columns, under the names of their members. Numbers are on the right."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[shown(row.get(name)) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    is_text = [any(isinstance(row.get(name), str) for row in rows) for name in names]

    def line(texts):
        parts = zip(texts, widths, is_text, strict=True)
        return "  ".join(text.ljust(width) if left else text.rjust(width) for text, width, left in parts).rstrip()

    return "\n".join([line(names), *map(line, cells)])


def shown(value):
    """A value in the table: three digits that matter."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else value
    digits = next((digits for digits, least in [(0, 100), (1, 10), (2, 1)] if value >= least), 3)
    return f"{value:,.{digits}f}"


class RuntimeApi:
    """The Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), for one process at a
    time. It notes when what happened."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def begin(self, event, events, watch=None):
        """The next process gets so many events. `watch` is called with the number of answers, before the next event."""
        self.event = json.dumps(event).encode()
        self.events, self.watch = events, watch
        self.ready, self.sent, self.answered, self.trouble = None, [], [], None
        self.done = threading.Event()

    def durations(self):
        return [end - start for start, end in zip(self.sent, self.answered)]

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as requests:
            try:
                while line := requests.readline():
                    self.answer(connection, line, body(requests))
            except OSError:
                pass  # The process has ended.

    def answer(self, connection, line, content):
        now = time.perf_counter()
        if line.startswith(b"GET"):
            self.ready = self.ready or now
            if self.watch:
                self.watch(len(self.answered))
            if len(self.sent) == self.events:
                self.done.set()
                return  # There is no next event, so there is no answer.
            head = (
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                f"content-length: {len(self.event)}\r\n"
                f"lambda-runtime-aws-request-id: {len(self.sent)}\r\n"
                f"lambda-runtime-deadline-ms: {int((time.time() + 10) * 1000)}\r\n"
                "lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:bench\r\n\r\n"
            )
            self.sent.append(time.perf_counter())
            connection.sendall(head.encode() + self.event)
            return
        self.answered.append(now)
        if b"/response " not in line or (b'"statusCode":' in content and b'"statusCode":20' not in content):
            self.trouble = f"{line.decode()} {content.decode()}"
            self.done.set()
        connection.sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}")


def body(requests):
    """The rest of a request, whose first line was read."""
    length = 0
    is_chunked = False
    while (line := requests.readline().lower().strip()):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        is_chunked = is_chunked or (name == b"transfer-encoding" and b"chunked" in value)
    if not is_chunked:
        return requests.read(length)
    chunks = []
    while size := int(requests.readline(), 16):
        chunks.append(requests.read(size))
        requests.readline()
    requests.readline()
    return b"".join(chunks)


@contextmanager
def core_share():
    """A control group of Linux whose processes together get that share of a core; `None` where there are none."""
    groups = Path("/sys/fs/cgroup")
    name = f"usher-bench-{os.getpid()}"
    quota, period = str(int(CORE * 20_000)), "20000"
    found = None
    for group, limits in [
        (groups / "cpu" / name, [("cpu.cfs_period_us", period), ("cpu.cfs_quota_us", quota)]),
        (groups / name, [("cpu.max", f"{quota} {period}")]),
    ]:
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for file, limit in limits:
                (group / file).write_text(limit)
            found = group
            break
        except OSError:
            group.rmdir()
    try:
        yield found
    finally:
        if found:
            found.rmdir()


class Functions:
    """Runs functions, with all that they call."""

    def __init__(self, folder, services):
        self.folder, self.services, self.api = folder, services, RuntimeApi()

    def variables(self, name):
        """What Lambda and the template set. Functions trust the certificate of the services, after Amazon's. Programs
        that connect to nothing trust what the system trusts, as on Lambda."""
        cognito = f"http://{self.services['cognito']}"
        return {
            "_HANDLER": name,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_ENDPOINT_URL": cognito,
            "AWS_ENDPOINT_URL_DYNAMODB": f"https://{self.services['tls']}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_REGION": "eu-central-1",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "DEAD_LETTER_QUEUE_URL": cognito,
            "EVENT_BUS_NAME": "bench",
            "STACK_NAME": "bench",
            "TABLE_NAME": "usher",
            "USER_POOL_ID": USER_POOL,
        } | ({} if name in EMPTY else {"SSL_CERT_FILE": str(self.services["trust store"])})

    def live(self, program, name, event, events, group=None, watch=None):
        """Runs a function for so many events. Answers the time until it asked for the first one."""
        process = None
        self.api.begin(event, events, watch and (lambda answers: watch(process, answers)))
        began = time.perf_counter()
        process = subprocess.Popen([self.folder / program], env=self.variables(name), stdout=subprocess.DEVNULL)
        try:
            if group:
                (group / "cgroup.procs").write_text(str(process.pid))
            if not self.api.done.wait(PATIENCE + events / 100) or self.api.trouble:
                raise SystemExit(f"{program} ({name}) failed: {self.api.trouble or 'it says nothing'}")
            return self.api.ready - began
        finally:
            process.kill()
            process.wait()


def resident(pid):
    """The resident memory of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("Linux says how much memory a process has; this is none")


def processor_time(pid):
    """The processor time that a process has had, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def services(folder, scratch):
    """DynamoDB with recorded answers, Cognito, and an HTTP server that answers at once."""
    trust_store = scratch / "trusted.pem"
    process = subprocess.Popen(
        [folder / "bench", "serve", "--trust-store", trust_store], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        started = json.loads(process.stdout.readline())
        yield started | {"trust store": trust_store}
    finally:
        process.stdin.close()
        process.wait()


def starts(functions, count):
    """Exec to the first request for an event, of every function."""
    events = functions.services["events"]
    anything = events[0]["event"]
    programs = [(name, program, name) for name, program in EMPTY.items()]
    programs += [(name, "usher", name) for name in functions.services["functions"]]
    times = {label: [] for label, _, _ in programs}
    for _ in range(count):
        for label, program, name in programs:
            times[label].append(functions.live(program, name, anything, 0) * 1e3)
    bases = {label: median(times[label]) for label in EMPTY}
    for label, _, _ in programs:
        row = {"start, whole core, ms": label} | spread(times[label])
        yield row | {f"x {name}": row["median"] / base for name, base in bases.items()}


def first_events(functions, count):
    """The first event and later ones, at a whole core and at a share of it."""
    events = {event["name"]: event for event in functions.services["events"]}
    programs = [(name, program, events["list"] | {"function": name}) for name, program in EMPTY.items()]
    programs += [(name, "usher", events[name]) for name in MEASURED]
    programs += [(f"{name}, no warm-up", "examples/without_warm_up", events[name]) for name in WITHOUT_WARM_UP]
    with core_share() as share:
        if not share:
            print(f"There are no control groups, so nothing is measured at {CORE} core.", file=sys.stderr)
        cores = [("1", None)] + ([(str(CORE), share)] if share else [])
        times = {(label, core): [] for core, _ in cores for label, _, _ in programs}
        for _ in range(count):
            for core, group in cores:
                for label, program, event in programs:
                    ready = functions.live(program, event["function"], event["event"], 1 + LATER, group)
                    durations = functions.api.durations()
                    times[label, core].append((ready * 1e3, durations[0] * 1e3, median(durations[1:]) * 1e3))
    for core, _ in cores:
        base = median([start + first for start, first, _ in times["idle SDK client", core]])
        for label, _, _ in programs:
            start, first, later = zip(*times[label, core], strict=True)
            both = [a + b for a, b in zip(start, first, strict=True)]
            row = {"event behind TLS, ms": label, "core": core}
            row |= {"start": median(start), "first": median(first), "later": median(later)}
            row["first from"], row["first to"] = percentile(first, 0.25), percentile(first, 0.75)
            row["start + first"] = median(both)
            row["x idle"] = row["start + first"] / base
            yield row


def lines(command):
    """What a program prints: a figure on each line."""
    process = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in process.stdout.splitlines()]


def warm(folder):
    """Processor time of an event, without the database's share."""
    measured = lines([folder / "bench", "warm"])
    call = median(next(it for it in measured if it["name"] == "one GetItem of the SDK")["microseconds"])
    for figure in measured:
        row = {"processor time, us": figure["name"], "TokenCacheSeconds": figure["tokenCacheSeconds"]}
        row |= {"calls": figure["calls"]} | spread(figure["microseconds"])
        yield row | {"x one GetItem": row["median"] / call}


@contextmanager
def usher_local(folder, cognito, token_cache_seconds):
    """A server without data, and its addresses."""
    command = [folder / "usher-local", "--cognito", f"http://{cognito}", "--user-pool", USER_POOL]
    command += [part for name in ("http", "dynamodb", "lambda") for part in (f"--{name}", "127.0.0.1:0")]
    environment = os.environ | {"TOKEN_CACHE_SECONDS": str(token_cache_seconds)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        ready = process.stdout.readline().decode().split()
        if not ready:
            raise SystemExit("usher-local does not start")
        yield process.pid, dict(part.split("=") for part in ready[1:])
    finally:
        process.terminate()
        process.wait()


def ask(address, method, path, content):
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    connection.request(method, path, json.dumps(content), {"content-type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    if response.status >= 300:
        raise SystemExit(f"{method} {path}: {text.decode()}")
    connection.close()


def loads(folder, services):
    """Requests per second and their times, at different numbers of connections."""
    bases = {}
    for connections in CONNECTIONS:
        figure = load(folder, services["empty"], "empty", connections)
        bases[connections] = figure["per second"]
        yield {"requests": "an HTTP server that answers at once"} | figure
    for cache, kinds in [(0, ["list", "add-delete", "users", "sign-up", "token"]), (5, ["token"])]:
        for kind in kinds:
            # A new table for each, so that what one has written does not slow the next one.
            with usher_local(folder, services["cognito"], cache) as (pid, addresses):
                for organization in ["acme", *(f"load-{number}" for number in range(max(CONNECTIONS)))]:
                    ask(addresses["http"], "POST", "/organizations", {"id": organization, "name": organization})
                domains = "/organizations/acme/jit/email-domains"
                ask(addresses["http"], "POST", domains, {"emailDomain": "acme.example"})
                address = addresses["lambda" if kind in ("sign-up", "token") else "http"]
                if kind == "token":
                    load(folder, address, kind, max(CONNECTIONS), 1)  # The users join.
                for connections in CONNECTIONS:
                    before = processor_time(pid)
                    figure = load(folder, address, kind, connections)
                    taken = processor_time(pid) - before
                    name = f"{kind}, TokenCacheSeconds {cache}" if kind == "token" else kind
                    row = {"requests": name} | figure
                    row["x at once"] = figure["per second"] / bases[connections]
                    yield row | {"server us": taken * 1e6 / figure["count"]}


def load(folder, address, kind, connections, seconds=3):
    command = [folder / "bench", "load", "--address", address, "--requests", kind]
    (figure,) = lines([*command, "--connections", str(connections), "--seconds", str(seconds)])
    times = [microseconds / 1e3 for microseconds in figure["microseconds"]]
    return {
        "connections": connections,
        "count": len(times),
        "per second": len(times) / figure["seconds"],
        "p50 ms": percentile(times, 0.5),
        "p90 ms": percentile(times, 0.9),
        "p99 ms": percentile(times, 0.99),
        "client us": figure["clientSeconds"] * 1e6 / len(times),
    }


def growth(folder, organizations):
    """Calls, units and time of sign-ups and tokens, by the size of what is in the table."""
    bases = {}
    for figure in lines([folder / "bench", "growth", "--organizations", str(organizations)]):
        row = {"growth": f"{figure['event']}: {figure['name']}", "size": figure["size"]}
        row |= {"calls": median(figure["calls"]), "units": median(figure["units"])}
        row |= {"ms": median(figure["milliseconds"])}
        base = bases.setdefault(row["growth"], row)
        yield row | {"units x smallest": row["units"] / base["units"], "ms x smallest": row["ms"] / base["ms"]}


def sizes(folder, scratch):
    """The bytes of the programs and of their zips."""
    base = (folder / EMPTY["idle SDK client"]).stat().st_size
    for label, program in [*EMPTY.items(), ("usher, all functions", "usher")]:
        zipped = scratch / "function.zip"
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(folder / program, "bootstrap")
        size = (folder / program).stat().st_size
        yield {"size, MB": label, "program": size / 1e6, "zip": zipped.stat().st_size / 1e6, "x idle": size / base}


def lives(functions, events):
    """The resident memory of a process after so many events, and its processor time for one of them."""
    after = [count for count in RESIDENT_AFTER if count <= events]
    named = {event["name"]: event for event in functions.services["events"]}
    programs = [("idle SDK client", EMPTY["idle SDK client"], named["list"])]
    programs += [(name, "usher", named[name]) for name in LIVED]
    for label, program, event in programs:
        memory, times = {}, {}

        def watch(process, answers, memory=memory, times=times):
            if answers in after:
                memory[answers], times[answers] = resident(process.pid), processor_time(process.pid)

        functions.live(program, event["function"], event["event"], after[-1], watch=watch)
        row = {"resident, MB": label} | {f"after {count:,}": memory[count] / 1e6 for count in after}
        row["last x first"] = memory[after[-1]] / memory[after[0]]
        each = (times[after[-1]] - times[after[0]]) / max(after[-1] - after[0], 1)
        yield row | {"processor us an event, with TLS": each * 1e6}


def conditions():
    """Where and when this runs."""
    revision = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    models = [line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "revision": revision.stdout.strip() or None,
        "machine": f"{platform.machine()} {models[0] if models else ''}".strip(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def cpu_lines():
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def chosen(text):
    names = text.split(",")
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no section {unknown[0]}: take some of {','.join(SECTIONS)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=chosen, default=SECTIONS, help="some sections, with commas between them")
    parser.add_argument("--json", type=Path, help="where to write the same figures")
    parser.add_argument("--starts", type=int, default=STARTS, help="how often each program is started")
    parser.add_argument("--events", type=int, default=RESIDENT_AFTER[-1], help="the most events of one process")
    parser.add_argument("--organizations", type=int, default=100_000, help="the most organizations in the table")
    parser.add_argument("folder", type=Path, help="where Cargo has put the release build")
    arguments = parser.parse_args()
    folder, count = arguments.folder.resolve(), arguments.starts

    figures = {"conditions": conditions()}
    print("  ".join(f"{name}: {value}" for name, value in figures["conditions"].items()), flush=True)

    def section(name, *tables):
        if name not in arguments.only:
            return
        began = time.perf_counter()
        for measure in tables:
            rows = list(measure())
            figures.setdefault(name, []).extend(rows)
            print(f"\n{in_columns(rows)}", flush=True)
        print(f"({name}: {time.perf_counter() - began:.0f} s)", flush=True)

    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = stack.enter_context(services(folder, scratch))
        functions = Functions(folder, running)
        section("start", lambda: starts(functions, count), lambda: first_events(functions, count))
        section("warm", lambda: warm(folder))
        section("http", lambda: loads(folder, running))
        section("growth", lambda: growth(folder, arguments.organizations))
        section("size", lambda: sizes(folder, scratch), lambda: lives(functions, arguments.events))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"\nThe same figures are in {arguments.json}.")


if __name__ == "__main__":
    main()
