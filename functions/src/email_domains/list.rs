//! `GET /organizations/{organizationId}/jit/email-domains`

use std::collections::HashMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join;
use shared::domain::ids::OrganizationId;
use shared::domain::rule::RuleKind;
use shared::http::{FromQuery, Paging, PathOf, Problem, QueryOf, etag};
use shared::store::Store;
use shared::{Error, capabilities};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::EmailDomainEntity;
use crate::endpoints::endpoints;
use crate::rules::roles_of_rules;
use crate::values::flag;

/// Whether the answer has counts.
#[derive(Debug)]
pub(crate) struct ShowCounts(bool);

impl FromQuery for ShowCounts {
    const PARAMETER: &'static str = "showCounts";
    const DESCRIPTION: &'static str = "Whether each domain also has `otherOrganizationsCount`.";
    const SHORTEST: usize = 4;
    const LONGEST: usize = 5;
    const PATTERN: &'static str = "^(true|false)$";
    const INVALID: &'static str = "request.invalid_flag";

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::Boolean)
    }

    fn from_query(value: &str) -> Result<Self, String> {
        flag(value).map(Self)
    }
}

capabilities! {
    /// The capabilities of `list-email-domains`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(list);

/// Lists the email domains of an organization, by domain.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/jit/email-domains",
    operation_id = "listEmailDomains",
    tag = "Email domains",
    params(QueryOf<ShowCounts>, Paging),
    responses((status = 200, description = "The domains.", body = [EmailDomainEntity], headers(("ETag")))),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    QueryOf(show_counts): QueryOf<ShowCounts>,
    paging: Paging,
) -> Result<Response, Problem> {
    let part = |total| paging.part(total);
    let found = store.rules_on_page(&organization, RuleKind::EmailDomain, part).await?;
    let (list, rules) =
        found.ok_or_else(|| Error::OrganizationNotFound(organization.to_string()))?;
    let keys: Vec<_> = rules.iter().map(|rule| rule.key.clone()).collect();
    let counts = async {
        match show_counts {
            Some(ShowCounts(true)) => store.other_organizations(&organization, keys).await,
            _ => Ok(HashMap::new()),
        }
    };
    let (roles, counts) = try_join(roles_of_rules(&rules, &store), counts).await?;
    let entities: Vec<_> = rules
        .iter()
        .map(|rule| EmailDomainEntity {
            other_organizations_count: counts.get(&rule.key).copied(),
            ..EmailDomainEntity::new(&organization, rule, &roles)
        })
        .collect();
    Ok(([etag(list.version)], paging.respond_part(list.rules.len(), &entities)).into_response())
}
