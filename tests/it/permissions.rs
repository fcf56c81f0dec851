//! Each function's role grants what the function does, and nothing else.

use std::collections::BTreeSet;

use functions::HTTP_FUNCTIONS;
use serde_json::{Value, json};
use shared::domain::jit::EmailDomains;

use crate::support::{Pool, Use, World, logical_id, template, walk_of_users};

/// Actions, what they are done to, and patterns of partition keys: all with all.
type Grants = (&'static [&'static str], &'static str, &'static [&'static str]);

const TABLE: &str = "table";
const INDEX: &str = "index/gsi1";

const DOMAIN: &str = "DOMAIN#*";
const ORGANIZATION: &str = "ORG#*";
const ORGANIZATIONS: &str = "ORGS";
const REMOVED: &str = "REMOVED#*";
const ROLES: &str = "ROLE";
const ROLE_NAME: &str = "ROLENAME#*";
const USER: &str = "USER#*";
const WARM_UP: &str = "WARM-UP";

/// What each function is granted. A transaction needs the actions of its parts.
const GRANTED: [(&str, &[Grants]); 16] = [
    ("list-email-domains", &[(&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION])]),
    (
        "add-email-domain",
        &[
            (&["GetItem"], TABLE, &[WARM_UP]),
            (&["BatchGetItem", "GetItem", "UpdateItem"], TABLE, &[ORGANIZATION]),
            (&["PutItem", "Query"], TABLE, &[DOMAIN]),
        ],
    ),
    (
        "replace-email-domains",
        &[
            (&["GetItem"], TABLE, &[WARM_UP]),
            (&["BatchGetItem", "GetItem", "UpdateItem"], TABLE, &[ORGANIZATION]),
            (&["DeleteItem", "PutItem", "Query"], TABLE, &[DOMAIN]),
        ],
    ),
    (
        "delete-email-domain",
        &[
            (&["GetItem"], TABLE, &[WARM_UP]),
            (&["UpdateItem"], TABLE, &[ORGANIZATION]),
            (&["DeleteItem"], TABLE, &[DOMAIN]),
        ],
    ),
    (
        "list-default-roles",
        &[(&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION]), (&["BatchGetItem"], TABLE, &[ROLES])],
    ),
    ("add-default-roles", CHANGE_DEFAULT_ROLES),
    ("replace-default-roles", CHANGE_DEFAULT_ROLES),
    ("delete-default-role", CHANGE_DEFAULT_ROLES),
    (
        "organizations",
        &[
            (&["GetItem"], TABLE, &[WARM_UP]),
            (
                &[
                    "BatchGetItem",
                    "ConditionCheckItem",
                    "DeleteItem",
                    "GetItem",
                    "PutItem",
                    "UpdateItem",
                ],
                TABLE,
                &[ORGANIZATION],
            ),
            (&["BatchWriteItem"], TABLE, &[DOMAIN, USER]),
            (&["Query"], INDEX, &[ORGANIZATION, ORGANIZATIONS]),
        ],
    ),
    (
        "organization-roles",
        &[
            (&["GetItem"], TABLE, &[WARM_UP]),
            (&["DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"], TABLE, &[ROLES]),
            (&["DeleteItem", "PutItem"], TABLE, &[ROLE_NAME]),
        ],
    ),
    (
        "memberships",
        &[
            (&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION, USER]),
            (&["Query"], TABLE, &[USER]),
            (&["Query"], INDEX, &[ORGANIZATION]),
            (&["BatchGetItem"], TABLE, &[ORGANIZATION, ROLES, USER]),
            (&["PutItem"], TABLE, &[REMOVED, USER]),
            (&["UpdateItem"], TABLE, &[USER]),
            (&["DeleteItem"], TABLE, &[REMOVED]),
        ],
    ),
    (
        "users",
        &[
            (&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION, DOMAIN]),
            (&["Query"], TABLE, &[DOMAIN, REMOVED, USER]),
            (&["PutItem"], TABLE, &[USER]),
            (&["BatchGetItem"], TABLE, &[ORGANIZATION, ROLES]),
            (&["BatchWriteItem"], TABLE, &[USER]),
        ],
    ),
    (
        "preview",
        &[
            (&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION, DOMAIN]),
            (&["Query"], TABLE, &[DOMAIN, REMOVED]),
            (&["BatchGetItem"], TABLE, &[ORGANIZATION, ROLES]),
        ],
    ),
    // Nobody has to sign in for it, and it is the same for everybody.
    ("console", &[]),
    (
        "post-confirmation",
        &[
            (&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION, DOMAIN]),
            (&["Query"], TABLE, &[DOMAIN, REMOVED, USER]),
            (&["PutItem"], TABLE, &[USER]),
        ],
    ),
    (
        "pre-token-generation",
        &[
            (&["GetItem"], TABLE, &[WARM_UP, ORGANIZATION, DOMAIN]),
            (&["Query"], TABLE, &[DOMAIN, REMOVED, USER]),
            (&["PutItem"], TABLE, &[USER]),
            (&["BatchGetItem"], TABLE, &[ORGANIZATION, ROLES]),
        ],
    ),
];

