//! What a function reads of its environment, once.

use std::path::PathBuf;

use crate::console::{Console, SignIn, origin};
use crate::domain::public_mailbox::MailboxPolicy;

/// What a function reads of its environment, once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The table, from `TABLE_NAME`.
    pub table_name: String,
    /// Pairs of organization and public mailbox domain that are admitted all the same, from
    /// `PUBLIC_MAILBOX_EXCEPTIONS`.
    pub mailbox_policy: MailboxPolicy,
}

/// What is wrong with a function's environment.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable without which nothing works.
    #[error("the environment variable {0} is not set: the template sets it")]
    Missing(&'static str),
    /// A variable whose value makes no sense.
    #[error("the environment variable {name} is wrong: {cause}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        cause: String,
    },
}

impl Settings {
    /// Reads the settings from named values.
    ///
    /// # Errors
    /// When one is missing or makes no sense.
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        const TABLE_NAME: &str = "TABLE_NAME";
        const EXCEPTIONS: &str = "PUBLIC_MAILBOX_EXCEPTIONS";
        let table_name = value(TABLE_NAME).filter(|name| !name.is_empty());
        let exceptions = value(EXCEPTIONS).unwrap_or_default();
        Ok(Self {
            table_name: table_name.ok_or(SettingsError::Missing(TABLE_NAME))?,
            mailbox_policy: MailboxPolicy::parse(&exceptions).map_err(|error| {
                SettingsError::Invalid { name: EXCEPTIONS, cause: error.to_string() }
            })?,
        })
    }

    /// Reads the name of the stack, from `STACK_NAME`, for the metrics.
    #[must_use]
    pub fn stack_name(value: impl Fn(&str) -> Option<String>) -> String {
        value("STACK_NAME").filter(|name| !name.is_empty()).unwrap_or_else(|| "none".to_owned())
    }

    /// Reads the id of the user pool, from `USER_POOL_ID`, for the functions that need it.
    ///
    /// # Errors
    /// When it is missing.
    pub fn user_pool_id(value: impl Fn(&str) -> Option<String>) -> Result<String, SettingsError> {
        const USER_POOL_ID: &str = "USER_POOL_ID";
        value(USER_POOL_ID).filter(|id| !id.is_empty()).ok_or(SettingsError::Missing(USER_POOL_ID))
    }

    /// Reads where the console's pages are, from `CONSOLE_PAGES`, and where operators sign in, from
    /// `OPERATOR_ISSUER`, `OPERATOR_CLIENT_ID` and `OPERATOR_DOMAIN`: without an issuer, nowhere.
    ///
    /// # Errors
    /// When the client is missing, or an address is none that a browser can use.
    pub fn console(value: impl Fn(&str) -> Option<String>) -> Result<Console, SettingsError> {
        const PAGES: &str = "CONSOLE_PAGES";
        const ISSUER: &str = "OPERATOR_ISSUER";
        const CLIENT_ID: &str = "OPERATOR_CLIENT_ID";
        const DOMAIN: &str = "OPERATOR_DOMAIN";
        /// Where Lambda unpacks a layer.
        const LAYER: &str = "/opt";

        let value = |name: &str| value(name).filter(|value| !value.is_empty());
        let address = |name: &'static str| match value(name) {
            Some(url) if origin(&url).is_none() => {
                let cause = format!("{url:?} is no http or https address");
                Err(SettingsError::Invalid { name, cause })
            }
            url => Ok(url),
        };
        let (issuer, client_id, domain) = (address(ISSUER)?, value(CLIENT_ID), address(DOMAIN)?);
        let sign_in = match issuer {
            None => None,
            Some(issuer) => {
                let client_id = client_id.ok_or(SettingsError::Missing(CLIENT_ID))?;
                Some(SignIn { issuer, client_id, domain })
            }
        };
        let pages = value(PAGES).map_or_else(|| PathBuf::from(LAYER), PathBuf::from);
        Ok(Console { pages, sign_in })
    }
}
