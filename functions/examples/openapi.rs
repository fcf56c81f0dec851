//! Prints the OpenAPI document. `make openapi` writes it to `functions/console/openapi.json`.

fn main() {
    println!("{:#}", functions::openapi::document());
}
