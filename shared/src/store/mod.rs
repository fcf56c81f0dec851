//! The one table, behind one concrete [`Store`], a file for each kind of item.
//!
//! Every read is strongly consistent, unless its documentation says otherwise. Every write is a
//! transaction, even of one item: a transaction carries an idempotency token, so that a retry
//! after a lost answer never takes its own first attempt for somebody else's.

mod default_roles;
mod email_domains;
mod item;
mod keys;
mod organization_roles;
mod organizations;
mod users;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, DeleteRequest, Get,
    KeysAndAttributes, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use futures_util::future::try_join_all;

pub use organization_roles::OrganizationRoleChanges;
pub use organizations::{OrganizationChanges, OrganizationRank, Page};
pub use users::{Joining, UserItems};

use crate::ambient::Randomness;
use crate::domain::jit::Precondition;
use item::{Attributes, Item, number};
use keys::Key;

/// The items that one transaction takes (DynamoDB's limit).
const TRANSACTION_ITEMS: usize = 100;
/// The keys that one `BatchGetItem` takes (DynamoDB's limit).
const BATCH_GET_KEYS: usize = 100;
/// The requests that one `BatchWriteItem` takes (DynamoDB's limit).
const BATCH_WRITE_REQUESTS: usize = 25;
/// How often a call is repeated that the table could not take just then.
const REPEATS: u32 = 6;
/// The upper bound of the first pause between repeats; it doubles each time, and each pause is
/// drawn between zero and its bound.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Why the store failed. Meant for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB did not answer in time, or could not take the call just then: it may later.
    #[error("DynamoDB is unavailable: {operation}: {cause}")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// DynamoDB refused the call: a mistake in code, table or permissions.
    #[error("DynamoDB refused: {operation}: {cause}")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// An item is not what this code writes.
    #[error("unreadable item: {attribute} of {key} in table {table} is not {expected}")]
    Unreadable {
        /// The table.
        table: String,
        /// The item's partition and sort key.
        key: String,
        /// The attribute, with the maps around it.
        attribute: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// The table, and how to reach it.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    randomness: Randomness,
}

/// A transaction did not happen, because conditions failed.
struct Unmet(Vec<UnmetCondition>);

/// The position of a write whose condition failed, and the item that was there.
struct UnmetCondition {
    index: usize,
    item: Option<Attributes>,
}

impl Unmet {
    /// The item that was there, where the write at this position failed; `Some(None)` where
    /// there was none.
    fn at(&self, index: usize) -> Option<Option<&Attributes>> {
        self.0
            .iter()
            .find(|condition| condition.index == index)
            .map(|condition| condition.item.as_ref())
    }
}

impl Store {
    /// A store over a table. The randomness spreads repeats.
    pub fn new(client: Client, table: impl Into<Arc<str>>, randomness: Randomness) -> Self {
        Self { client, table: table.into(), randomness }
    }

    /// Reads an item that does not exist, so that the connection stands before the first event.
    /// Whether it succeeds makes no difference.
    pub async fn warm_up(&self) {
        if let Err(error) = self.get(keys::warm_up()).await {
            tracing::warn!(%error, "the first call to DynamoDB failed");
        }
    }

    fn item<'a>(&'a self, attributes: &'a Attributes) -> Item<'a> {
        Item::new(&self.table, attributes)
    }

