//! `/organizations/{organizationId}/activity` and `/users/{userId}/activity`: what has happened, to whom,
//! why, and who did it.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::capabilities;
use shared::domain::ids::{OrganizationId, UserId};
use shared::event::{EndReason, Event, EventActor, EventCause, EventType};
use shared::http::{CursorPaging, FromQuery, PathOf, Problem, QueryOf};
use shared::store::{Activity, ActivityFilter, ActivityOf, EventId, Store};
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::endpoints::endpoints;
use crate::entities::Moment;
use crate::schemas;

capabilities! {
    /// The capabilities of `activity`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(of_organization, of_user);

/// Something that has happened. What is not known, or does not apply, is left out. `primaryEmail` and
/// `username` are there if `userId` is: the address that the user proved last, and the name at the last
/// appearance, or null. `before` and `after` depend on the type, as the events do.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivityEntity {
    #[schema(value_type = schemas::EventId)]
    id: String,
    #[schema(value_type = Moment)]
    time: String,
    #[serde(rename = "type")]
    #[schema(value_type = schemas::EventType)]
    kind: &'static str,
    #[schema(value_type = schemas::OrganizationId)]
    organization_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::UserId>, nullable = false)]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EmailAddress>)]
    primary_email: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Username>)]
    username: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::OrganizationRoleId>, nullable = false)]
    organization_role_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EmailDomainName>, nullable = false)]
    email_domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::SsoConnectorId>, nullable = false)]
    sso_connector_id: Option<String>,
    actor: ActorEntity,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cause: Option<CauseEntity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::AnyObject>, inline, nullable = false)]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::AnyObject>, inline, nullable = false)]
    after: Option<Value>,
}

/// Who did it: a caller of the API (`api`) with the app client and the subject of the token, a trigger of
/// the user pool (`trigger`) with the entry path of the user, or a run on a schedule (`schedule`).
#[derive(Serialize, ToSchema)]
#[schema(as = Actor)]
#[serde(rename_all = "camelCase")]
struct ActorEntity {
    #[serde(rename = "type")]
    #[schema(value_type = schemas::ActorType, inline)]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 129)]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 129)]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EntryPath>, inline, nullable = false)]
    entry_path: Option<String>,
}

/// Why it happened: the rule, with its email domain or its identity provider, or `api` for a call that
/// named the user; or the reason why a membership or a request has ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Cause)]
#[serde(rename_all = "camelCase")]
struct CauseEntity {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::CauseKind>, inline, nullable = false)]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EmailDomainName>, nullable = false)]
    email_domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::SsoConnectorId>, nullable = false)]
    sso_connector_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EndReason>, inline, nullable = false)]
    reason: Option<EndReason>,
}

impl From<EventActor> for ActorEntity {
    fn from(EventActor { kind, client_id, subject, entry_path }: EventActor) -> Self {
        Self { kind, client_id, subject, entry_path }
    }
}

impl From<EventCause> for CauseEntity {
    fn from(EventCause { rule, email_domain, sso_connector_id, reason }: EventCause) -> Self {
        Self { rule, email_domain, sso_connector_id, reason }
    }
}

impl From<Activity> for ActivityEntity {
    fn from(Activity { event, organization, profile, .. }: Activity) -> Self {
        let is_of_user = event.user_id.is_some();
        let known = |part: Option<String>| is_of_user.then_some(part);
        let Event { id, time, kind, user_id, organization_role_id, .. } = event;
        Self {
            id,
            time,
            kind: kind.as_str(),
            organization_id: organization.to_string(),
            user_id,
            primary_email: known(profile.as_ref().and_then(|profile| profile.email.clone())),
            username: known(profile.and_then(|profile| profile.user_name)),
            organization_role_id,
            email_domain: event.email_domain,
            sso_connector_id: event.sso_connector_id,
            actor: event.actor.into(),
            cause: event.cause.map(CauseEntity::from),
            before: event.before,
            after: event.after,
        }
    }
}

/// Only what happened to this user.
#[derive(Debug)]
pub(crate) struct ToUser(UserId);

impl FromQuery for ToUser {
    const PARAMETER: &'static str = "user";
    const DESCRIPTION: &'static str = "Only what happened to the user with this id.";
    const SHORTEST: usize = 1;
    const LONGEST: usize = UserId::LONGEST;
    const PATTERN: &'static str = schemas::ID;
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        UserId::parse(value).map(Self).map_err(|error| format!("is not the id of a user: {error}"))
    }
}

/// Only what is of this type.
#[derive(Debug)]
pub(crate) struct OfType(EventType);

impl FromQuery for OfType {
    const PARAMETER: &'static str = "type";
    const DESCRIPTION: &'static str = "Only what is of this type. A page can then have fewer entries than `page_size`, or none, although the `Link` to the next one is there.";
    const LONGEST: usize = 64;
    const INVALID: &'static str = "request.invalid_filter";

