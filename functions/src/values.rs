//! Values of request bodies that more than one function takes.

use shared::Violation;
use shared::domain::text::{Description, Name};

/// A value, or everything that is wrong with it.
pub(crate) type Checked<T> = Result<T, Vec<Violation>>;

/// Both values, or everything that is wrong with either.
pub(crate) fn both<A, B>(a: Checked<A>, b: Checked<B>) -> Checked<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).flatten().collect()),
    }
}

/// A name.
pub(crate) fn name(text: &str) -> Checked<Name> {
    Name::parse(text).map_err(|error| vec![Violation::name(error)])
}

/// A description, if there is one.
pub(crate) fn description(text: Option<&str>) -> Checked<Option<Description>> {
    let parsed = text.map(Description::parse).transpose();
    parsed.map_err(|error| vec![Violation::description(error)])
}
