//! Capabilities: the parts that a function needs, such as the [`Store`] or the [`Clock`].
//!
//! A function declares its capabilities with [`capabilities!`](crate::capabilities!). On Lambda it
//! gets only these, and reads only their environment variables. A handler takes single
//! capabilities, as `State<Store>`. [`App`] has all of them, for the local server and the tests.

use std::cell::OnceCell;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::ambient::{Clock, Randomness};
use crate::claims::ClaimsPolicy;
use crate::clients::{Waits, cognito, dynamodb, event_bridge, lambda, sqs};
use crate::cognito::UserPool;
use crate::console::{Console, SignIn, origin};
use crate::dns::{Dns, NameServers};
use crate::domain::decision::JoinPolicy;
use crate::domain::jit::DomainOwnership;
use crate::domain::provider::{AttributeName, ProviderPolicy, TrustedProviders};
use crate::domain::public_mailbox::MailboxPolicy;
use crate::event_bus::{DeadLetters, EventBus, EventPolicy};
use crate::next_trigger::{FunctionArn, NextTrigger, NextTriggerSettingError};
use crate::provisioning::Provisioning;
use crate::store::Store;
use crate::token_cache::{TokenCache, TokenCacheSeconds};

/// A part that a function needs. Cheap to clone.
pub trait Capability: Clone + Send + Sync + 'static {
    /// The environment variables that it is read from.
    const VARIABLES: &'static [&'static str];

    /// Reads it from the environment.
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError>;
}

/// All capabilities of one function.
pub trait Capabilities: Clone + Send + Sync + 'static {
    /// The environment variables of each capability.
    const VARIABLES: &'static [&'static [&'static str]];

    /// Reads all of them from the environment.
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError>;
}

/// Declares the capabilities of a function: a struct with a field for each [`Capability`].
#[macro_export]
macro_rules! capabilities {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_doc:meta])* $field_visibility:vis $field:ident: $capability:ty),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        $visibility struct $name {
            $($(#[$field_doc])* $field_visibility $field: $capability),+
        }

        impl $crate::capabilities::Capabilities for $name {
            const VARIABLES: &'static [&'static [&'static str]] =
                &[$(<$capability as $crate::capabilities::Capability>::VARIABLES),+];

            fn from_environment(
                environment: &$crate::capabilities::Environment,
            ) -> Result<Self, $crate::capabilities::EnvironmentError> {
                use $crate::capabilities::Capability;
                Ok(Self { $($field: <$capability>::from_environment(environment)?),+ })
            }
        }

        impl From<&$crate::App> for $name {
            fn from(app: &$crate::App) -> Self {
                Self { $($field: axum::extract::FromRef::from_ref(app)),+ }
            }
        }

        $(impl axum::extract::FromRef<$name> for $capability {
            fn from_ref(all: &$name) -> Self {
                all.$field.clone()
            }
        })+
    };
}

capabilities! {
    /// The capabilities of all functions.
    pub struct App {
        /// The table.
        pub store: Store,
        /// The time.
        pub clock: Clock,
        /// Randomness, for new ids.
        pub randomness: Randomness,
        /// Which organizations may list which public mailbox domains.
        pub mailbox_policy: MailboxPolicy,
        /// Who answers for a new email domain.
        pub domain_ownership: DomainOwnership,
        /// How large claims may be, and in which tokens they go.
        pub claims_policy: ClaimsPolicy,
        /// The provisioning engine.
        pub provisioning: Provisioning,
        /// The user pool.
        pub user_pool: UserPool,
        /// The console's pages, and where operators sign in.
        pub console: Console,
        /// The resolver that is asked for the records that prove domains.
        pub dns: Dns,
        /// The function that the pool had for a trigger before, which only a trigger on Lambda has.
        pub next_trigger: NextTrigger,
        /// The bus for events.
        pub event_bus: EventBus,
        /// The queue for what cannot be published.
        pub dead_letters: DeadLetters,
        /// What events have, and how long activity is kept.
        pub event_policy: EventPolicy,
        /// What tokens are made of that may be some seconds old.
        pub token_cache: TokenCache,
    }
}

/// What the operator decides, by parameters of the stack.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Who joins.
    pub joining: JoinPolicy,
    /// Who answers for a new email domain.
    pub domain_ownership: DomainOwnership,
    /// How large claims may be, and in which tokens they go.
    pub claims: ClaimsPolicy,
    /// What events have, and how long activity is kept.
    pub events: EventPolicy,
    /// How old what tokens are made of may be.
    pub token_cache: TokenCacheSeconds,
}