    fn schema() -> ObjectBuilder {
        schemas::event_type()
    }

    fn from_query(value: &str) -> Result<Self, String> {
        EventType::named(value).map(Self).ok_or_else(|| {
            "is not a type of events: send one such as `Organization.Membership.Created`".to_owned()
        })
    }
}

/// Only what happened then or later.
#[derive(Debug)]
pub(crate) struct Since(Timestamp);

impl FromQuery for Since {
    const PARAMETER: &'static str = "since";
    const DESCRIPTION: &'static str = "Only what happened at this time or later: RFC 3339, from the year 1000 to 2999. Write `+` as `%2B`.";
    const SHORTEST: usize = "2026-01-01T09:00:00Z".len();
    const LONGEST: usize = "2026-01-01T09:00:00.000000000+00:00".len();
    const PATTERN: &'static str = schemas::TIME;
    const INVALID: &'static str = "request.invalid_filter";

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .min_length(Some(Self::SHORTEST))
            .max_length(Some(Self::LONGEST))
            .pattern(Some(Self::PATTERN))
    }

    fn from_query(value: &str) -> Result<Self, String> {
        let time = has_form_of_time(value).then(|| value.parse().ok()).flatten();
        time.map(Self).ok_or_else(|| {
            "is not a time: send it as RFC 3339 says, such as `2026-01-01T09:00:00Z`".to_owned()
        })
    }
}

/// Whether a text has the form of [`schemas::TIME`]. The parser also takes other forms.
fn has_form_of_time(text: &str) -> bool {
    let is_like = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                like => byte == like,
            })
    };
    let Some((time, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else {
        return false;
    };
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|it: char| it.is_ascii_digit());
            if !(1..=9).contains(&(fraction.len() - offset.len())) {
                return false;
            }
            offset
        }
    };
    let is_offset = || {
        offset.strip_prefix(['+', '-']).is_some_and(|offset| {
            is_like(offset, "00:00") && offset < "24" && &offset["00:".len()..] < "60"
        })
    };
    // The parser would take a leap second for the second before it.
    is_like(time, "0000-00-00T00:00:00")
        && time.starts_with(['1', '2'])
        && &time["0000-00-00T00:00:".len()..] < "60"
        && (offset == "Z" || is_offset())
}

/// Lists what has happened in an organization, the newest first.
///
/// It is known some moments after it has happened, and for as long as the operator keeps activity. What
/// happened to organization roles is not listed. Filters are combined.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/activity",
    operation_id = "listOrganizationActivity",
    tag = "Activity",
    params(CursorPaging, QueryOf<ToUser>, QueryOf<OfType>, QueryOf<Since>),
    responses((status = 200, description = "A page of what has happened.", body = [ActivityEntity])),
)]
pub(crate) async fn of_organization(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    QueryOf(user): QueryOf<ToUser>,
    QueryOf(kind): QueryOf<OfType>,
    QueryOf(since): QueryOf<Since>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let start = paging.start(|cursor| EventId::parse(cursor).ok())?;
    store.require_organization(&organization).await?;
    let of = match &user {
        Some(ToUser(user)) => ActivityOf::UserIn(user, &organization),
        None => ActivityOf::Organization(&organization),
    };
    list(&store, of, kind, since, &paging, start).await
}

/// Lists what has happened to a user, in all organizations, the newest first.
///
/// The list can be empty. It also has what happened in organizations that were deleted since.
#[utoipa::path(
    get,
    path = "/users/{userId}/activity",
    operation_id = "listUserActivity",
    tag = "Activity",
    params(CursorPaging, QueryOf<OfType>, QueryOf<Since>),
    responses((status = 200, description = "A page of what has happened.", body = [ActivityEntity])),
)]
pub(crate) async fn of_user(
    State(store): State<Store>,
    PathOf(user): PathOf<UserId>,
    QueryOf(kind): QueryOf<OfType>,
    QueryOf(since): QueryOf<Since>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let start = paging.start(|cursor| EventId::parse(cursor).ok())?;
    list(&store, ActivityOf::User(&user), kind, since, &paging, start).await
}

async fn list(
    store: &Store,
    of: ActivityOf<'_>,
    kind: Option<OfType>,
    since: Option<Since>,
    paging: &CursorPaging,
    start: Option<EventId>,
) -> Result<Response, Problem> {
    let filter = ActivityFilter {
        kind: kind.map(|OfType(kind)| kind),
        since: since.map(|Since(since)| since),
    };
    let page = store.activity(of, &filter, paging.page_size, start.as_ref()).await?;
    let entities: Vec<_> = page.items.into_iter().map(ActivityEntity::from).collect();
    Ok(paging.respond(&entities, page.next.as_ref().map(EventId::as_str)))
}
