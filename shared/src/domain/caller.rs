//! The caller of the Management API.

/// The caller of a request: the app client and the subject of the access token that API Gateway has
/// verified. Cognito gives a program's token its client's id as subject.
///
/// A request without such a token has no caller. Only the local server and tests have those, because
/// API Gateway refuses them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    client_id: Option<String>,
    subject: Option<String>,
}

impl Caller {
    /// The most characters of a client id or a subject. Of a longer one, the rest is left out, and an
    /// ellipsis says so. Cognito's client ids have at most 128, its subjects 36.
    pub const LONGEST: usize = 128;
    /// What stands for a client id or a subject that the request does not have.
    pub const NONE: &str = "none";

    /// The caller with these claims of an access token.
    #[must_use]
    pub fn new(client_id: Option<&str>, subject: Option<&str>) -> Self {
        Self { client_id: client_id.and_then(readable), subject: subject.and_then(readable) }
    }

    /// The caller to keep in an item: `None` without a token.
    #[must_use]
    pub fn known(&self) -> Option<Self> {
        (*self != Self::default()).then(|| self.clone())
    }

    /// The claim `client_id`, or [`Self::NONE`].
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.client_id.as_deref().unwrap_or(Self::NONE)
    }

    /// The claim `sub`, or [`Self::NONE`].
    #[must_use]
    pub fn subject(&self) -> &str {
        self.subject.as_deref().unwrap_or(Self::NONE)
    }
}

/// A claim for the log: a bounded number of visible ASCII characters. Others are replaced. `None` if
/// the claim is empty.
fn readable(claim: &str) -> Option<String> {
    let mut characters = claim.chars();
    let shown = characters.by_ref().take(Caller::LONGEST);
    let mut shown: String =
        shown.map(|c| if c.is_ascii_graphic() { c } else { char::REPLACEMENT_CHARACTER }).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    (!shown.is_empty()).then_some(shown)
}