impl App {
    /// All capabilities, from their parts. DNS is that of this machine. There is no function that the
    /// pool had before, no bus and no queue.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        randomness: Randomness,
        policies: Policies,
        user_pool: UserPool,
        console: Console,
    ) -> Self {
        let Policies { joining, domain_ownership, claims: claims_policy, events, token_cache } =
            policies;
        let token_cache = TokenCache::new(token_cache, &clock);
        let mailbox_policy = joining.mailboxes.clone();
        let provisioning = Provisioning::new(store.clone(), joining, clock.clone());
        Self {
            store,
            clock,
            randomness,
            mailbox_policy,
            domain_ownership,
            claims_policy,
            provisioning,
            user_pool,
            console,
            dns: Dns::default(),
            next_trigger: NextTrigger::default(),
            event_bus: EventBus::default(),
            dead_letters: DeadLetters::default(),
            event_policy: events,
            token_cache,
        }
    }
}

/// The longest time that a function waits for its connection to DynamoDB before the first event. A
/// call that is waiting for the function waits for this too.
pub const WARM_UP: Duration = Duration::from_millis(300);

/// Looks up the value of an environment variable by name.
type Variables = dyn Fn(&str) -> Option<String>;

/// The environment of a function on Lambda.
pub struct Environment {
    variable: Box<Variables>,
    waits: Waits,
    store: OnceCell<Store>,
}

/// An error in a function's environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A variable that the function needs is not set.
    #[error("the environment variable {0} is not set: the template sets it")]
    Missing(&'static str),
    /// A variable has an unusable value.
    #[error("the environment variable {name} is wrong: {cause}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Why the value is unusable.
        cause: String,
    },
}

impl Environment {
    /// An environment with these variables and these time-outs for the clients of AWS.
    pub fn new(variable: impl Fn(&str) -> Option<String> + 'static, waits: Waits) -> Self {
        Self { variable: Box::new(variable), waits, store: OnceCell::new() }
    }

    /// A variable's value; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn require(&self, name: &'static str) -> Result<String, EnvironmentError> {
        self.get(name).ok_or(EnvironmentError::Missing(name))
    }

    /// A variable's value, parsed. The default value if it is not set.
    fn parsed_or_default<T>(&self, name: &'static str) -> Result<T, EnvironmentError>
    where
        T: FromStr<Err: fmt::Display> + Default,
    {
        let parsed = self.get(name).map(|text| text.parse()).transpose();
        Ok(parsed.map_err(|error| invalid(name, &error))?.unwrap_or_default())
    }

    /// The name of the stack, from `STACK_NAME`; `none` outside a stack.
    #[must_use]
    pub fn stack_name(&self) -> String {
        self.get("STACK_NAME").unwrap_or_else(|| "none".to_owned())
    }

    /// Opens the connection to DynamoDB before the first event, if the function uses the table. It
    /// waits for at most [`WARM_UP`]. After that, the connection is opened while events are handled.
    pub async fn warm_up(&self) {
        if let Some(store) = self.store.get().cloned() {
            let opened = tokio::spawn(async move { store.warm_up().await });
            // The task has logged a failure.
            drop(tokio::time::timeout(WARM_UP, opened).await);
        }
    }
}

fn invalid(name: &'static str, cause: &impl fmt::Display) -> EnvironmentError {
    EnvironmentError::Invalid { name, cause: cause.to_string() }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Environment")
    }
}

impl Capability for Clock {
    const VARIABLES: &'static [&'static str] = &[];

    fn from_environment(_: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self::system())
    }
}

impl Capability for Randomness {
    const VARIABLES: &'static [&'static str] = &[];

    fn from_environment(_: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self::system())
    }
}

const TABLE_NAME: &str = "TABLE_NAME";

impl Capability for Store {
    const VARIABLES: &'static [&'static str] = &[TABLE_NAME];

    /// All capabilities that use the table share one client.
    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let table = environment.require(TABLE_NAME)?;
        let new = || {
            Self::new(
                dynamodb(&*environment.variable, environment.waits),
                table,
                Clock::system(),
                Randomness::system(),
            )
        };
        Ok(environment.store.get_or_init(new).clone())
    }
}

const PUBLIC_MAILBOX_EXCEPTIONS: &str = "PUBLIC_MAILBOX_EXCEPTIONS";

impl Capability for MailboxPolicy {
    const VARIABLES: &'static [&'static str] = &[PUBLIC_MAILBOX_EXCEPTIONS];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let exceptions = environment.get(PUBLIC_MAILBOX_EXCEPTIONS).unwrap_or_default();
        Self::parse(&exceptions).map_err(|error| invalid(PUBLIC_MAILBOX_EXCEPTIONS, &error))
    }
}

