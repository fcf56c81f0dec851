//! What a write has changed in a list.

/// The entries that a write has added to a list, and those that it has removed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "each effective write has an audit line"]
pub struct ListChange<T> {
    /// The added entries.
    pub added: Vec<T>,
    /// The removed entries.
    pub removed: Vec<T>,
}

impl<T> Default for ListChange<T> {
    fn default() -> Self {
        Self { added: Vec::new(), removed: Vec::new() }
    }
}

impl<T: Clone + PartialEq> ListChange<T> {
    /// The change from one list to another. The order of the entries does not count.
    pub fn between(before: &[T], after: &[T]) -> Self {
        let new = after.iter().filter(|entry| !before.contains(entry));
        let gone = before.iter().filter(|entry| !after.contains(entry));
        Self { added: new.cloned().collect(), removed: gone.cloned().collect() }
    }
}
