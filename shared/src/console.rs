//! What the console's function serves, and where operators sign in.

use std::path::PathBuf;

use axum::http::Uri;

/// What the console's function serves, and where operators sign in.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// The folder with the built pages; they are read with each request.
    pub pages: PathBuf,
    /// Where operators sign in; nowhere on a developer's machine.
    pub sign_in: Option<SignIn>,
}

/// Where operators sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who issues their tokens: the operators' user pool.
    pub issuer: String,
    /// The app client that they sign in through.
    pub client_id: String,
    /// The base URL of the sign-in page, which is another one with Cognito.
    pub domain: Option<String>,
}

impl SignIn {
    /// Scheme and host of each address here, as a Content-Security-Policy names them.
    pub fn origins(&self) -> impl Iterator<Item = String> {
        [Some(&self.issuer), self.domain.as_ref()].into_iter().flatten().filter_map(|it| origin(it))
    }
}

/// Scheme and host of a URL that a browser may fetch from.
pub(crate) fn origin(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    let scheme = url.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let host = url.authority()?.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    host.bytes().all(plain).then(|| format!("{scheme}://{host}"))
}
