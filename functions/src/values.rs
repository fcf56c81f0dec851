//! Values of request bodies of more than one function.

use shared::Violation;
use shared::domain::text::{Description, Name};
use shared::domain::user::User;

/// A value, or all its violations.
pub(crate) type Checked<T> = Result<T, Vec<Violation>>;

/// Both values, or the violations of both.
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

/// Cognito's `Username` for a new user.
pub(crate) fn username(text: &str) -> Checked<&str> {
    User::check_user_name(text).map_err(|error| vec![Violation::username(error)])?;
    Ok(text)
}

/// The changes to a name and a description. `None` leaves a text unchanged.
pub(crate) fn changed_texts(
    new_name: Option<&str>,
    new_description: Option<&Option<String>>,
) -> Checked<(Option<Name>, Option<Option<Description>>)> {
    both(
        new_name.map(name).transpose(),
        new_description.map(|text| description(text.as_deref())).transpose(),
    )
}

/// A description, if there is one.
pub(crate) fn description(text: Option<&str>) -> Checked<Option<Description>> {
    let parsed = text.map(Description::parse).transpose();
    parsed.map_err(|error| vec![Violation::description(error)])
}

/// The value of a flag in a query string.
pub(crate) fn flag(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "must be `true` or `false`".to_owned())
}
