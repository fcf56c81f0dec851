//! `endpoints!` makes the routes of a function and their part of the OpenAPI document out of its
//! handlers. Method and path of a route stand in the handler's `#[utoipa::path]` alone.

/// Lists the handlers of a function, whose capabilities are `Needs`: `endpoints!(list, add)`, or
/// `endpoints! { members::{list, add}, roles::{assign} }` where they are in modules below this one.
/// The names of a function's handlers differ: they tell its routes apart in the template.
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

        /// What the annotations of the handlers say. Nothing that runs on Lambda calls this.
        pub(crate) fn annotations() -> utoipa::openapi::OpenApi {
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($($module::$handler),+),+))]
            struct Annotated;
            <Annotated as utoipa::OpenApi>::openapi()
        }
    };
}

pub(crate) use endpoints;
