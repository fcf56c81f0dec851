//! The identity providers of an organization's JIT configuration, which Logto calls SSO connectors.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;
pub mod update;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::cognito::UserPool;
use shared::domain::caller::Caller;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::RuleList;
use shared::domain::provider::{ProviderName, is_public_provider};
use shared::domain::rule::{AdmittedAddresses, Rule, RuleKey, RuleKind, Settings};
use shared::domain::version::Precondition;
use shared::failure::{Failure, Service};
use shared::store::Store;
use shared::{Clock, Error, Violation};
use utoipa::ToSchema;

use crate::entities::{CallerEntity, Moment, Roles};
use crate::named::Named;
use crate::rules::{EnrollmentName, existing_roles};
use crate::schemas;

/// The member of a body with the ids.
const IDS: &str = "ssoConnectorIds";
/// The pause between two look-ups of one request. Cognito limits how many calls a second read the
/// resources of all pools of an account and region. One request makes 10, so that others are not refused.
const BETWEEN_LOOK_UPS: Duration = Duration::from_millis(100);
/// How long a request looks providers up. The rest of the function's 30 seconds is for the table.
const LOOK_UP_TIME: Duration = Duration::from_secs(20);

/// An identity provider that an organization lists, with what the organization has decided about it.
#[derive(Serialize, ToSchema)]
#[schema(as = SsoConnector)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SsoConnectorEntity {
    #[schema(value_type = schemas::SsoConnectorId)]
    id: String,
    /// The type that the provider had in the user pool when it was added. Null if it is not known.
    #[schema(required, value_type = Option<schemas::ProviderType>)]
    provider_type: Option<String>,
    added_at: Moment,
    /// Who has added it. Null if that is not known.
    #[schema(required)]
    added_by: Option<CallerEntity>,
    /// What happens when somebody signs in through the provider.
    enrollment: EnrollmentName,
    /// The roles of those who join by the provider. Null means the organization's default roles.
    #[schema(required, value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Vec<String>>,
    email_domains: AddressesName,
}

/// The users of a provider who count: all of them, or only those with an address in an email domain that
/// the organization lists and has proven.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[schema(as = AdmittedAddresses)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AddressesName {
    Any,
    Listed,
}

impl From<AddressesName> for AdmittedAddresses {
    fn from(name: AddressesName) -> Self {
        match name {
            AddressesName::Any => Self::Any,
            AddressesName::Listed => Self::Listed,
        }
    }
}

impl From<AdmittedAddresses> for AddressesName {
    fn from(addresses: AdmittedAddresses) -> Self {
        match addresses {
            AdmittedAddresses::Any => Self::Any,
            AdmittedAddresses::Listed => Self::Listed,
        }
    }
}

impl SsoConnectorEntity {
    /// The entity of a rule. `roles` has the roles of its settings that exist.
    fn new(rule: &Rule, roles: &Roles) -> Self {
        Self {
            id: rule.key.value().to_owned(),
            provider_type: rule.provider_type.clone(),
            added_at: Moment(rule.added_at),
            added_by: rule.added_by.as_ref().map(CallerEntity::from),
            enrollment: rule.settings.enrollment.into(),
            organization_role_ids: existing_roles(rule, roles),
            email_domains: rule.settings.addresses.into(),
        }
    }
}

/// The identity providers in a body that an organization may list.
struct NamedProviders<'a> {
    named: Named<'a, ProviderName>,
    /// The types of those that the organization does not list yet.
    types: HashMap<ProviderName, String>,
}

