//! Routes that can be listed, so that a test can compare them with the template.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

/// A method at a path template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path template, in the syntax that axum and API Gateway share.
    pub path: &'static str,
}

/// Routes and their handlers, which need the capabilities `C`. The routes of several functions can
/// be merged once each has its capabilities, because they have no fallbacks.
#[derive(Clone, Debug)]
pub struct Routes<C = ()> {
    list: Vec<Route>,
    router: Router<C>,
}

impl<C: Clone + Send + Sync + 'static> Default for Routes<C> {
    fn default() -> Self {
        Self { list: Vec::new(), router: Router::new() }
    }
}

impl<C: Clone + Send + Sync + 'static> Routes<C> {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for a method at a path.
    #[must_use]
    pub fn route<H, T>(mut self, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, C>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("a method that HTTP defines");
        self.router = self.router.route(path, on(filter, handler));
        self.list.push(Route { method, path });
        self
    }

    /// Adds all routes of another module.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self.router = self.router.merge(other.router);
        self
    }

    /// The methods and paths.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.list
    }

    /// The routes with the capabilities that their handlers need.
    #[must_use]
    pub fn with_capabilities(self, capabilities: C) -> Routes {
        Routes { list: self.list, router: self.router.with_state(capabilities) }
    }
}

impl Routes {
    /// The service, ready for requests.
    pub fn into_service(self) -> Router {
        super::finish(self.router)
    }
}
