//! The files that `make template` writes from the table [`FUNCTIONS`] and from the handlers'
//! annotations: the functions in `template.yaml`, the dashboard's errors by function, the README's
//! table of routes, and the program. It also writes the schemas of the events. A test fails while one of
//! them is stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;
use shared::http::Route;

use crate::event_schemas;
use crate::function::pascal;
use crate::openapi::{READ, WRITE, with_internal_operations};
use crate::{Action, Entry, FUNCTIONS, Function, Items};

/// A generated part of a file: the lines between the first line that contains `begin` and the next
/// line that contains `end`.
struct Part {
    file: &'static str,
    begin: &'static str,
    end: &'static str,
    lines: fn() -> String,
}

const PARTS: [Part; 5] = [
    Part {
        file: "template.yaml",
        begin: "# make template: begin",
        end: "# make template: end",
        lines: resources,
    },
    Part {
        file: "infra/observability.yaml",
        begin: "\"title\": \"Errors by function\"",
        end: "}},",
        lines: errors_by_function,
    },
    Part {
        file: "README.md",
        begin: "<!-- make template: begin",
        end: "<!-- make template: end",
        lines: routes,
    },
    Part {
        file: "infra/events.yaml",
        begin: "# make template: begin",
        end: "# make template: end",
        lines: event_schemas::resources,
    },
    Part {
        file: "docs/events.md",
        begin: "<!-- make template: begin",
        end: "<!-- make template: end",
        lines: event_schemas::table,
    },
];

/// The wanted content of each file, with its path in the repository. `current` reads the present
/// content of a file.
///
/// # Panics
/// When a file lacks one of the lines around its part.
pub fn files(current: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let parts = PARTS.iter().map(|Part { file, begin, end, lines }| {
        let text = current(file);
        let lacking = |line: &str| -> ! { panic!("{file} has no line with `{line}`") };
        let (head, rest) = split_after_line(&text, begin).unwrap_or_else(|| lacking(begin));
        let old = rest.lines().take_while(|line| !line.contains(end));
        let old: usize = old.map(|line| line.len() + 1).sum();
        let tail = rest.get(old..).filter(|tail| !tail.is_empty()).unwrap_or_else(|| lacking(end));
        ((*file).to_owned(), format!("{head}{}{tail}", lines()))
    });
    let program = ("functions/src/bin/usher.rs".to_owned(), program());
    parts.chain([program]).chain(event_schemas::files()).collect()
}

/// Splits a text after the first line that contains `contained`.
fn split_after_line<'a>(text: &'a str, contained: &str) -> Option<(&'a str, &'a str)> {
    let place = text.find(contained)?;
    let end = place + text[place..].find('\n')? + 1;
    Some(text.split_at(end))
}

/// The program that is each of the functions.
fn program() -> String {
    let mut text = include_str!("program.rs").to_owned();
    let arms: String = FUNCTIONS.iter().map(arm).collect();
    let place = "        // functions\n";
    assert!(text.contains(place), "program.rs has no place for the functions");
    text = text.replace(place, &arms);
    text
}

fn arm(Function { name, module, entry, .. }: &Function) -> String {
    let handle = format!("functions::{module}::handle");
    let run = match entry {
        Entry::Http(_) => format!("run_http(functions::{module}::routes())"),
        Entry::Trigger(_) => format!("run_trigger({handle})"),
        Entry::Schedule(_) => {
            format!("run_scheduled(|needs| {handle}(needs, functions::{module}::Limits::RUN))")
        }
        Entry::Stream(_) => {
            format!(
                "run_stream(|needs, event| {handle}(needs, event, functions::{module}::Limits::RUN))"
            )
        }
    };
    format!("        Some(\"{name}\") => Box::pin({run}).await,\n")
}

/// The resources of all functions.
fn resources() -> String {
    let document = with_internal_operations();
    FUNCTIONS.iter().map(|function| resources_of(function, &document)).collect()
}

fn resources_of(function: &Function, document: &Value) -> String {
    let mut text = include_str!("function.yaml").to_owned();
    match function.entry {
        Entry::Http(_) => {}
        Entry::Trigger(_) => text += include_str!("trigger.yaml"),
        Entry::Schedule(_) => text += include_str!("schedule.yaml"),
        Entry::Stream(_) => text += include_str!("stream.yaml"),
    }
    text.replace("<settings>\n", &settings(function))
        .replace("<events>\n", &events(function, document))
        .replace("<policies>\n", &policies(function))
        .replace("<Id>", &function.logical_id())
        .replace("<name>", function.name)
}

