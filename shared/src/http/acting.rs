//! What acts for the caller of a request, so that what changes has its actor.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use std::convert::Infallible;

use crate::domain::actor::Actor;
use crate::domain::caller::Caller;
use crate::provisioning::Provisioning;
use crate::store::Store;

/// A capability that acts for the caller of the request. A handler that writes takes
/// `Acting<Store>` in place of `State<Store>`.
#[derive(Clone, Debug)]
pub struct Acting<T>(pub T);

/// A capability that can act for a caller.
pub trait ActFor {
    /// The capability for what this caller does.
    #[must_use]
    fn act_for(&self, caller: &Caller) -> Self;
}

impl ActFor for Store {
    fn act_for(&self, caller: &Caller) -> Self {
        self.acting(Actor::Caller(caller.clone()))
    }
}

impl ActFor for Provisioning {
    fn act_for(&self, caller: &Caller) -> Self {
        self.acting(caller)
    }
}

impl<S: Sync, T: ActFor + FromRef<S>> FromRequestParts<S> for Acting<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self(T::from_ref(state).act_for(&caller)))
    }
}
