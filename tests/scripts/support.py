"""What the tests of the scripts share: loading a script, an imitation of AWS on loopback, and a caller's environment."""

import contextlib
import functools
import importlib.util
import io
import json
import os
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import botocore.session

ROOT = Path(__file__).parents[2]
# The folder of a script is the first one in which Python looks for what the script imports.
sys.path.insert(0, f"{ROOT / 'infra'}")
# Each run of a script makes a session. They share the models that botocore has read, which takes most of the time.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def load(name):
    """The script of this name in `infra`, as a module."""
    specification = importlib.util.spec_from_file_location(name.replace("-", "_"), ROOT / f"infra/{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Loopback:
    """A server on loopback. `answer` gets method, path, headers and body of a request, and returns status and text."""

    def __init__(self):
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                status, text = aws.answer(self.command, self.path, self.headers, body)
                content = text.encode()
                self.send_response(status)
                # Lambda says the kind of an error in a header.
                if status >= 400 and content.startswith(b"{"):
                    self.send_header("x-amzn-errortype", json.loads(content).get("__type", ""))
                for name, value in aws.headers_of(status, text).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # The interval in seconds at which it looks whether it is to end.
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def headers_of(self, _status, _text):
        """More headers of an answer."""
        return {}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ScriptTest(unittest.TestCase):
    """A test of a script that calls an imitation of AWS, without the caller's own settings."""

    maxDiff = None

    def start(self, aws, **environment):
        self.aws = aws
        self.addCleanup(aws.close)
        own = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": "none",
            "AWS_SHARED_CREDENTIALS_FILE": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": os.environ["PATH"],
        }
        patch = mock.patch.dict(os.environ, own | environment, clear=True)
        patch.start()
        self.addCleanup(patch.stop)


def run(script, *arguments, answers=()):
    """How a script ends, and what it prints to standard output and standard error. It gets these answers to its questions."""
    output, errors, left = io.StringIO(), io.StringIO(), list(answers)

    def answer(question):
        print(question)
        if not left:
            raise EOFError
        return left.pop(0)

    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        mock.patch("builtins.input", answer),
    ):
        try:
            ended = script.main(arguments)
        except SystemExit as exit:
            ended = exit.code
    assert not left, f"nobody asked for {left}"
    return ended, output.getvalue(), errors.getvalue()