/// What each function may ask of the customers' user pool; no other function may ask it anything.
const GRANTED_ON_THE_USER_POOL: [(&str, &[&str]); 2] = [
    ("memberships", &["ListUsers"]),
    ("users", &["AdminCreateUser", "AdminDeleteUser", "ListUsers"]),
];

const CHANGE_DEFAULT_ROLES: &[Grants] = &[
    (&["GetItem"], TABLE, &[WARM_UP]),
    (&["GetItem", "UpdateItem"], TABLE, &[ORGANIZATION]),
    (&["BatchGetItem"], TABLE, &[ROLES]),
];

/// What may be done, or is, in words that compare: all actions with all patterns.
fn all<T: AsRef<str>>(actions: &[T], resource: &str, patterns: &[T]) -> BTreeSet<String> {
    let pairs = actions.iter().flat_map(|action| patterns.iter().map(move |it| (action, it)));
    pairs
        .map(|(action, keys)| format!("{} on {resource} for {}", action.as_ref(), keys.as_ref()))
        .collect()
}

fn granted(function: &str) -> BTreeSet<String> {
    let grants = GRANTED.iter().find(|(name, _)| *name == function);
    let (_, grants) = grants.unwrap_or_else(|| panic!("say in GRANTED what {function} may do"));
    grants
        .iter()
        .flat_map(|(actions, resource, patterns)| all(actions, resource, patterns))
        .collect()
}

#[track_caller]
fn assert_same(there: &BTreeSet<String>, expected: &BTreeSet<String>, advice: &str) {
    let missing: Vec<_> = expected.difference(there).collect();
    let superfluous: Vec<_> = there.difference(expected).collect();
    assert!(
        missing.is_empty() && superfluous.is_empty(),
        "{advice}\nmissing: {missing:#?}\ntoo much: {superfluous:#?}"
    );
}

/// One text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| value.as_str().expect("text")).collect()
}

/// What a statement about the table grants.
#[track_caller]
fn statement_grants(statement: &Value) -> BTreeSet<String> {
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let resource = &statement["Resource"];
    assert_eq!(
        *statement,
        json!({
            "Effect": "Allow",
            "Action": statement["Action"],
            "Resource": resource,
            "Condition": { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys } },
        }),
        "a statement allows actions on a resource under the one condition on leading keys"
    );
    let resource = if *resource == json!({ "Fn::GetAtt": "Storage.Outputs.TableArn" }) {
        TABLE
    } else {
        let arn = resource["Fn::Sub"].as_str().unwrap_or_default();
        arn.strip_prefix("${Storage.Outputs.TableArn}/").unwrap_or_else(|| panic!("{resource}"))
    };
    let actions = texts(&statement["Action"]);
    let actions: Vec<_> = actions
        .iter()
        .map(|action| action.strip_prefix("dynamodb:").unwrap_or_else(|| panic!("{action}")))
        .collect();
    all(&actions, resource, &texts(keys))
}

/// The actions on the user pool that a function is granted, as the template writes one or several.
fn user_pool_actions(function: &str) -> Option<Value> {
    let (_, actions) = GRANTED_ON_THE_USER_POOL.iter().find(|(name, _)| *name == function)?;
    let actions: Vec<_> = actions.iter().map(|action| format!("cognito-idp:{action}")).collect();
    match actions.as_slice() {
        [one] => Some(json!(one)),
        several => Some(json!(several)),
    }
}