    async fn get(&self, key: Key) -> Result<Option<Attributes>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| failure("GetItem", &error))?;
        Ok(output.item)
    }

    /// All items of a partition whose sort key begins with a prefix.
    async fn query(&self, partition: String, prefix: &str) -> Result<Vec<Attributes>, StoreError> {
        let (condition, prefix) = match prefix {
            "" => ("#pk = :pk", None),
            prefix => ("#pk = :pk AND begins_with(#sk, :prefix)", Some(prefix)),
        };
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .key_condition_expression(condition)
                .expression_attribute_names("#pk", keys::PK)
                .expression_attribute_values(":pk", item::text(partition.clone()))
                .set_exclusive_start_key(start);
            if let Some(prefix) = prefix {
                query = query
                    .expression_attribute_names("#sk", keys::SK)
                    .expression_attribute_values(":prefix", item::text(prefix));
            }
            let output = query.send().await.map_err(|error| failure("Query", &error))?;
            items.extend(output.items.unwrap_or_default());
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The items that are there, in no particular order.
    async fn batch_get(&self, keys: Vec<Key>) -> Result<Vec<Attributes>, StoreError> {
        let keys: Vec<_> = keys.into_iter().map(Key::into_attributes).collect();
        let batches = keys.chunks(BATCH_GET_KEYS).map(|batch| self.batch_get_one(batch.to_vec()));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn batch_get_one(&self, keys: Vec<Attributes>) -> Result<Vec<Attributes>, StoreError> {
        const OPERATION: &str = "BatchGetItem";
        let mut items = Vec::with_capacity(keys.len());
        let mut wanted = Some(keys);
        let mut patience = Patience::new(&self.randomness);
        while let Some(keys) = wanted {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|error| unbuildable(OPERATION, &error))?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&*self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| failure(OPERATION, &error))?;
            items.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
            wanted = output
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&*self.table))
                .map(|rest| rest.keys)
                .filter(|keys| !keys.is_empty());
            if wanted.is_some() {
                patience.pause(OPERATION, "unprocessed keys").await?;
            }
        }
        Ok(items)
    }

    /// Items as they all were at one moment, in the order of the keys: at most 100.
    async fn get_together(&self, keys: Vec<Key>) -> Result<Vec<Option<Attributes>>, StoreError> {
        const OPERATION: &str = "TransactGetItems";
        let gets = keys
            .into_iter()
            .map(|key| {
                let get = Get::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key.into_attributes()))
                    .build()
                    .map_err(|error| unbuildable(OPERATION, &error))?;
                Ok(TransactGetItem::builder().get(get).build())
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        let mut patience = Patience::new(&self.randomness);
        loop {
            let sent = self
                .client
                .transact_get_items()
                .set_transact_items(Some(gets.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match sent {
                Ok(output) => {
                    let responses = output.responses.unwrap_or_default();
                    return Ok(responses.into_iter().map(|response| response.item).collect());
                }
                Err(error) => error,
            };
            let reasons = match error.as_service_error() {
                Some(TransactGetItemsError::TransactionCanceledException(canceled)) => {
                    canceled.cancellation_reasons()
                }
                _ => &[],
            };
            if !reasons.iter().any(passing) {
                return Err(failure(OPERATION, &error));
            }
            patience.pause(OPERATION, "conflict").await?;
        }
    }

    /// Writes everything or nothing. The outer result says whether the table could be asked, the
    /// inner one whether the conditions held.
    async fn commit(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Result<(), Unmet>, StoreError> {
        const OPERATION: &str = "TransactWriteItems";
        debug_assert!(writes.len() <= TRANSACTION_ITEMS, "a transaction takes 100 items");
        let mut patience = Patience::new(&self.randomness);
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let Err(error) = sent else { return Ok(Ok(())) };
            match cancellation(&error) {
                Cancellation::Unmet(unmet) => return Ok(Err(unmet)),
                Cancellation::Passing => patience.pause(OPERATION, "conflict").await?,
                Cancellation::None => return Err(failure(OPERATION, &error)),
            }
        }
    }

    /// Deletes items without conditions, in no particular order.
    async fn batch_delete(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        const OPERATION: &str = "BatchWriteItem";
        let requests = keys
            .into_iter()
            .map(|key| {
                let delete = DeleteRequest::builder()
                    .set_key(Some(key.into_attributes()))
                    .build()
                    .map_err(|error| unbuildable(OPERATION, &error))?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        for batch in requests.chunks(BATCH_WRITE_REQUESTS) {
            let mut wanted = Some(batch.to_vec());
            let mut patience = Patience::new(&self.randomness);
            while let Some(requests) = wanted {
                let output = self
                    .client
                    .batch_write_item()
                    .request_items(&*self.table, requests)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(|error| failure(OPERATION, &error))?;
                wanted = output
                    .unprocessed_items
                    .and_then(|mut tables| tables.remove(&*self.table))
                    .filter(|requests| !requests.is_empty());
                if wanted.is_some() {
                    patience.pause(OPERATION, "unprocessed items").await?;
                }
            }
        }
        Ok(())
    }

    /// A write of a whole item, whatever was there.
    fn put(&self, key: Key, attributes: Attributes) -> TransactWriteItem {
        self.put_if(key, attributes, None)
    }

    /// A write of a whole item, where there was none.
    fn put_new(&self, key: Key, attributes: Attributes) -> TransactWriteItem {
        self.put_if(key, attributes, Some("attribute_not_exists(pk)"))
    }

    fn put_if(
        &self,
        key: Key,
        mut attributes: Attributes,
        condition: Option<&str>,
    ) -> TransactWriteItem {
        attributes.extend(key.into_attributes());
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(attributes))
            .set_condition_expression(condition.map(str::to_owned))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("a put with table and item is complete");
        TransactWriteItem::builder().put(put).build()
    }

    /// A removal of an item, whatever was there.
    fn delete(&self, key: Key) -> TransactWriteItem {
        self.delete_if(key, Expression::default())
    }

    /// A removal of an item, under a condition.
    fn delete_if(&self, key: Key, condition: Expression) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key.into_attributes()))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("a delete with table and key is complete");
        TransactWriteItem::builder().delete(delete).build()
    }

    /// A condition on an item that stays as it is.
    fn check(&self, key: Key, condition: Expression) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(&*self.table)
            .set_key(Some(key.into_attributes()))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("a check with table, key and condition is complete");
        TransactWriteItem::builder().condition_check(check).build()
    }

    /// A change of an item, under a condition.
    fn update(&self, key: Key, expression: Expression) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key.into_attributes()))
            .update_expression(expression.update())
            .set_condition_expression(expression.condition())
            .set_expression_attribute_names(some(expression.names))
            .set_expression_attribute_values(some(expression.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("an update with table, key and expression is complete");
        TransactWriteItem::builder().update(update).build()
    }
}

