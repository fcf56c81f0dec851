//! Writes: transactions, and deletions in batches.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, DeleteRequest, Put, PutRequest, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update, WriteRequest,
};

use super::backoff::{Backoff, invalid_request, is_transient};
use super::expression::{Expression, non_empty};
use super::item::Attributes;
use super::keys::Key;
use super::{Store, check_size};
use crate::failure::{Failure, Service};

/// The most requests of one `BatchWriteItem` (DynamoDB's limit).
const BATCH_WRITE_REQUESTS: usize = 25;
/// The operation, for failures.
const BATCH_WRITE: &str = "BatchWriteItem";

/// A write of one item in a transaction.
#[derive(Clone, Debug)]
pub(super) struct Write {
    key: Key,
    request: TransactWriteItem,
}

/// The conditions that made a transaction fail: the key of each item whose condition failed, with
/// the item as it was.
#[derive(Debug)]
pub(super) struct Unmet(HashMap<Key, Option<Attributes>>);

impl Unmet {
    /// The item with this key, if its condition failed; `Some(None)` if there was no such item.
    pub(super) fn of(&self, key: &Key) -> Option<Option<&Attributes>> {
        self.0.get(key).map(Option::as_ref)
    }
}

impl Store {
    /// Writes everything or nothing. The outer result is an error if DynamoDB fails, the inner one
    /// if conditions failed.
    pub(super) async fn commit(&self, writes: Vec<Write>) -> Result<Result<(), Unmet>, Failure> {
        const OPERATION: &str = "TransactWriteItems";
        let (keys, requests): (Vec<_>, Vec<_>) =
            writes.into_iter().map(|write| (write.key, write.request)).unzip();
        check_size(OPERATION, &keys)?;
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(requests.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let Err(error) = sent else { return Ok(Ok(())) };
            match cancellation(&error, &keys) {
                Cancellation::Unmet(unmet) => return Ok(Err(unmet)),
                Cancellation::Transient => backoff.pause(OPERATION, "conflict").await?,
                Cancellation::Other => return Err(Service::DynamoDb.failure(OPERATION, &error)),
            }
        }
    }

    /// Deletes items without conditions, in no particular order. Counts them in `deleted` while it goes
    /// on, so that a failure or a time-out does not lose the number. An item that did not exist is
    /// counted too.
    pub(super) async fn batch_delete(
        &self,
        keys: Vec<Key>,
        deleted: &mut usize,
    ) -> Result<(), Failure> {
        let requests = keys
            .into_iter()
            .map(|key| {
                let delete = DeleteRequest::builder()
                    .set_key(Some(key.into_attributes()))
                    .build()
                    .map_err(|error| invalid_request(BATCH_WRITE, &error))?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        self.batch_write(&requests, deleted).await
    }

    /// Writes whole items without conditions, in no particular order. Each key must be there once.
    pub(super) async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<(), Failure> {
        let requests = items
            .into_iter()
            .map(|(key, mut attributes)| {
                attributes.extend(key.into_attributes());
                let put = PutRequest::builder()
                    .set_item(Some(attributes))
                    .build()
                    .map_err(|error| invalid_request(BATCH_WRITE, &error))?;
                Ok(WriteRequest::builder().put_request(put).build())
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        self.batch_write(&requests, &mut 0).await
    }

    async fn batch_write(
        &self,
        requests: &[WriteRequest],
        done: &mut usize,
    ) -> Result<(), Failure> {
        for batch in requests.chunks(BATCH_WRITE_REQUESTS) {
            let mut wanted = Some(batch.to_vec());
            let mut backoff = Backoff::new(&self.randomness);
            while let Some(requests) = wanted {
                let sent = requests.len();
                let output = self
                    .client
                    .batch_write_item()
                    .request_items(&*self.table, requests)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(|error| Service::DynamoDb.failure(BATCH_WRITE, &error))?;
                wanted = output
                    .unprocessed_items
                    .and_then(|mut tables| tables.remove(&*self.table))
                    .filter(|requests| !requests.is_empty());
                *done += sent.saturating_sub(wanted.as_ref().map_or(0, Vec::len));
                if wanted.is_some() {
                    backoff.pause(BATCH_WRITE, "unprocessed items").await?;
                }
            }
        }
        Ok(())
    }

    /// A write of a whole item, which replaces the item that was there.
    pub(super) fn put(&self, key: Key, attributes: Attributes) -> Write {
        self.put_if(key, attributes, Expression::default())
    }

    /// A write of a whole item, on the condition that there was none.
    pub(super) fn put_new(&self, key: Key, attributes: Attributes) -> Write {
        self.put_if(key, attributes, Expression::absent())
    }

    /// A write of a whole item, under a condition.
    pub(super) fn put_if(
        &self,
        key: Key,
        mut attributes: Attributes,
        condition: Expression,
    ) -> Write {
        attributes.extend(key.clone().into_attributes());
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(attributes))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(non_empty(condition.names))
            .set_expression_attribute_values(non_empty(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("a put with table and item is complete");
        Write { key, request: TransactWriteItem::builder().put(put).build() }
    }

    /// A deletion of an item, which need not exist.
    pub(super) fn delete(&self, key: Key) -> Write {
        self.delete_if(key, Expression::default())
    }

    /// A deletion of an item, under a condition.
    pub(super) fn delete_if(&self, key: Key, condition: Expression) -> Write {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key.clone().into_attributes()))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(non_empty(condition.names))
            .set_expression_attribute_values(non_empty(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("a delete with table and key is complete");
        Write { key, request: TransactWriteItem::builder().delete(delete).build() }
    }

    /// A condition on an item that is not changed.
    pub(super) fn check(&self, key: Key, condition: Expression) -> Write {
        let check = ConditionCheck::builder()
            .table_name(&*self.table)
            .set_key(Some(key.clone().into_attributes()))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(non_empty(condition.names))
            .set_expression_attribute_values(non_empty(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("a check with table, key and condition is complete");
        Write { key, request: TransactWriteItem::builder().condition_check(check).build() }
    }

    /// A change of an item, under a condition.
    pub(super) fn update(&self, key: Key, expression: Expression) -> Write {
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key.clone().into_attributes()))
            .update_expression(expression.update())
            .set_condition_expression(expression.condition())
            .set_expression_attribute_names(non_empty(expression.names))
            .set_expression_attribute_values(non_empty(expression.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("an update with table, key and expression is complete");
        Write { key, request: TransactWriteItem::builder().update(update).build() }
    }
}

/// Why a transaction failed.
enum Cancellation {
    /// Conditions failed.
    Unmet(Unmet),
    /// The transaction may succeed if it is repeated.
    Transient,
    /// Any other error.
    Other,
}

fn cancellation(error: &SdkError<TransactWriteItemsError>, keys: &[Key]) -> Cancellation {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
        error.as_service_error()
    else {
        return Cancellation::Other;
    };
    let reasons = canceled.cancellation_reasons();
    // There is one reason for each write, in the order of the writes.
    let unmet: HashMap<_, _> = keys
        .iter()
        .zip(reasons)
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(key, reason)| (key.clone(), reason.item().cloned()))
        .collect();
    if !unmet.is_empty() {
        Cancellation::Unmet(Unmet(unmet))
    } else if reasons.iter().any(is_transient) {
        Cancellation::Transient
    } else {
        Cancellation::Other
    }
}