#[test]
fn each_role_grants_its_own_log_and_exactly_the_items_that_it_should() {
    let template = template("template.yaml");
    for (name, _) in GRANTED {
        let id = logical_id(name);
        let role = &template["Resources"][format!("{id}Role")];
        let items = &role["Properties"]["Policies"][1]["PolicyDocument"]["Statement"];
        let statement =
            |statement: Value| json!({ "Version": "2012-10-17", "Statement": statement });
        let mut policies = vec![json!({
            "PolicyName": "own-log",
            "PolicyDocument": statement(json!([{
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": { "Fn::GetAtt": format!("{id}LogGroup.Arn") },
            }])),
        })];
        if !granted(name).is_empty() {
            let document = statement(items.clone());
            policies.push(json!({ "PolicyName": "own-items", "PolicyDocument": document }));
        }
        policies.extend(user_pool_actions(name).map(|actions| {
            json!({
                "PolicyName": "user-pool",
                "PolicyDocument": statement(json!([{
                    "Effect": "Allow",
                    "Action": actions,
                    "Resource": { "Fn::GetAtt": "Identity.Outputs.UserPoolArn" },
                }])),
            })
        }));
        assert_eq!(
            *role,
            json!({
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": statement(json!([{
                        "Effect": "Allow",
                        "Principal": { "Service": "lambda.amazonaws.com" },
                        "Action": "sts:AssumeRole",
                    }])),
                    "ManagedPolicyArns": {
                        "Fn::If": [
                            "HasOptionalPolicy",
                            [{ "Ref": "OptionalPolicy" }],
                            { "Ref": "AWS::NoValue" },
                        ],
                    },
                    "Policies": policies,
                },
            }),
            "make {id}Role in template.yaml (left) like the others"
        );
        let statements = items.as_array().into_iter().flatten();
        assert_same(
            &statements.flat_map(statement_grants).collect(),
            &granted(name),
            &format!("make {id}Role in template.yaml grant what GRANTED says"),
        );
    }
}

/// A request, its body, and the status that it is answered with.
type Step = (String, Value, u16);

/// What takes each HTTP function along everything that it ever asks of the table, in a world where
/// the organization `acme` has a member, an email domain and two default roles, and no further
/// organization can list `crowded.example`.
async fn walks(world: &World) -> [(&'static str, Vec<Step>); 13] {
    for index in 0..EmailDomains::MOST_ORGANIZATIONS {
        let id = format!("org-{index}");
        world.organization(&id).await;
        world.domains(&id, &["crowded.example"]).await;
    }
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let roles = [world.role("Engineer").await, world.role("Manager").await];
    world.put("/organizations/acme/jit/roles", &json!({ "organizationRoleIds": roles })).await;
    world.sign_up("user-1", "jane@acme.com").await;

    const MEMBER: &str = "/organizations/acme/users/user-1";
    let step = |request: &str, body, status| (request.to_owned(), body, status);
    let domain = |domain| json!({ "emailDomain": domain });
    let domains = |domains: &[&str]| json!({ "emailDomains": domains });
    let ids = |ids: &[&String]| json!({ "organizationRoleIds": ids });
    let [engineer, manager] = &roles;
    let role = format!("/organization-roles/{engineer}");
    [
        (
            "list-email-domains",
            vec![step("GET /organizations/acme/jit/email-domains", Value::Null, 200)],
        ),
        (
            "add-email-domain",
            vec![
                step("POST /organizations/acme/jit/email-domains", domain("new.example"), 201),
                step("POST /organizations/acme/jit/email-domains", domain("crowded.example"), 422),
            ],
        ),
        (
            "replace-email-domains",
            vec![
                step(
                    "PUT /organizations/acme/jit/email-domains",
                    domains(&["crowded.example"]),
                    422,
                ),
                step(
                    "PUT /organizations/acme/jit/email-domains",
                    domains(&["acme.com", "a.example"]),
                    204,
                ),
            ],
        ),
        (
            "delete-email-domain",
            vec![step("DELETE /organizations/acme/jit/email-domains/a.example", Value::Null, 204)],
        ),
        ("list-default-roles", vec![step("GET /organizations/acme/jit/roles", Value::Null, 200)]),
        (
            "preview",
            vec![
                step("POST /jit/preview", json!({ "email": "joe@acme.com" }), 200),
                step(
                    "POST /organizations/acme/jit/preview",
                    json!({ "email": "joe@acme.com" }),
                    200,
                ),
            ],
        ),
        (
            "console",
            vec![
                step("GET /console", Value::Null, 308),
                step("GET /console/", Value::Null, 503),
                step("GET /console/index.js", Value::Null, 404),
                step("GET /console/config.json", Value::Null, 200),
                step("GET /openapi.json", Value::Null, 200),
            ],
        ),
        (
            "replace-default-roles",
            vec![step("PUT /organizations/acme/jit/roles", ids(&[engineer]), 204)],
        ),
        (
            "add-default-roles",
            vec![step("POST /organizations/acme/jit/roles", ids(&[manager]), 201)],
        ),
        (
            "delete-default-role",
            vec![step(
                &format!("DELETE /organizations/acme/jit/roles/{manager}"),
                Value::Null,
                204,
            )],
        ),
        (
            "memberships",
            vec![
                step("GET /users/user-1/organizations", Value::Null, 200),
                step("GET /organizations/acme/users", Value::Null, 200),
                step(&format!("POST {MEMBER}/roles"), ids(&[manager]), 201),
                step(&format!("PUT {MEMBER}/roles"), ids(&[engineer]), 204),
                step(&format!("GET {MEMBER}/roles"), Value::Null, 200),
                step(&format!("DELETE {MEMBER}/roles/{engineer}"), Value::Null, 204),
                step(
                    "POST /organizations/acme/users/roles",
                    json!({ "userIds": ["user-1"], "organizationRoleIds": [engineer] }),
                    201,
                ),
                step(&format!("DELETE {MEMBER}"), Value::Null, 204),
                step("POST /organizations/acme/users", json!({ "userIds": ["user-1"] }), 201),
                step("PUT /organizations/acme/users", json!({ "userIds": ["user-1"] }), 204),
            ],
        ),
        (
            "organizations",
            vec![
                step("POST /organizations", json!({ "name": "Beta", "customData": {} }), 201),
                step("GET /organizations", Value::Null, 200),
                step("GET /organizations/acme", Value::Null, 200),
                step("PATCH /organizations/acme", json!({ "name": "Acme" }), 200),
                step("PATCH /organizations/acme", json!({ "customData": {} }), 200),
                step("DELETE /organizations/acme", Value::Null, 204),
            ],
        ),
        (
            "organization-roles",
            vec![
                step("POST /organization-roles", json!({ "name": "Director" }), 201),
                step("GET /organization-roles", Value::Null, 200),
                step(&format!("GET {role}"), Value::Null, 200),
                step(&format!("PATCH {role}"), json!({ "name": "Builder" }), 200),
                step(&format!("DELETE {role}"), Value::Null, 204),
            ],
        ),
    ]
}

/// A request as API Gateway hands it over.
fn event(method: &str, path: &str, body: &Value) -> Value {
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": method, "path": path } },
        "body": if body.is_null() { Value::Null } else { body.to_string().into() },
        "isBase64Encoded": false,
    })
}

