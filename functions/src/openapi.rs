//! The OpenAPI document: the handlers' annotations, completed with everything that follows from
//! path, parameters and body.

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::jit::RuleList;
use shared::domain::organization::OrganizationRole;
use shared::http::problem::ProblemBody;
use shared::http::{LARGEST_BODY, Route};
use utoipa::OpenApi;

use crate::{Entry, FUNCTIONS, Function, schemas};

/// The scope for reading.
pub(crate) const READ: &str = "usher/read";
/// The scope for everything else.
pub(crate) const WRITE: &str = "usher/write";

#[derive(OpenApi)]
#[openapi(
    info(title = "Usher Management API", description = include_str!("openapi.md")),
    components(schemas(
        ProblemBody,
        schemas::OrganizationId,
        schemas::OrganizationRoleId,
        schemas::UserId,
        schemas::SsoConnectorId,
        schemas::EmailDomainInput,
        schemas::RoleClaim,
    )),
    servers(
        (url = "/", description = "The API from which this document comes."),
        (url = "http://127.0.0.1:3000", description = "`make run` on your machine."),
    ),
    tags(
        (name = "Organizations", description = "Customers of the product that uses Usher."),
        (name = "Email domains", description = "People with a verified address in one of these domains become members."),
        (name = "SSO connectors", description = "Users who sign in through one of these identity providers of the user pool become members."),
        (name = "Default roles", description = "Roles that these members start with."),
        (name = "Preview", description = "Shows who would be admitted. Nothing is written."),
        (name = "Organization roles", description = "Roles that members can hold in any organization."),
        (name = "Members", description = "Users who belong to an organization, with their roles."),
        (name = "Join requests", description = "Users who have asked to become members, because a rule lets them ask."),
        (name = "Activity", description = "What has happened, to whom, why, and who did it."),
        (name = "Console", description = "The web page for operators, and this document. These need no token."),
        (name = "Users", description = "Users of the user pool. A user id is Cognito's `sub`."),
    ),
)]
struct Common;

/// The extension that marks an operation which is not for clients of the API: the console's pages.
const INTERNAL: &str = "x-internal";

/// The document (OpenAPI 3.1), for clients of the API.
///
/// # Panics
/// Never: annotations are JSON.
#[must_use]
pub fn document() -> Value {
    let mut document = with_internal_operations();
    let paths = document["paths"].as_object_mut().expect("paths");
    for operations in paths.values_mut() {
        let operations = operations.as_object_mut().expect("operations");
        operations.retain(|_, operation| operation[INTERNAL] != true);
    }
    paths.retain(|_, operations| operations != &json!({}));
    document
}

/// The document of all routes, with those that are not for clients.
///
/// # Panics
/// Never: annotations are JSON.
#[must_use]
pub fn with_internal_operations() -> Value {
    let document = FUNCTIONS
        .iter()
        .filter_map(|function| match function.entry {
            Entry::Http(http) => Some((http.annotations)()),
            Entry::Trigger(_) | Entry::Schedule(_) | Entry::Stream(_) => None,
        })
        .fold(Common::openapi(), utoipa::openapi::OpenApi::merge_from);
    let mut document = serde_json::to_value(document).expect("annotations are JSON");
    document["components"]["securitySchemes"] = json!({ "operators": operators() });
    let annotated = document["paths"].take();
    for route in FUNCTIONS.iter().flat_map(Function::routes) {
        let method = route.method.as_str().to_lowercase();
        let mut operation = annotated[&route.path][&method].clone();
        complete(&route, &mut operation);
        document["paths"][route.openapi_path()][method] = operation;
    }
    document
}

/// The endpoints where operators and programs get tokens. The host differs between stacks.
fn operators() -> Value {
    let scopes = json!({
        READ: "Read organizations, roles, JIT configuration and memberships",
        WRITE: "Change them. The caller vouches for the owners of email domains",
    });
    json!({
        "type": "oauth2",
        "description": "Tokens of the operators' user pool. The addresses are below the stack's output \
                        `OperatorDomain`. A local run takes no token.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/oauth2/authorize",
                "tokenUrl": "/oauth2/token",
                "scopes": scopes,
            },
            "clientCredentials": { "tokenUrl": "/oauth2/token", "scopes": scopes },
        },
    })
}

