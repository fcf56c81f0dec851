//! DynamoDB's expressions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::number;
use crate::domain::version::Precondition;

/// An update expression and a condition expression, with the names and values that both use.
#[derive(Clone, Default)]
pub(super) struct Expression {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// The condition that there is no item.
    pub(super) fn absent() -> Self {
        Self::default().when("attribute_not_exists(pk)")
    }

    pub(super) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    pub(super) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    pub(super) fn set(mut self, action: impl Into<String>) -> Self {
        self.set.push(action.into());
        self
    }

    pub(super) fn remove(mut self, path: impl Into<String>) -> Self {
        self.remove.push(path.into());
        self
    }

    pub(super) fn when(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Adds the condition that the number at a path is one of the versions of a precondition.
    pub(super) fn when_version(mut self, path: &str, precondition: &Precondition) -> Self {
        let Precondition::OneOf(versions) = precondition else {
            return self;
        };
        if versions.is_empty() {
            // Without a version, the precondition never holds, but DynamoDB does not accept an
            // empty `IN`. Every list has a version, so this condition never holds either.
            return self.when(format!("attribute_not_exists({path})"));
        }
        let placeholders: Vec<_> = (0..versions.len()).map(|index| format!(":if{index}")).collect();
        for (placeholder, version) in placeholders.iter().zip(versions) {
            self = self.value(placeholder, number(version.get()));
        }
        self.when(format!("{path} IN ({})", placeholders.join(", ")))
    }

    pub(super) fn update(&self) -> String {
        let clause = |word: &str, actions: &[String]| match actions {
            [] => String::new(),
            actions => format!("{word} {} ", actions.join(", ")),
        };
        format!("{}{}", clause("SET", &self.set), clause("REMOVE", &self.remove))
    }

    pub(super) fn condition(&self) -> Option<String> {
        let all = || self.conditions.iter().map(|one| format!("({one})")).collect::<Vec<_>>();
        (!self.conditions.is_empty()).then(|| all().join(" AND "))
    }
}

/// The map, or `None` if it is empty: DynamoDB does not accept empty maps of names or values.
pub(super) fn non_empty<K, V>(map: HashMap<K, V>) -> Option<HashMap<K, V>> {
    (!map.is_empty()).then_some(map)
}
