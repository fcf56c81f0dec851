//! Routes that can be listed. The template, the documents and the tests are made from the list.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, on};
use utoipa::openapi::HttpMethod;

use super::query::{Known, refuse_unknown};

/// A method at a path template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// What its function calls the handler.
    pub handler: &'static str,
    /// The method.
    pub method: Method,
    /// The path template in axum's syntax, in which `{*path}` stands for any number of segments.
    pub path: String,
}

impl Route {
    /// The path template as API Gateway writes it.
    #[must_use]
    pub fn api_gateway_path(&self) -> String {
        match self.path.split_once("{*") {
            Some((path, rest)) => format!("{path}{{{}", rest.replacen('}', "+}", 1)),
            None => self.path.clone(),
        }
    }

    /// The path template as OpenAPI writes it, which has no word for several segments.
    #[must_use]
    pub fn openapi_path(&self) -> String {
        self.path.replacen("{*", "{", 1)
    }
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

    /// Adds a handler of this name, at the method and the path of its annotation. Query parameters
    /// that the annotation does not declare are refused.
    #[must_use]
    pub fn endpoint<A, H, T>(mut self, name: &'static str, _annotation: A, handler: H) -> Self
    where
        A: utoipa::Path,
        H: Handler<T, C>,
        T: 'static,
    {
        let methods: Vec<_> = A::methods().iter().map(method).collect();
        let filters = methods.iter().cloned().map(|method| {
            MethodFilter::try_from(method).expect("axum knows the methods of an annotation")
        });
        if let Some(filter) = filters.reduce(MethodFilter::or) {
            let known = from_fn_with_state(Known::of(&A::operation()), refuse_unknown);
            self.router = self.router.route(&A::path(), on(filter, handler).route_layer(known));
        }
        let route = |method| Route { handler: name, method, path: A::path() };
        self.list.extend(methods.into_iter().map(route));
        self
    }

    /// Adds all routes of another function.
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

fn method(annotated: &HttpMethod) -> Method {
    match annotated {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

impl Routes {
    /// The service, ready for requests.
    pub fn into_service(self) -> Router {
        super::finish(self.router)
    }
}
