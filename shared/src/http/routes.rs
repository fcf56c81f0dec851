//! Routes that can be listed, so that a test can hold them against the template.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use crate::app::App;

/// A method at a path template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path template, in the syntax that axum and API Gateway share.
    pub path: &'static str,
}

/// Routes and their handlers. Those of several functions can be merged: they have no fallbacks.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    list: Vec<Route>,
    router: Router<App>,
}

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for a method at a path.
    #[must_use]
    pub fn route<H, T>(mut self, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("a method that HTTP defines");
        self.router = self.router.route(path, on(filter, handler));
        self.list.push(Route { method, path });
        self
    }

    /// Adds all routes of another function.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self.router = self.router.merge(other.router);
        self
    }

    /// What there is.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.list
    }

    /// The service, ready for requests.
    pub fn into_service(self, app: App) -> Router {
        super::finish(self.router.with_state(app))
    }
}
