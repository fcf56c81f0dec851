//! `endpoints!` makes a function's routes, and their part of the OpenAPI document, from its
//! handlers. Only the handler's `#[utoipa::path]` has the method and path of a route.

/// Lists the handlers of a function whose capabilities are `Needs`: `endpoints!(list, add)`, or
/// `endpoints! { members::{list, add}, roles::{assign} }` if they are in modules below this one.
/// Each handler of a function needs a name of its own, which names its route in the template.
macro_rules! endpoints {
    ($($handler:ident),+ $(,)?) => {
        $crate::endpoints::endpoints! { self::{ $($handler),+ } }
    };
    ($($module:ident::{ $($handler:ident),+ $(,)? }),+ $(,)?) => {
        /// The routes of this function, with their handlers.
        pub fn routes() -> shared::http::Routes<Needs> {
            pastey::paste! {
                shared::http::Routes::new()$($(
                    .endpoint(
                        stringify!($handler),
                        $module::[<__path_ $handler>],
                        $module::$handler,
                    )
                )+)+
            }
        }

        /// The OpenAPI document of the handlers' annotations. Not called on Lambda.
        pub(crate) fn annotations() -> utoipa::openapi::OpenApi {
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($($module::$handler),+),+))]
            struct Annotated;
            <Annotated as utoipa::OpenApi>::openapi()
        }
    };
}

pub(crate) use endpoints;
