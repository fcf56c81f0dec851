#!/usr/bin/env python3
"""Measures functions: the time to start, the time of the first and of later events, memory and size.

    bench.py target/release

The script imitates two services on loopback: the Lambda Runtime API, which sends events to the
function, and a DynamoDB that gives the same answer at once, without TLS. So it measures only the
function's own work. On AWS, add the processor share of the memory size, TLS, and the network. The
functions are compared with `idle` (shared/examples/idle.rs), which has a client of the SDK and does
nothing.

    start    exec to the first request for an event, the median of 50; the warm-up call included
    call     exec to the arrival of that warm-up call, the median of 50: the start without warm-up
             takes hardly longer
    first    the first event to its answer, the median of 50
    warm     the median of events 101 to 1,000
    memory   resident after 1,000 events

The script prints figures and does not judge them. They depend on the machine; the comparison depends
on it less.
"""

import argparse
import json
import os
import statistics
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STARTS = 50
EVENTS = 1_000
PATIENCE = 30  # seconds to wait for a function that does not answer

MOMENT = {"S": "2026-01-01T00:00:00.000Z"}
DOMAINS = {
    "pk": {"S": "ORG#acme"},
    "sk": {"S": "EMAIL_DOMAINS"},
    "domains": {"M": {"acme.com": {"M": {"addedAt": MOMENT}}}},
    "version": {"N": "1"},
}
ORGANIZATION = {
    "pk": {"S": "ORG#acme"},
    "sk": {"S": "ORG"},
    "jitRoles": {"M": {"ids": {"L": []}, "version": {"N": "1"}}},
}
ENTRY = {"pk": {"S": "DOMAIN#acme.com"}, "sk": {"S": "ORG#acme"}, "addedAt": MOMENT}

REQUEST = {
    "version": "2.0",
    "routeKey": "GET /organizations/{organizationId}/jit/email-domains",
    "rawPath": "/organizations/acme/jit/email-domains",
    "rawQueryString": "",
    "headers": {"host": "usher.example", "x-forwarded-proto": "https"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "api",
        "http": {
            "method": "GET",
            "path": "/organizations/acme/jit/email-domains",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "bench",
        },
        "requestId": "request",
        "stage": "$default",
        "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 1767225600000,
    },
    "isBase64Encoded": False,
}
SIGN_UP = {
    "version": "1",
    "triggerSource": "PostConfirmation_ConfirmSignUp",
    "region": "eu-central-1",
    "userPoolId": "eu-central-1_EXAMPLE",
    "userName": "user-1",
    "request": {
        "userAttributes": {"sub": "user-1", "email": "jane@acme.com", "email_verified": "true"}
    },
    "response": {},
}

# The measured functions, each with the event that it gets.
FUNCTIONS = [("examples/idle", REQUEST), ("list-email-domains", REQUEST), ("post-confirmation", SIGN_UP)]