/// The settings in which a function differs from the template's `Globals`.
fn settings(function: &Function) -> String {
    let mut text = String::new();
    // Cognito waits no longer for a trigger (AWS limit, fixed).
    let trigger = matches!(function.entry, Entry::Trigger(_)).then_some(5);
    if let Some(seconds) = function.timeout.or(trigger) {
        line(&mut text, 6, &format!("Timeout: {seconds}"));
    }
    if trigger.is_some() {
        let reserved =
            "!If [ReservesTriggerConcurrency, !Ref TriggerConcurrency, !Ref AWS::NoValue]";
        line(&mut text, 6, &format!("ReservedConcurrentExecutions: {reserved}"));
        text += include_str!("deployment.yaml");
    }
    if let Entry::Schedule(_) = function.entry {
        let reserved = "!If [LimitsApiConcurrency, 1, !Ref AWS::NoValue]";
        line(&mut text, 6, &format!("ReservedConcurrentExecutions: {reserved}"));
    }
    if let Entry::Stream(_) = function.entry {
        // Nobody calls it, and each shard of the stream is read by few at once.
        line(&mut text, 6, "ReservedConcurrentExecutions: !Ref AWS::NoValue");
    }
    if !function.layers.is_empty() {
        let layers: Vec<_> = function.layers.iter().map(|layer| format!("!Ref {layer}")).collect();
        line(&mut text, 6, &format!("Layers: [{}]", layers.join(", ")));
    }
    let mut variables = function.all_variables();
    variables.remove(TABLE_NAME);
    if !variables.is_empty() {
        line(&mut text, 6, "Environment:");
        line(&mut text, 8, "Variables:");
    }
    for variable in variables {
        line(&mut text, 10, &format!("{variable}: {}", value(function, variable)));
    }
    text
}

/// The variable that every function gets from the template's `Globals`.
const TABLE_NAME: &str = "TABLE_NAME";

/// The parameter with the function that the pool had for a trigger before.
fn next_trigger(function: &Function) -> String {
    format!("Next{}Arn", function.logical_id())
}

/// The place in the stack that has the value of an environment variable of a function.
fn value(function: &Function, variable: &str) -> String {
    let place = match variable {
        "NEXT_TRIGGER_ARN" => return format!("!Ref {}", next_trigger(function)),
        "NEXT_TRIGGER_FAILURE" => "!Ref NextTriggerFailure",
        "DOMAIN_OWNERSHIP" => "!Ref DomainOwnership",
        "CLAIMS_BYTES" => "!Ref ClaimsBytes",
        "CLAIMS_IN" => "!Ref ClaimsIn",
        "JOIN_REQUEST_CLAIMS" => "!Ref JoinRequestClaims",
        "PUBLIC_MAILBOX_EXCEPTIONS" => "!Ref PublicMailboxExceptions",
        "TRUSTED_PROVIDERS" => "!Ref TrustedProviders",
        "GOOGLE_HOSTED_DOMAIN_ATTRIBUTE" => "!Ref GoogleHostedDomainAttribute",
        "DNS_RESOLVER" => "!Ref DnsResolver",
        "EVENT_BUS_NAME" => "!GetAtt Events.Outputs.EventBusName",
        "DEAD_LETTER_QUEUE_URL" => "!GetAtt Events.Outputs.DeadLetterQueueUrl",
        "EVENT_EMAILS" => "!Ref EventEmails",
        "ACTIVITY_DAYS" => "!Ref ActivityDays",
        "TOKEN_CACHE_SECONDS" => "!Ref TokenCacheSeconds",
        "USER_POOL_ID" => "!GetAtt Identity.Outputs.UserPoolId",
        "OPERATOR_ISSUER" => "!GetAtt Identity.Outputs.OperatorIssuer",
        "OPERATOR_CLIENT_ID" => "!GetAtt Identity.Outputs.OperatorClientId",
        "OPERATOR_DOMAIN" => "!GetAtt Identity.Outputs.OperatorDomain",
        other => unreachable!("add the place in the stack that has the value of {other} here"),
    };
    place.to_owned()
}

fn events(function: &Function, document: &Value) -> String {
    let routes = function.routes();
    let mut text = String::new();
    if !routes.is_empty() {
        line(&mut text, 6, "Events:");
    }
    let handlers: BTreeSet<_> = routes.iter().map(|route| route.handler).collect();
    assert_eq!(handlers.len(), routes.len(), "{}: two handlers have one name", function.name);
    for route in &routes {
        let event = if routes.len() == 1 { "Route".to_owned() } else { pascal(route.handler) };
        line(&mut text, 8, &format!("{event}:"));
        line(&mut text, 10, "Type: HttpApi");
        line(&mut text, 10, "Properties:");
        line(&mut text, 12, "ApiId: !Ref HttpApi");
        line(&mut text, 12, &format!("Method: {}", route.method));
        line(&mut text, 12, &format!("Path: {}", route.api_gateway_path()));
        line(&mut text, 12, "Auth:");
        line(
            &mut text,
            14,
            &match scope(operation(document, route)) {
                Some(scope) => format!("AuthorizationScopes: [{scope}]"),
                None => "Authorizer: NONE".to_owned(),
            },
        );
    }
    text
}