/// An update and its condition, with the names and values that both use.
#[derive(Default)]
struct Expression {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    fn set(mut self, action: impl Into<String>) -> Self {
        self.set.push(action.into());
        self
    }

    fn remove(mut self, path: impl Into<String>) -> Self {
        self.remove.push(path.into());
        self
    }

    fn when(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Demands that the number at a path is one of the versions that a precondition names.
    fn when_version(mut self, path: &str, precondition: &Precondition) -> Self {
        let Precondition::OneOf(versions) = precondition else {
            return self;
        };
        if versions.is_empty() {
            // Nothing is in an empty list, which DynamoDB's syntax cannot say.
            return self.when(format!("attribute_not_exists({path})"));
        }
        let placeholders: Vec<_> = (0..versions.len()).map(|index| format!(":if{index}")).collect();
        for (placeholder, version) in placeholders.iter().zip(versions) {
            self = self.value(placeholder, number(version.get()));
        }
        self.when(format!("{path} IN ({})", placeholders.join(", ")))
    }

    fn update(&self) -> String {
        let clause = |word: &str, actions: &[String]| match actions {
            [] => String::new(),
            actions => format!("{word} {} ", actions.join(", ")),
        };
        format!("{}{}", clause("SET", &self.set), clause("REMOVE", &self.remove))
    }

    fn condition(&self) -> Option<String> {
        let all = || self.conditions.iter().map(|one| format!("({one})")).collect::<Vec<_>>();
        (!self.conditions.is_empty()).then(|| all().join(" AND "))
    }
}

/// DynamoDB takes no empty maps of names or values.
fn some<K, V>(map: HashMap<K, V>) -> Option<HashMap<K, V>> {
    (!map.is_empty()).then_some(map)
}

/// Pauses between repeats, until there were enough.
struct Patience<'a> {
    randomness: &'a Randomness,
    repeats: u32,
}

impl<'a> Patience<'a> {
    fn new(randomness: &'a Randomness) -> Self {
        Self { randomness, repeats: 0 }
    }

    async fn pause(&mut self, operation: &'static str, cause: &str) -> Result<(), StoreError> {
        if self.repeats == REPEATS {
            let cause = format!("{cause}, also after {REPEATS} repeats");
            return Err(StoreError::Unavailable { operation, cause });
        }
        let bound = FIRST_PAUSE * 2_u32.pow(self.repeats);
        self.repeats += 1;
        tracing::debug!(operation, cause, repeat = self.repeats, "repeating");
        let bound = u64::try_from(bound.as_millis()).expect("pauses are short");
        tokio::time::sleep(Duration::from_millis(self.randomness.up_to(bound))).await;
        Ok(())
    }
}

enum Cancellation {
    Unmet(Unmet),
    Passing,
    None,
}

fn cancellation(error: &SdkError<TransactWriteItemsError>) -> Cancellation {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
        error.as_service_error()
    else {
        return Cancellation::None;
    };
    let reasons = canceled.cancellation_reasons();
    let unmet: Vec<_> = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(index, reason)| UnmetCondition { index, item: reason.item().cloned() })
        .collect();
    if !unmet.is_empty() {
        Cancellation::Unmet(Unmet(unmet))
    } else if reasons.iter().any(passing) {
        Cancellation::Passing
    } else {
        Cancellation::None
    }
}

/// Whether a transaction was canceled for something that passes; the SDK does not repeat these.
fn passing(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
    )
}

fn unbuildable(operation: &'static str, error: &impl std::error::Error) -> StoreError {
    StoreError::Refused { operation, cause: error.to_string() }
}

/// Tells what may pass from what will not.
fn failure<E>(operation: &'static str, error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    const PASSING: [&str; 5] = [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    ];
    let cause = cause(error);
    let refused = match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(service) => {
            service.raw().status().is_client_error()
                && !service.err().code().is_some_and(|code| PASSING.contains(&code))
        }
        _ => false,
    };
    if refused {
        StoreError::Refused { operation, cause }
    } else {
        StoreError::Unavailable { operation, cause }
    }
}

/// What an error says, without its debug form, which may show items.
fn cause<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let Some(service) = error.as_service_error() {
        let (code, message) = (service.code(), service.message());
        return format!("{}: {}", code.unwrap_or("no code"), message.unwrap_or("no message"));
    }
    let sources = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