class Handler(BaseHTTPRequestHandler):
    """A keep-alive connection that sends each answer in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, status, body, headers=()):
        lines = [f"HTTP/1.1 {status} .", f"content-length: {len(body)}", *headers, "", ""]
        self.wfile.write("\r\n".join(lines).encode() + body)

    def log_message(self, *_):
        pass


class Run:
    """One run of a function, with the times of what happened."""

    def __init__(self, events):
        self.events = events
        self.sent = []
        self.answered = []
        self.called = None
        self.ready = None
        self.trouble = None
        self.done = threading.Event()

    def next_event(self):
        if self.ready is None:
            self.ready = time.perf_counter()
        if len(self.sent) == self.events:
            self.done.set()
            return False
        self.sent.append(time.perf_counter())
        return True

    def fail(self, trouble):
        self.trouble = trouble
        self.done.set()

    def durations(self):
        return [end - start for start, end in zip(self.sent, self.answered, strict=True)]


class RuntimeApi(Handler):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    def do_GET(self):
        if not self.server.run.next_event():
            self.server.stopped.wait()
            return
        deadline = int((time.time() + 10) * 1000)
        self.answer(
            200,
            self.server.event,
            [
                f"lambda-runtime-aws-request-id: {len(self.server.run.sent)}",
                f"lambda-runtime-deadline-ms: {deadline}",
                "lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:bench",
                "content-type: application/json",
            ],
        )

    def do_POST(self):
        body = self.body()
        self.server.run.answered.append(time.perf_counter())
        answer = json.loads(body)
        if not self.path.endswith("/response") or answer.get("statusCode", 200) != 200:
            self.server.run.fail(f"{self.path}: {body.decode()}")
        self.answer(202, b"{}")


class DynamoDb(Handler):
    """Answers as if one organization listed one domain, and the user were new."""

    def do_POST(self):
        run = self.server.api.run
        run.called = run.called or time.perf_counter()
        request = json.loads(self.body())
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        if operation == "Query":
            partition = request["ExpressionAttributeValues"][":pk"]["S"]
            items = [ENTRY] if partition.startswith("DOMAIN#") else []
            answer = {"Items": items, "Count": len(items)}
        elif operation == "TransactGetItems":
            answer = {"Responses": [{"Item": ENTRY}, {"Item": ORGANIZATION}]}
        elif operation == "GetItem" and request["Key"]["pk"]["S"].startswith("ORG#"):
            answer = {"Item": DOMAINS}
        else:
            answer = {}
        self.answer(200, json.dumps(answer).encode(), ["content-type: application/x-amz-json-1.0"])


class Bench:
    """Both services, and the runs of functions that use them."""

    def __init__(self):
        self.api = self.serve(RuntimeApi)
        self.table = self.serve(DynamoDb)
        self.table.api = self.api

    @staticmethod
    def serve(handler):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def live(self, binary, event, events):
        """Runs a function for some events. Returns the run, its start time, and the memory of the function."""
        run = self.api.run = Run(events)
        self.api.event = json.dumps(event).encode()
        self.api.stopped = threading.Event()
        environment = {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:%d" % self.table.server_address[1],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_NAME": binary.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.api.server_address[1],
            "AWS_REGION": "eu-central-1",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "TABLE_NAME": "bench",
        }
        began = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
        try:
            if not run.done.wait(PATIENCE) or run.trouble:
                raise SystemExit(f"{binary} failed: {run.trouble or 'it says nothing'}")
            memory = resident(process.pid)
        finally:
            process.kill()
            process.wait()
            self.api.stopped.set()
        return run, began, memory


def resident(pid):
    """The resident memory of a process in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("Linux says how much memory a process has; this is none")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("binaries", type=Path, help="where Cargo has put the release build")
    folder = parser.parse_args().binaries.resolve()

    bench = Bench()
    figures = {name: {"start": [], "call": [], "first": []} for name, _ in FUNCTIONS}
    # In turns, so that other load on the machine affects all functions alike.
    for _ in range(STARTS):
        for name, event in FUNCTIONS:
            run, began, _ = bench.live(folder / name, event, 1)
            figures[name]["start"].append(run.ready - began)
            figures[name]["call"].append((run.called or run.ready) - began)
            figures[name]["first"].append(run.durations()[0])

    print(f"{'':20} {'start':>8} {'call':>8} {'first':>8} {'warm':>8} {'memory':>9} {'size':>9}")
    base = None
    for name, event in FUNCTIONS:
        run, _, memory = bench.live(folder / name, event, EVENTS)
        medians = {key: statistics.median(values) * 1000 for key, values in figures[name].items()}
        warm = statistics.median(run.durations()[100:]) * 1000
        base = base or medians["start"]
        size = os.stat(folder / name).st_size
        print(
            f"{Path(name).name:20}"
            f" {medians['start']:6.1f}ms {medians['call']:6.1f}ms {medians['first']:6.2f}ms"
            f" {warm:6.2f}ms {memory / 1e6:7.1f}MB {size / 1e6:7.1f}MB"
            f"   start {medians['start'] / base:.2f}x and call {medians['call'] / base:.2f}x idle, first {medians['first'] / warm:.2f}x warm"
        )


if __name__ == "__main__":
    main()