/// Adds everything to an operation that its path, its parameters and its body imply.
fn complete(route: &Route, operation: &mut Value) {
    let public = operation["security"] == json!([{}]);
    if public {
        operation["security"] = json!([]);
    } else if operation["security"].is_null() {
        let scope = if route.method == Method::GET { READ } else { WRITE };
        operation["security"] = json!([{ "operators": [scope] }]);
    }
    let named = parameters_of(&route.openapi_path());
    let (has_path, has_body) = (!named.is_empty(), operation["requestBody"].is_object());
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let has = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
    let (conditional, pages, cursor) = (has("If-Match"), has("page"), has("cursor"));
    let takes_any_query = parameters.iter().any(|parameter| parameter["explode"] == true);
    let page_size = parameters.iter().find(|parameter| parameter["name"] == "page_size");
    let largest_page = page_size.map(|parameter| parameter["schema"]["maximum"].clone());
    let parameters: Vec<_> = named.into_iter().chain(parameters).collect();

    let mut implied = vec![414, 500];
    if !public {
        implied.push(503);
    }
    // Every other operation refuses unknown parameters of the query string.
    if !takes_any_query || has_path {
        implied.push(400);
    }
    if has_path {
        implied.push(404);
    }
    if conditional {
        implied.push(412);
    }
    if has_body {
        implied.extend([413, 415]);
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    let responses = operation["responses"].as_object_mut().expect("an operation's responses");
    for status in implied {
        responses.entry(status.to_string()).or_insert_with(|| json!({}));
    }
    for (status, response) in responses {
        match status.as_bytes() {
            [b'2', ..] => succeed(response, pages, cursor, largest_page.as_ref()),
            [b'4' | b'5', ..] if response["content"].is_null() => fail(status, response),
            _ => {}
        }
    }
}

/// The parameters in a path template.
fn parameters_of(path: &str) -> Vec<Value> {
    let segments = path.split('/').filter_map(|segment| segment.strip_prefix('{'));
    let names = segments.filter_map(|segment| segment.strip_suffix('}'));
    let of = |schema| json!({ "$ref": format!("#/components/schemas/{schema}") });
    names
        .map(|name| {
            let (schema, description, example) = match name {
                "organizationId" => (of("OrganizationId"), "The organization's id.", "acme"),
                "organizationRoleId" => {
                    let example = "role_01a2035319ad77f3b8960be2f54cdc4c";
                    (of("OrganizationRoleId"), "The role's id.", example)
                }
                "userId" => {
                    (of("UserId"), "The user's `sub`.", "5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11")
                }
                "emailDomain" => {
                    (of("EmailDomainInput"), "The domain. Case does not matter.", "acme.example")
                }
                "ssoConnectorId" => {
                    let description = "The name of the identity provider. Case matters.";
                    (of("SsoConnectorId"), description, "Acme-Okta")
                }
                "path" => {
                    let description = "The path of the file. It may have slashes.";
                    (json!({ "type": "string" }), description, "assets/index.js")
                }
                other => unreachable!("describe the parameter {other} of {path} here"),
            };
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "description": description,
                "example": example,
                "schema": schema,
            })
        })
        .collect()
}

/// The form of a `Link` header: targets with relations, separated by commas.
const LINK: &str = r#"^<[^<>]+>; rel="[a-z]+"(, <[^<>]+>; rel="[a-z]+")*$"#;

/// The headers of a success, and the length of its list. With pages, a list may be sent whole.
fn succeed(response: &mut Value, pages: bool, cursor: bool, largest_page: Option<&Value>) {
    if let Some(largest_page) = largest_page {
        let whole_list = || RuleList::MOST_EMAIL_DOMAINS.max(OrganizationRole::MOST).into();
        response["content"]["application/json"]["schema"]["maxItems"] =
            if pages { whole_list() } else { largest_page.clone() };
    }
    let mut headers = response["headers"].as_object().cloned().unwrap_or_default();
    if let Some(header) = headers.get_mut("ETag").filter(|it| it["description"].is_null()) {
        *header = etag();
    }
    if pages {
        let description = "The number of entries on all pages. Only if a page is asked for.";
        let total = json!({
            "description": description,
            "schema": { "type": "integer", "format": "int32", "minimum": 0 },
        });
        headers.insert("Total-Number".to_owned(), total);
    }
    if pages || cursor {
        let description = "Links to other pages (RFC 8288). Only if a page is asked for.";
        let link = json!({
            "description": description,
            "schema": { "type": "string", "pattern": LINK },
            "example": "<https://api.example.com/organizations?page_size=20&cursor=acme%09acme>; \
                        rel=\"next\"",
        });
        headers.insert("Link".to_owned(), link);
    }
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
}

/// Completes a problem: its body, and its description and headers unless the handler states them.
fn fail(status: &str, response: &mut Value) {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    response["content"] = json!({ "application/problem+json": { "schema": schema } });
    if response["description"].as_str().is_none_or(str::is_empty) {
        response["description"] = problem(status).into();
    }
    if response["headers"].is_null() && matches!(status, "409" | "412") {
        response["headers"] = json!({ "ETag": etag() });
    }
    if response["headers"].is_null() && matches!(status, "429" | "503") {
        let description = "Seconds to wait before the request is repeated.";
        let schema = json!({ "type": "integer", "format": "int32", "minimum": 0 });
        let header = json!({ "description": description, "schema": schema });
        response["headers"] = json!({ "Retry-After": header });
    }
}

/// The meaning of a status, if the handler does not describe it.
fn problem(status: &str) -> String {
    let meaning = match status {
        "400" => "The request is malformed.",
        "404" => "The path names something that does not exist.",
        "409" => "Another request changed the list at the same time. Only a part is replaced.",
        "412" => "What is to be changed does not have the version that `If-Match` names.",
        "413" => return format!("The body has more than {LARGEST_BODY} bytes."),
        "414" => "The path and the query string are too long.",
        "415" => "The body is not declared as JSON, or is encoded.",
        "422" => {
            "A well-formed value cannot be accepted. `code` and `errors` say which one, and why."
        }
        "429" => "The user pool takes no more requests at the moment, or a quota is used up.",
        "500" => "Usher has failed. The request is not at fault.",
        "502" => "A trigger, a role or another setting of the user pool is wrong.",
        "503" => "A service that Usher needs did not answer in time.",
        other => unreachable!("describe {other} at the handler, or here"),
    };
    meaning.to_owned()
}

/// The header of a version, unless the handler describes its own.
fn etag() -> Value {
    json!({
        "description": "The present version, for `If-Match`.",
        "schema": { "type": "string", "pattern": "^\"[0-9]+\"$", "maxLength": 22 },
        "example": "\"7\"",
    })
}