const DOMAIN_OWNERSHIP: &str = "DOMAIN_OWNERSHIP";

impl Capability for DomainOwnership {
    const VARIABLES: &'static [&'static str] = &[DOMAIN_OWNERSHIP];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        environment.parsed_or_default(DOMAIN_OWNERSHIP)
    }
}

const CLAIMS_BYTES: &str = "CLAIMS_BYTES";
const CLAIMS_IN: &str = "CLAIMS_IN";
const JOIN_REQUEST_CLAIMS: &str = "JOIN_REQUEST_CLAIMS";

impl Capability for ClaimsPolicy {
    const VARIABLES: &'static [&'static str] = &[CLAIMS_BYTES, CLAIMS_IN, JOIN_REQUEST_CLAIMS];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let most = environment.parsed_or_default(CLAIMS_BYTES)?;
        let tokens = environment.parsed_or_default(CLAIMS_IN)?;
        let requests = environment.parsed_or_default(JOIN_REQUEST_CLAIMS)?;
        Ok(Self { most, tokens, requests })
    }
}

impl Capability for Provisioning {
    const VARIABLES: &'static [&'static str] =
        &[TABLE_NAME, PUBLIC_MAILBOX_EXCEPTIONS, TRUSTED_PROVIDERS, GOOGLE_HOSTED_DOMAIN_ATTRIBUTE];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let store = Store::from_environment(environment)?;
        Ok(Self::new(store, join_policy(environment)?, Clock::system()))
    }
}

const TRUSTED_PROVIDERS: &str = "TRUSTED_PROVIDERS";
const GOOGLE_HOSTED_DOMAIN_ATTRIBUTE: &str = "GOOGLE_HOSTED_DOMAIN_ATTRIBUTE";

/// Reads what the operator decides about who joins. `TRUSTED_PROVIDERS` is the one variable of which an
/// empty value differs from none: it means that no provider is trusted.
fn join_policy(environment: &Environment) -> Result<JoinPolicy, EnvironmentError> {
    let mailboxes = MailboxPolicy::from_environment(environment)?;
    let trusted = (environment.variable)(TRUSTED_PROVIDERS)
        .map_or_else(|| Ok(TrustedProviders::default()), |names| TrustedProviders::parse(&names))
        .map_err(|error| invalid(TRUSTED_PROVIDERS, &error))?;
    let google_hosted_domain = environment
        .get(GOOGLE_HOSTED_DOMAIN_ATTRIBUTE)
        .map(|name| AttributeName::parse(&name))
        .transpose()
        .map_err(|error| invalid(GOOGLE_HOSTED_DOMAIN_ATTRIBUTE, &error))?;
    Ok(JoinPolicy { mailboxes, providers: ProviderPolicy { trusted, google_hosted_domain } })
}

impl Policies {
    /// Reads them from the environment, as all functions together do.
    ///
    /// # Errors
    /// When a variable is malformed.
    pub fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let joining = join_policy(environment)?;
        let domain_ownership = DomainOwnership::from_environment(environment)?;
        let claims = ClaimsPolicy::from_environment(environment)?;
        let events = EventPolicy::from_environment(environment)?;
        let token_cache = environment.parsed_or_default(TOKEN_CACHE_SECONDS)?;
        Ok(Self { joining, domain_ownership, claims, events, token_cache })
    }
}

const EVENT_EMAILS: &str = "EVENT_EMAILS";
const ACTIVITY_DAYS: &str = "ACTIVITY_DAYS";

impl Capability for EventPolicy {
    const VARIABLES: &'static [&'static str] = &[EVENT_EMAILS, ACTIVITY_DAYS];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let emails = environment.parsed_or_default(EVENT_EMAILS)?;
        Ok(Self { emails, activity: environment.parsed_or_default(ACTIVITY_DAYS)? })
    }
}

const TOKEN_CACHE_SECONDS: &str = "TOKEN_CACHE_SECONDS";

impl Capability for TokenCache {
    const VARIABLES: &'static [&'static str] = &[TOKEN_CACHE_SECONDS];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let life = environment.parsed_or_default(TOKEN_CACHE_SECONDS)?;
        Ok(Self::new(life, &Clock::system()))
    }
}

const EVENT_BUS_NAME: &str = "EVENT_BUS_NAME";

impl Capability for EventBus {
    const VARIABLES: &'static [&'static str] = &[EVENT_BUS_NAME];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let client = event_bridge(&*environment.variable, environment.waits);
        Ok(Self::new(client, environment.require(EVENT_BUS_NAME)?))
    }
}

