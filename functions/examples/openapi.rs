//! Prints the OpenAPI document: `make openapi` keeps it in `functions/console/openapi.json`.

fn main() {
    println!("{:#}", functions::openapi::document());
}