/// Whether a request is for a route: `GET /organizations/acme` for `GET /organizations/{id}`.
fn is_for(request: &str, route: &str) -> bool {
    let (request, route) = (request.split('/'), route.split('/'));
    request.clone().count() == route.clone().count()
        && request.zip(route).all(|(part, template)| part == template || template.starts_with('{'))
}

/// What was done since this was asked last, in the words of what is granted: items of one kind
/// have partition keys that begin alike.
fn done(world: &World) -> BTreeSet<String> {
    let uses = world.wire.uses().into_iter();
    uses.flat_map(|Use { action, resource, partition }| {
        let pattern = match partition.split_once('#') {
            Some((kind, _)) => format!("{kind}#*"),
            None => partition,
        };
        all(&[action], &resource, &[pattern])
    })
    .collect()
}

#[tokio::test]
async fn functions_do_what_their_roles_grant_and_make_use_of_all_of_it() {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    let walks = walks(&world).await;

    world.wire.uses();
    world.app.store.warm_up().await;
    world.sign_up("user-2", "joe@acme.com").await;
    let mut observed = vec![("post-confirmation", done(&world))];
    world.app.store.warm_up().await;
    let answer = world.token("user-3", "jim@acme.com").await.to_string();
    assert!(answer.contains(r#""organizations":["acme"]"#), "{answer}");
    observed.push(("pre-token-generation", done(&world)));
    // First, while there is an organization that a new user can join.
    let walks: Vec<_> = [("users", walk_of_users(&pool))].into_iter().chain(walks).collect();
    for (function, steps) in &walks {
        if !granted(function).is_empty() {
            world.app.store.warm_up().await;
        }
        for (request, body, status) in steps {
            let (method, path) = request.split_once(' ').expect("a method and a path");
            let answer = world.invoke(function, &event(method, path, body)).await;
            assert_eq!(answer["statusCode"], *status, "{function}: {request}: {answer:#}");
        }
        observed.push((function, done(&world)));
    }

    for (function, observed) in &observed {
        assert_same(
            &granted(function),
            observed,
            &format!(
                "what GRANTED says of {function} is not what was seen of it: change GRANTED and \
                 template.yaml, or walk more of the function's paths"
            ),
        );
    }
    for function in HTTP_FUNCTIONS {
        let steps = walks.iter().filter(|(name, _)| *name == function.name).flat_map(|(_, it)| it);
        let requests: Vec<_> = steps.map(|(request, ..)| request).collect();
        for route in (function.routes)() {
            let route = format!("{} {}", route.method, route.path);
            assert!(
                requests.iter().any(|request| is_for(request, &route)),
                "walk along `{route}` of {} too",
                function.name
            );
        }
    }
}