const DEAD_LETTER_QUEUE_URL: &str = "DEAD_LETTER_QUEUE_URL";

impl Capability for DeadLetters {
    const VARIABLES: &'static [&'static str] = &[DEAD_LETTER_QUEUE_URL];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let client = sqs(&*environment.variable, environment.waits);
        Ok(Self::new(client, environment.require(DEAD_LETTER_QUEUE_URL)?))
    }
}

const USER_POOL_ID: &str = "USER_POOL_ID";

impl Capability for UserPool {
    const VARIABLES: &'static [&'static str] = &[USER_POOL_ID];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let client = cognito(&*environment.variable, environment.waits);
        Ok(Self::new(client, environment.require(USER_POOL_ID)?))
    }
}

const CONSOLE_PAGES: &str = "CONSOLE_PAGES";
const OPERATOR_ISSUER: &str = "OPERATOR_ISSUER";
const OPERATOR_CLIENT_ID: &str = "OPERATOR_CLIENT_ID";
const OPERATOR_DOMAIN: &str = "OPERATOR_DOMAIN";
/// Where Lambda unpacks a layer.
const LAYER: &str = "/opt";

impl Capability for Console {
    /// Without an issuer, operators do not have to sign in. `CONSOLE_PAGES`, which the template
    /// does not set, defaults to the layer.
    const VARIABLES: &'static [&'static str] =
        &[OPERATOR_ISSUER, OPERATOR_CLIENT_ID, OPERATOR_DOMAIN];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let url = |name: &'static str| match environment.get(name) {
            Some(url) if origin(&url).is_none() => {
                Err(invalid(name, &format!("{url:?} is not an http or https URL")))
            }
            url => Ok(url),
        };
        let (issuer, domain) = (url(OPERATOR_ISSUER)?, url(OPERATOR_DOMAIN)?);
        let sign_in = match issuer {
            None => None,
            Some(issuer) => {
                let client_id = environment.require(OPERATOR_CLIENT_ID)?;
                Some(SignIn { issuer, client_id, domain })
            }
        };
        let pages = environment.get(CONSOLE_PAGES).unwrap_or_else(|| LAYER.to_owned());
        Ok(Self { pages: PathBuf::from(pages), sign_in })
    }
}

const DNS_RESOLVER: &str = "DNS_RESOLVER";

impl Capability for Dns {
    const VARIABLES: &'static [&'static str] = &[DNS_RESOLVER];

    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let named = environment.get(DNS_RESOLVER).map(|text| NameServers::parse(&text)).transpose();
        Ok(Self::new(named.map_err(|error| invalid(DNS_RESOLVER, &error))?))
    }
}

const NEXT_TRIGGER_ARN: &str = "NEXT_TRIGGER_ARN";
const NEXT_TRIGGER_FAILURE: &str = "NEXT_TRIGGER_FAILURE";

/// The triggers. The template names their functions `<stack>-<trigger>`.
pub const TRIGGERS: [&str; 2] = ["post-confirmation", "pre-token-generation"];

impl Capability for NextTrigger {
    const VARIABLES: &'static [&'static str] = &[NEXT_TRIGGER_ARN, NEXT_TRIGGER_FAILURE];

    /// A client of Lambda is made only if there is a function. Names of functions are unique within an
    /// account and a region. Lambda tells a function its name and its region, and not its account, so
    /// the same name in the same region is the function itself. The same holds for the names of the
    /// stack's triggers.
    fn from_environment(environment: &Environment) -> Result<Self, EnvironmentError> {
        let on_failure = environment.parsed_or_default(NEXT_TRIGGER_FAILURE)?;
        let Some(arn) = environment.get(NEXT_TRIGGER_ARN) else { return Ok(Self::default()) };
        let arn = arn.parse::<FunctionArn>().map_err(|error| invalid(NEXT_TRIGGER_ARN, &error))?;
        let is_here = environment.get("AWS_REGION").is_none_or(|region| arn.is_in(&region));
        let itself = environment.get("AWS_LAMBDA_FUNCTION_NAME");
        let stack = environment.stack_name();
        let triggers = TRIGGERS.map(|trigger| format!("{stack}-{trigger}"));
        if is_here && itself.iter().chain(&triggers).any(|name| name == arn.name()) {
            let own = NextTriggerSettingError::UshersOwn(arn.to_string());
            return Err(invalid(NEXT_TRIGGER_ARN, &own));
        }
        Ok(Self::new(lambda(&*environment.variable), arn, on_failure))
    }
}
