#!/usr/bin/env python3
"""Deploys the built stack to an AWS emulator, and finds the claims in the tokens of a user of its pool.

    deploy.py .aws-sam/deploy/template.yaml

`make test-deploy` builds the template and calls this. It shows what no test of the functions can: that CloudFormation
makes the stack, that its pool calls the deployed trigger with event version 2, and that the answer reaches both tokens.
The emulator (ministack) runs on loopback and ends with this. Its HTTP API knows no JWT, so organizations are made
through Lambda's own API, with the events that an HTTP API would send.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3

ROOT = Path(__file__).parents[2]
STACK = "usher"
REGION = "eu-central-1"
ADDRESS = "jane@acme.example"
PASSWORD = "Correct-Horse-Battery-9"
PATIENCE = 60  # seconds until the emulator is given up


def main():
    template = Path(sys.argv[1]).resolve()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    # Nothing of the caller's: neither credentials nor settings may lead to a real account.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
    }
    os.environ.clear()
    os.environ.update(environment)

    with tempfile.TemporaryDirectory() as folder:
        own = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            # As on AWS: a trigger that fails is no token, so it cannot pass unnoticed.
            "MINISTACK_COGNITO_PRETOKEN_STRICT": "1",
            "TMPDIR": folder,
        }
        log = Path(folder, "log")
        with log.open("w") as output:
            emulator = subprocess.Popen(
                [ROOT / ".venv-ministack/bin/ministack"],
                cwd=folder,
                env=environment | own,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait(emulator, f"{endpoint}/_ministack/health")
            deploy(template)
            check()
        except BaseException:
            print(f"--- the emulator's last words\n{log.read_text()[-4000:]}", file=sys.stderr)
            raise
        finally:
            emulator.terminate()
            emulator.wait()
    print("The claims are in the ID token and in the access token.")


def wait(emulator, url):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            if emulator.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)


def deploy(template):
    architecture = "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"
    subprocess.run(
        [ROOT / ".venv/bin/sam", "deploy", "--template-file", template, "--stack-name", STACK]
        + ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
        + ["--region", REGION, "--parameter-overrides", f"Architecture={architecture}"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def check():
    stack = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    same("CREATE_COMPLETE", stack["StackStatus"])

    cognito = boto3.client("cognito-idp")
    pool = {"UserPoolId": outputs["UserPoolId"]}
    triggers = cognito.describe_user_pool(**pool)["UserPool"]["LambdaConfig"]
    version_2 = {"LambdaVersion": "V2_0", "LambdaArn": outputs["PreTokenGenerationFunctionArn"]}
    same(version_2, triggers["PreTokenGenerationConfig"])
    same(outputs["PostConfirmationFunctionArn"], triggers["PostConfirmation"])

    role = ask("organization-roles", "POST", "/organization-roles", {"name": "Engineer"})
    ask("organizations", "POST", "/organizations", {"id": "acme", "name": "Acme"})
    jit = "/organizations/acme/jit"
    ask("add-email-domain", "POST", f"{jit}/email-domains", {"emailDomain": "acme.example"}, "acme")
    ask("add-default-roles", "POST", f"{jit}/roles", {"organizationRoleIds": [role["id"]]}, "acme")

    attributes = [{"Name": "email", "Value": ADDRESS}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(**pool, Username=ADDRESS, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**pool, Username=ADDRESS, Password=PASSWORD, Permanent=True)
    # The stack's own client never sends a password; one of the test's own is shorter than SRP.
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(**pool, ClientName="test", ExplicitAuthFlows=flows)
    answer = cognito.admin_initiate_auth(
        **pool,
        ClientId=client["UserPoolClient"]["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ADDRESS, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]

    expected = {"organizations": ["acme"], "organization_roles": ["acme:Engineer"], "organizations_overflow": None}
    for kind in ("IdToken", "AccessToken"):
        claims = claims_of(answer[kind])
        same(expected, {name: claims.get(name) for name in expected})


def ask(function, method, path, body, organization=None):
    """Sends a request to a function as the HTTP API would, and answers the body of its 201."""
    event = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "usher.example", "x-forwarded-proto": "https", "content-type": "application/json"},
        "pathParameters": {"organizationId": organization} if organization else None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "usher.example",
            "domainPrefix": "usher",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "request",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = boto3.client("lambda").invoke(FunctionName=f"{STACK}-{function}", Payload=json.dumps(event))
    answer = json.loads(answer["Payload"].read())
    if answer.get("statusCode") != 201:
        sys.exit(f"{method} {path}: {answer}")
    return json.loads(answer["body"] or "null")


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def same(expected, found):
    if found != expected:
        sys.exit(f"expected {expected}\n   found {found}")


if __name__ == "__main__":
    main()