/// The policies of a function's role, except the one for its log.
fn policies(function: &Function) -> String {
    let mut text = String::new();
    if !function.may.is_empty() {
        policy(&mut text, 0, "own-items");
        let warm_up = (Items::WarmUp, &[Action::GetItem][..]);
        let may = [&warm_up].into_iter().chain(function.may).chain(function.release_before);
        for (items, actions) in may {
            let table = "Storage.Outputs.TableArn";
            let resource = match items.index() {
                Some(index) => format!("!Sub ${{{table}}}/index/{index}"),
                None => format!("!GetAtt {table}"),
            };
            let actions: Vec<_> = actions.iter().map(|it| format!("dynamodb:{it:?}")).collect();
            statement(&mut text, 0, &actions, &resource);
            line(&mut text, 16, "Condition:");
            line(&mut text, 18, "ForAllValues:StringLike:");
            line(&mut text, 20, &format!("dynamodb:LeadingKeys: {:?}", [items.keys()]));
        }
    }
    if !function.user_pool.is_empty() {
        policy(&mut text, 0, "user-pool");
        let actions = function.user_pool.iter().map(|it| format!("cognito-idp:{it:?}"));
        let actions: Vec<_> = actions.collect();
        statement(&mut text, 0, &actions, "!GetAtt Identity.Outputs.UserPoolArn");
    }
    if let Entry::Trigger(_) = function.entry {
        // Only if there is such a function: a policy has at least one statement.
        line(&mut text, 8, "- !If");
        line(&mut text, 10, &format!("- HasNext{}", function.logical_id()));
        policy(&mut text, 2, "next-trigger");
        let resource = format!("!Ref {}", next_trigger(function));
        statement(&mut text, 2, &["lambda:InvokeFunction".to_owned()], &resource);
        line(&mut text, 10, "- !Ref AWS::NoValue");
    }
    if let Entry::Stream(_) = function.entry {
        policy(&mut text, 0, "events");
        let events = ["events:PutEvents".to_owned()];
        statement(&mut text, 0, &events, "!GetAtt Events.Outputs.EventBusArn");
        let letters = ["sqs:SendMessage".to_owned()];
        statement(&mut text, 0, &letters, "!GetAtt Events.Outputs.DeadLetterQueueArn");
        // Only if there is a stream: the table may be one that the stack did not make.
        line(&mut text, 8, "- !If");
        line(&mut text, 10, "- HasStream");
        policy(&mut text, 2, "stream");
        let reads = ["DescribeStream", "GetRecords", "GetShardIterator"];
        let reads = reads.map(|action| format!("dynamodb:{action}"));
        statement(&mut text, 2, &reads, "!GetAtt Storage.Outputs.StreamArn");
        let lists = ["dynamodb:ListStreams".to_owned()];
        statement(&mut text, 2, &lists, "!Sub ${Storage.Outputs.TableArn}/stream/*");
        line(&mut text, 10, "- !Ref AWS::NoValue");
    }
    text
}

/// Begins a policy, this much deeper than those of the role itself.
fn policy(text: &mut String, deeper: usize, name: &str) {
    line(text, deeper + 8, &format!("- PolicyName: {name}"));
    line(text, deeper + 10, "PolicyDocument:");
    line(text, deeper + 12, "Version: \"2012-10-17\"");
    line(text, deeper + 12, "Statement:");
}

fn statement(text: &mut String, deeper: usize, actions: &[String], resource: &str) {
    line(text, deeper + 14, "- Effect: Allow");
    let list = actions.join(", ");
    match actions {
        [action] => line(text, deeper + 16, &format!("Action: {action}")),
        _ if list.len() < WIDTH - deeper - "                Action: []".len() => {
            line(text, deeper + 16, &format!("Action: [{list}]"));
        }
        _ => {
            line(text, deeper + 16, "Action:");
            actions.iter().for_each(|action| line(text, deeper + 18, &format!("- {action}")));
        }
    }
    line(text, deeper + 16, &format!("Resource: {resource}"));
}

/// The longest line of a template.
const WIDTH: usize = 120;

fn line(text: &mut String, indent: usize, line: &str) {
    writeln!(text, "{:indent$}{line}", "").expect("a string takes everything");
}

