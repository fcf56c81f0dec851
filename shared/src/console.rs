//! The settings of the console: its pages, and where operators sign in.

use std::path::PathBuf;

use axum::http::Uri;

/// The settings of the console.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// The folder with the built pages. Each request reads them again.
    pub pages: PathBuf,
    /// Where operators sign in; `None` on a developer's machine, where they do not have to.
    pub sign_in: Option<SignIn>,
}

/// Where operators sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The issuer of their tokens: the operators' user pool.
    pub issuer: String,
    /// The app client for the sign-in.
    pub client_id: String,
    /// The base URL of the sign-in page, if it differs from the issuer's, as with Cognito.
    pub domain: Option<String>,
}

impl SignIn {
    /// Scheme and host of issuer and sign-in page, in the form that a Content-Security-Policy
    /// takes.
    pub fn origins(&self) -> impl Iterator<Item = String> {
        [Some(&self.issuer), self.domain.as_ref()].into_iter().flatten().filter_map(|it| origin(it))
    }
}

/// Scheme and host of an http or https URL; `None` for other text.
pub(crate) fn origin(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    let scheme = url.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let host = url.authority()?.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    host.bytes().all(plain).then(|| format!("{scheme}://{host}"))
}
