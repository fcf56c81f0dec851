//! The identity providers of an organization's JIT configuration, which Logto calls SSO connectors.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;
pub mod update;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::cognito::UserPool;
use shared::domain::caller::Caller;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::RuleList;
use shared::domain::provider::{ProviderName, is_public_provider};
use shared::domain::rule::{AdmittedAddresses, Rule, RuleKey, Settings};
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

/// The identity providers in a body. Each one that the organization does not list at the moment of the
/// change is looked up in the user pool once.
struct NamedProviders<'a> {
    named: Named<'a, ProviderName>,
    user_pool: &'a UserPool,
    clock: &'a Clock,
    /// When no look-up begins any more.
    end: Timestamp,
    /// The types of those that were looked up. `None` if the user pool does not have the provider.
    types: Mutex<HashMap<ProviderName, Option<String>>>,
}

impl<'a> NamedProviders<'a> {
    /// Reads the ids in a body. Fails if they are too many.
    async fn of(
        ids: &'a [String],
        organization: &OrganizationId,
        store: &Store,
        user_pool: &'a UserPool,
        clock: &'a Clock,
    ) -> Result<Self, Error> {
        if ids.len() > RuleList::MOST_SSO_CONNECTORS {
            store.require_organization(organization).await?;
            return Err(Error::SsoConnectorsFull);
        }
        let named = Named::parse(IDS, ids, ProviderName::parse);
        let end = clock.now() + LOOK_UP_TIME;
        Ok(Self { named, user_pool, clock, end, types: Mutex::default() })
    }

    /// The rules that they are.
    fn keys(&self) -> BTreeSet<RuleKey> {
        self.named.each().into_iter().map(RuleKey::SsoConnector).collect()
    }

    /// New rules of these providers, after a look-up. Fails if one of them is not in the user pool, is a
    /// provider at which everybody can have an account, or has a name that no address can have.
    async fn begin(
        &self,
        added: Vec<RuleKey>,
        settings: &Settings,
        caller: &Caller,
    ) -> Result<Vec<Rule>, Error> {
        let added = added.into_iter().filter_map(|key| match key {
            RuleKey::SsoConnector(name) => Some(name),
            RuleKey::EmailDomain(_) => None,
        });
        let added: BTreeSet<_> = added.collect();
        for name in added.iter().filter(|name| is_reachable(name)) {
            self.look_up(name).await?;
        }
        let types = self.types();
        let type_of = |name: &ProviderName| types.get(name).cloned().flatten();
        let is_acceptable = |name: &ProviderName| {
            !added.contains(name)
                || type_of(name).is_some_and(|found| !is_public_provider(name, Some(&found)))
        };
        let violation = |pointer: String, id: &str| match ProviderName::parse(id) {
            Ok(name) if !is_reachable(&name) => Violation::unreachable_provider(pointer, &name),
            Ok(name) if type_of(&name).is_some() => Violation::public_provider(pointer, &name),
            _ => Violation::unknown_provider(pointer, id),
        };
        self.named.all(is_acceptable, violation).map_err(Error::Invalid)?;
        let at = self.clock.now();
        let rule = |name: &ProviderName| Rule {
            added_by: caller.known(),
            provider_type: type_of(name),
            settings: settings.clone(),
            ..Rule::new(RuleKey::SsoConnector(name.clone()), at)
        };
        Ok(added.iter().map(rule).collect())
    }

    /// Looks up the type of a provider, if that was not done yet. Providers are looked up one after the
    /// other, with a pause between them.
    async fn look_up(&self, name: &ProviderName) -> Result<(), Failure> {
        let (is_known, is_first) = {
            let types = self.types();
            (types.contains_key(name), types.is_empty())
        };
        if is_known {
            return Ok(());
        }
        if !is_first {
            self.clock.pause(BETWEEN_LOOK_UPS).await;
        }
        if self.clock.now() >= self.end {
            let cause = "not all identity providers were looked up in time".to_owned();
            let operation = UserPool::DESCRIBE_IDENTITY_PROVIDER;
            return Err(Failure::Unavailable { service: Service::Cognito, operation, cause });
        }
        let found = self.user_pool.identity_provider_type(name).await?;
        self.types().insert(name.clone(), found);
        Ok(())
    }

    fn types(&self) -> MutexGuard<'_, HashMap<ProviderName, Option<String>>> {
        self.types.lock().expect("nothing panics with the lock")
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

/// Whether an address can end with the name. Clients take `.` and `..` out of a path, also if they are
/// encoded (WHATWG URL, "dot segments").
fn is_reachable(name: &ProviderName) -> bool {
    !matches!(name.as_str(), "." | "..")
}
