//! Lists of ids and names in request bodies.

use std::collections::HashSet;
use std::hash::Hash;

use shared::Violation;

use crate::values::Checked;

/// The ids, or the names, in the list `list` of a body. A text that cannot be one is never found.
pub(crate) struct Named<'a, Id> {
    list: &'static str,
    texts: &'a [String],
    parsed: Vec<Option<Id>>,
}

impl<'a, Id: Clone + Eq + Hash> Named<'a, Id> {
    pub(crate) fn parse<E>(
        list: &'static str,
        texts: &'a [String],
        parse: impl Fn(&str) -> Result<Id, E>,
    ) -> Self {
        let parsed = texts.iter().map(|text| parse(text).ok()).collect();
        Self { list, texts, parsed }
    }

    /// Each id or name once, in their order.
    pub(crate) fn each(&self) -> Vec<Id> {
        let mut seen = HashSet::new();
        self.parsed.iter().flatten().filter(|id| seen.insert(*id)).cloned().collect()
    }

    /// Fails with a violation for each text that is not an accepted id or name, at its place in the
    /// list.
    pub(crate) fn all(
        &self,
        is_accepted: impl Fn(&Id) -> bool,
        violation: impl Fn(String, &str) -> Violation,
    ) -> Checked<()> {
        let is_accepted = |id: &Option<Id>| id.as_ref().is_some_and(&is_accepted);
        let violations: Vec<_> = self
            .parsed
            .iter()
            .zip(self.texts)
            .enumerate()
            .filter(|(_, (id, _))| !is_accepted(id))
            .map(|(index, (_, text))| violation(format!("/{}/{index}", self.list), text))
            .collect();
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }
}
