"""Clients that are generated from the OpenAPI document make real calls."""

import datetime
import importlib
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import usher

HERE = Path(__file__).parent
TOOLS = Path(sys.executable).parent


def setUpModule():
    address = unittest.enterModuleContext(usher.running())
    os.environ["USHER"] = address


class Python(unittest.TestCase):
    """The client of openapi-python-client."""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        # The generator formats its output with the ruff beside it.
        path = os.pathsep.join([str(TOOLS), os.environ["PATH"]])
        subprocess.run(
            [TOOLS / "openapi-python-client", "generate", "--path", usher.DOCUMENT, "--meta", "none",
             "--output-path", Path(folder, "usher_client"), "--fail-on-warning"],
            env={**os.environ, "PATH": path}, check=True, stdout=subprocess.DEVNULL,
        )
        sys.path.insert(0, folder)
        cls.addClassCleanup(sys.path.remove, folder)

    def test_ten_calls(self):
        client = importlib.import_module("usher_client").AuthenticatedClient(
            os.environ["USHER"], token="a local run takes none", raise_on_unexpected_status=True
        )
        models = importlib.import_module("usher_client.models")

        def call(operation, *arguments, **named):
            module = importlib.import_module(f"usher_client.api.{operation}")
            return module.sync_detailed(*arguments, client=client, **named)

        custom_data = models.CustomData.from_dict({"plan": "gold", "seats": [1, 2]})
        new = models.NewOrganization(id="python", name="Python", custom_data=custom_data)
        created = call("organizations.create_organization", body=new)
        self.assertEqual(created.status_code, 201)
        organization = created.parsed
        self.assertIsInstance(organization, models.Organization)
        self.assertIsInstance(organization.created_at, datetime.datetime)
        self.assertEqual(
            organization,
            models.Organization(
                id="python", name="Python", description=None, custom_data=custom_data,
                created_at=organization.created_at,
            ),
        )

        refused = call("organizations.create_organization", body=models.NewOrganization(name="x" * 129))
        self.assertEqual(refused.status_code, 422)
        self.assertIsInstance(refused.parsed, models.Problem)
        self.assertEqual(
            [(error.pointer, error.code) for error in refused.parsed.errors], [("/name", "name.invalid")]
        )

        role = call("organization_roles.create_organization_role", body=models.NewOrganizationRole(name="Snake"))
        self.assertIsInstance(role.parsed, models.OrganizationRole)
        self.assertEqual((role.status_code, role.parsed.name), (201, "Snake"))

        domain = models.NewEmailDomain(email_domain="PYTHON.example")
        added = call("email_domains.add_email_domain", "python", body=domain)
        self.assertIsInstance(added.parsed, models.EmailDomain)
        self.assertEqual(added.parsed.email_domain, "python.example")

        wanted = models.RoleIds(organization_role_ids=[role.parsed.id])
        replaced = call("default_roles.replace_default_roles", "python", body=wanted)
        self.assertEqual((replaced.status_code, replaced.headers["etag"]), (204, '"2"'))

        late = call("default_roles.replace_default_roles", "python", body=wanted, if_match='"1"')
        self.assertIsInstance(late.parsed, models.Problem)
        self.assertEqual((late.status_code, late.parsed.code), (412, "request.precondition_failed"))

        new = models.NewUser(primary_email="monty@python.example", send_invitation=False)
        user = call("users.create_user", body=new).parsed
        self.assertIsInstance(user, models.CreatedUser)
        self.assertTrue(user.provisioned)
        (joined,) = user.organizations
        self.assertEqual((joined.id, joined.provenance.rule), ("python", models.ProvenanceRule.EMAIL_DOMAIN))

        members = call("members.list_members", "python", page_size=1).parsed
        self.assertEqual(
            [(member.id, member.primary_email, [role.name for role in member.organization_roles])
             for member in members],
            [(user.id, "monty@python.example", ["Snake"])],
        )

        removed = call("members.remove_member", "python", user.id)
        self.assertEqual((removed.status_code, removed.parsed), (204, None))

        person = models.PreviewedDraft(email="monty@python.example")
        preview = call("preview.preview_for_organization", "python", body=person).parsed
        self.assertEqual(
            (preview.decision, preview.reason),
            (models.OrganizationPreviewDecision.REFUSE, "removed_earlier"),
        )


class TypeScript(unittest.TestCase):
    """The types of openapi-typescript, with openapi-fetch. The calls are in client.test.ts."""

    def test_ten_calls(self):
        done = subprocess.run(
            ["npm", "test", "--silent"], cwd=HERE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
