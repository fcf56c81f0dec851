"""A check for Schemathesis, beside its own: Usher accepts every request that the document allows, apart
from what a schema cannot say. Schemathesis's own check for this knows only statuses."""

import jsonschema_rs
import schemathesis
from schemathesis.core.failures import Failure

# The request is well-formed, and the data or the user pool stand against it.
OF_THE_STATE = {
    "default_roles.limit_reached",
    "email_domain.already_listed",
    "email_domain.already_proven",
    "email_domain.public_subdomains",
    "email_domain.subdomains_too_deep",
    "email_domain.too_many_claims",
    "email_domain.too_many_organizations",
    "email_domains.limit_reached",
    "join_request.already_member",
    "join_request.declined",
    "membership.not_a_member",
    "member_roles.limit_reached",
    "organization.id_in_use",
    "organization_role.name_in_use",
    "organization_role.unknown",
    "organization_roles.limit_reached",
    "request.precondition_failed",
    "sso_connector.public_provider",
    "sso_connector.too_many_organizations",
    "sso_connector.unknown",
    "sso_connector.unreachable_name",
    "sso_connectors.limit_reached",
    "user.exists",
    "user.refused",
    "user.unknown",
}

# A rule that no schema can state.
BEYOND_A_SCHEMA = {
    # Host names in any script, the public suffix list, the public mailbox providers.
    "email_domain.empty",
    "email_domain.ignored_characters",
    "email_domain.invalid",
    "email_domain.ip_address",
    "email_domain.public_mailbox",
    "email_domain.public_suffix",
    "email_domain.single_label",
    "email_domain.too_long",
    "email_address.domain",
    "email_address.ambiguous_domain",
    "email_address.invalid",
    "email_address.quoted_local_part",
    # Such an address, in a query string.
    "request.invalid_filter",
    # A user pool takes addresses as user names, or does not.
    "username.email_address",
    # Characters that cannot be seen, and the length of a composed text.
    "name.invalid",
    "description.invalid",
    # Limits for the text of the JSON, and what parsers read differently.
    "custom_data.lone_surrogate",
    "custom_data.number_too_large",
    "custom_data.repeated_name",
    "custom_data.too_deep",
    "custom_data.too_large",
    # A cursor comes from an earlier answer.
    "request.invalid_cursor",
}


class Refused(Failure):
    """A request that the document allows was refused."""


@schemathesis.check
def accepts_what_the_document_allows(context, response, case):
    """Fails for a refusal of a request that the document allows."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if not 400 <= response.status_code < 500 or response.status_code == 404:
        return
    if not keeps_to_its_headers(case):
        return
    problem = response.json()
    codes = {error["code"] for error in problem.get("errors", [problem])}
    unexpected = codes - OF_THE_STATE - BEYOND_A_SCHEMA
    if unexpected:
        raise Refused(
            operation=case.operation.label,
            title="Refused although the document allows it",
            message=f"{response.status_code}: {', '.join(sorted(unexpected))}: {problem['detail']}",
        )


def keeps_to_its_headers(case):
    """Whether the headers are of their schemas. Schemathesis fills long ones without regard to the pattern."""
    schemas = {parameter["name"]: parameter["schema"] for parameter in case.operation.definition.raw.get("parameters", [])
               if parameter["in"] == "header"}
    return all(
        jsonschema_rs.is_valid(schema, case.headers[name])
        for name, schema in schemas.items()
        if name in (case.headers or {})
    )