impl<'a> NamedProviders<'a> {
    /// Reads the ids in a body, and looks up those that the organization does not list yet. Fails if one
    /// of them is not in the user pool, or is a provider at which everybody can have an account.
    async fn existing(
        ids: &'a [String],
        organization: &OrganizationId,
        precondition: &Precondition,
        store: &Store,
        user_pool: &UserPool,
        clock: &Clock,
    ) -> Result<Self, Error> {
        if ids.len() > RuleList::MOST_SSO_CONNECTORS {
            store.require_organization(organization).await?;
            return Err(Error::SsoConnectorsFull);
        }
        let list = store.rules(organization, RuleKind::SsoConnector).await?;
        let list = list.ok_or_else(|| Error::OrganizationNotFound(organization.to_string()))?;
        if !precondition.holds(list.version) {
            return Err(Error::PreconditionFailed { current: list.version });
        }
        let named = Named::parse(IDS, ids, ProviderName::parse);
        let is_listed =
            |name: &ProviderName| list.rules.contains_key(&RuleKey::SsoConnector(name.clone()));
        let new = named.each().into_iter().filter(|name| !is_listed(name)).collect();
        let types = look_up(user_pool, clock, new).await?;
        let is_public = |name: &ProviderName, kind: &str| {
            is_public_provider(kind) || is_public_provider(name.as_str())
        };
        let is_acceptable = |name: &ProviderName| {
            is_listed(name) || types.get(name).is_some_and(|kind| !is_public(name, kind))
        };
        let violation = |pointer: String, id: &str| {
            let found = ProviderName::parse(id).ok().filter(|name| types.contains_key(name));
            match found {
                Some(name) => Violation::public_provider(pointer, &name),
                None => Violation::unknown_provider(pointer, id),
            }
        };
        named.all(is_acceptable, violation).map_err(Error::Invalid)?;
        Ok(Self { named, types })
    }

    /// The rules that they are.
    fn keys(&self) -> BTreeSet<RuleKey> {
        self.named.each().into_iter().map(RuleKey::SsoConnector).collect()
    }

    /// New rules of these providers.
    fn begin(
        &self,
        added: &[RuleKey],
        settings: &Settings,
        caller: &Caller,
        at: Timestamp,
    ) -> Vec<Rule> {
        let type_of = |key: &RuleKey| match key {
            RuleKey::SsoConnector(name) => self.types.get(name).cloned(),
            RuleKey::EmailDomain(_) => None,
        };
        let rule = |key: &RuleKey| Rule {
            added_by: caller.known(),
            provider_type: type_of(key),
            settings: settings.clone(),
            ..Rule::new(key.clone(), at)
        };
        added.iter().map(rule).collect()
    }

    /// Turns an error about providers that too many organizations list into violations, with their
    /// places in the body. Other errors stay unchanged.
    fn crowded_at(&self, error: Error) -> Error {
        let Error::SsoConnectorsCrowded(crowded) = error else { return error };
        let is_accepted = |name: &ProviderName| !crowded.contains(name);
        let violation = |pointer: String, id: &str| {
            let name = ProviderName::parse(id).expect("it was read before");
            Violation::too_many_organizations_of_provider(pointer, &name)
        };
        match self.named.all(is_accepted, violation) {
            Err(violations) => Error::Invalid(violations),
            Ok(()) => Error::SsoConnectorsCrowded(crowded),
        }
    }
}

/// The types of the identity providers with these names, without those that the user pool does not have.
/// They are looked up one after the other, with a pause between them.
async fn look_up(
    user_pool: &UserPool,
    clock: &Clock,
    names: Vec<ProviderName>,
) -> Result<HashMap<ProviderName, String>, Failure> {
    let end = clock.now() + LOOK_UP_TIME;
    let mut types = HashMap::new();
    for (index, name) in names.into_iter().enumerate() {
        if index > 0 {
            clock.pause(BETWEEN_LOOK_UPS).await;
        }
        if clock.now() >= end {
            let cause = "not all identity providers were looked up in time".to_owned();
            let operation = UserPool::DESCRIBE_IDENTITY_PROVIDER;
            return Err(Failure::Unavailable { service: Service::Cognito, operation, cause });
        }
        if let Some(found) = user_pool.identity_provider_type(&name).await? {
            types.insert(name, found);
        }
    }
    Ok(types)
}
