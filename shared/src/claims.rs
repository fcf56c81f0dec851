//! What the operator decides about the claims of a token: how large they may be, in which tokens they
//! go, and whether there is one with the requests to join.

use std::str::FromStr;

/// What the operator decides about the claims of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimsPolicy {
    /// The most that the claims may take of a token.
    pub most: ClaimsBytes,
    /// The tokens that have the claims.
    pub tokens: ClaimsIn,
    /// Whether there is a claim with the requests to join.
    pub requests: JoinRequestClaims,
}

/// A number of bytes that claims take of a token: of their JSON in base64, as the token carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimsBytes(usize);

/// The tokens that have the claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimsIn {
    /// The ID token and the access token.
    #[default]
    Both,
    /// The access token.
    Access,
    /// The ID token.
    Id,
}

/// Whether tokens say which organizations the user has asked to join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinRequestClaims(pub bool);

/// Text that is not a number of bytes, no tokens, or neither yes nor no. The texts say what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsPolicyError {
    /// The number is missing or out of range.
    #[error(
        "{0:?} is not a number from {least} to {most}",
        least = ClaimsBytes::LEAST,
        most = ClaimsBytes::MOST
    )]
    Bytes(String),
    /// The word names no tokens.
    #[error("{0:?} is none of `both`, `access` and `id`")]
    Tokens(String),
    /// The word is neither yes nor no.
    #[error("{0:?} is neither `true` nor `false`")]
    Requests(String),
}

impl ClaimsBytes {
    /// The least limit. It is twice what `organizations_overflow` takes.
    pub const LEAST: usize = 100;
    /// The greatest limit. Gateways accept about 8 KB for all headers of a request.
    pub const MOST: usize = 8_000;

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for ClaimsBytes {
    /// With this limit a token fits into a cookie (4 KB), and two fit into the headers of a request.
    fn default() -> Self {
        Self(2_000)
    }
}

impl FromStr for ClaimsBytes {
    type Err = ClaimsPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.parse().ok().filter(|it| (Self::LEAST..=Self::MOST).contains(it));
        bytes.map(Self).ok_or_else(|| ClaimsPolicyError::Bytes(text.to_owned()))
    }
}

impl ClaimsIn {
    /// Whether the ID token has the claims.
    #[must_use]
    pub fn id_token(self) -> bool {
        matches!(self, Self::Both | Self::Id)
    }

    /// Whether the access token has the claims.
    #[must_use]
    pub fn access_token(self) -> bool {
        matches!(self, Self::Both | Self::Access)
    }
}

impl FromStr for ClaimsIn {
    type Err = ClaimsPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "both" => Ok(Self::Both),
            "access" => Ok(Self::Access),
            "id" => Ok(Self::Id),
            _ => Err(ClaimsPolicyError::Tokens(text.to_owned())),
        }
    }
}

impl FromStr for JoinRequestClaims {
    type Err = ClaimsPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let has_claim = text.parse().map_err(|_| ClaimsPolicyError::Requests(text.to_owned()));
        has_claim.map(Self)
    }
}