/// The metrics of the dashboard's widget.
fn errors_by_function() -> String {
    let mut text = String::new();
    line(&mut text, 12, "\"metrics\": [");
    for (index, function) in FUNCTIONS.iter().enumerate() {
        let name = function.name;
        let metric = format!(
            "[\"AWS/Lambda\", \"Errors\", \"FunctionName\", \"${{RootStackName}}-{name}\","
        );
        let comma = if index + 1 < FUNCTIONS.len() { "," } else { "" };
        line(&mut text, 14, &metric);
        line(&mut text, 15, &format!("{{\"label\": \"{name}\"}}]{comma}"));
    }
    line(&mut text, 12, "]");
    text
}

/// The README's table.
fn routes() -> String {
    let document = with_internal_operations();
    let mut text = "| | path | function | scope | success | |\n\
                    | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for function in FUNCTIONS {
        for route in function.routes() {
            let operation = operation(&document, &route);
            let scope = scope(operation).map_or("none".to_owned(), |scope| {
                format!("`{}`", scope.trim_start_matches("usher/"))
            });
            let cells = [
                format!("`{}`", route.method),
                format!("`{}`", route.path),
                format!("`{}`", function.name),
                scope,
                success(operation).0.to_owned(),
                explanation(&document, operation),
            ];
            line(&mut text, 0, &format!("| {} |", cells.join(" | ")));
        }
    }
    text
}

/// The summary of an operation, the fields of its body, its query parameters, paging and `ETag`.
fn explanation(document: &Value, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let name = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
    // Pages take any parameters, which have no names.
    let is_named = |parameter: &&Value| parameter["in"] == "query" && parameter["explode"] != true;
    let queries = parameters.iter().filter(is_named).map(name);
    let (paging, own): (Vec<_>, Vec<_>) =
        queries.partition(|name| ["page", "page_size", "cursor"].contains(&name.as_str()));

    let summary = operation["summary"].as_str().unwrap_or_default().replace('\n', " ");
    let mut more = Vec::new();
    let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let body = body.as_str().and_then(|place| document.pointer(place.strip_prefix('#')?));
    more.extend(body.map(members));
    more.extend(own.iter().map(|name| format!("`?{name}=`")));
    if paging.iter().any(|name| name == "page") {
        more.push("[pages](#lists)".to_owned());
    }
    if paging.iter().any(|name| name == "cursor") {
        more.push("[cursor](#lists)".to_owned());
    }
    let takes_etag = parameters.iter().any(|parameter| parameter["name"] == "If-Match");
    if takes_etag || success(operation).1["headers"]["ETag"].is_object() {
        more.push("[ETag](#etags)".to_owned());
    }
    format!("{summary} {}", more.join(", ")).trim_end().to_owned()
}

/// The fields of a body in any of its forms, the required ones first: `{name, id?}`.
fn members(schema: &Value) -> String {
    let forms = schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
    let properties: BTreeMap<_, _> =
        forms.iter().filter_map(|form| form["properties"].as_object()).flatten().collect();
    let requires = |form: &Value, name: &str| {
        form["required"].as_array().is_some_and(|required| required.iter().any(|it| it == name))
    };
    let is_required = |name: &str| forms.iter().all(|form| requires(form, name));
    let (must, may): (Vec<_>, Vec<_>) =
        properties.into_iter().partition(|(name, _)| is_required(name));
    let all = must.into_iter().chain(may).map(|(name, property)| {
        let mark = if is_required(name) { "" } else { "?" };
        let list = if property["type"] == "array" { ": []" } else { "" };
        format!("{name}{mark}{list}")
    });
    format!("`{{{}}}`", all.collect::<Vec<_>>().join(", "))
}

/// The operation of a route in the document.
fn operation<'a>(document: &'a Value, route: &Route) -> &'a Value {
    &document["paths"][route.openapi_path()][route.method.as_str().to_lowercase()]
}

/// The scope that an operation needs; `None` if it is public. API Gateway lets a token with any of
/// several scopes in, so an operation has one at most.
///
/// # Panics
/// When the annotation says anything else: a typing error must not open a route.
fn scope(operation: &Value) -> Option<&str> {
    let requirements = operation["security"].as_array().map(Vec::as_slice);
    let scopes = match requirements {
        Some([]) => return None,
        Some([one]) if one.as_object().is_some_and(|it| it.len() == 1) => &one["operators"],
        _ => &Value::Null,
    };
    match scopes.as_array().map(Vec::as_slice) {
        Some([scope]) if *scope == READ || *scope == WRITE => scope.as_str(),
        _ => panic!("{}: `security` is neither one scope nor `()`", operation["operationId"]),
    }
}

/// The status and the description of an operation's success.
fn success(operation: &Value) -> (&str, &Value) {
    let responses = operation["responses"].as_object().expect("an operation's responses");
    let success = responses.iter().find(|(status, _)| !status.starts_with(['4', '5']));
    success.map(|(status, response)| (status.as_str(), response)).expect("an operation succeeds")
}
