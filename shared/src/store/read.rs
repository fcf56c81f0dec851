//! Reads: single items, queries, batches, and transactions.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Get, KeysAndAttributes, ReturnConsumedCapacity, Select, TransactGetItem,
};
use futures_util::future::try_join_all;

use super::backoff::{Backoff, invalid_request, is_transient};
use super::item::{Attributes, text};
use super::keys::{self, Key};
use super::{Store, check_size};
use crate::failure::{Failure, Service};

/// The most keys of one `BatchGetItem` (DynamoDB's limit).
const BATCH_GET_KEYS: usize = 100;

/// A page of a list whose length is not known.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The entries: at most as many as requested, fewer if some were deleted in the meantime.
    pub items: Vec<T>,
    /// The cursor after which the next page begins, if there is one.
    pub next: Option<C>,
}

impl Store {
    /// One item, if it exists.
    pub(super) async fn get(&self, key: Key) -> Result<Option<Attributes>, Failure> {
        let output = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Service::DynamoDb.failure("GetItem", &error))?;
        Ok(output.item)
    }

    /// All items of a partition whose sort keys begin with a prefix.
    pub(super) async fn query(
        &self,
        partition: String,
        prefix: &str,
    ) -> Result<Vec<Attributes>, Failure> {
        let range = Range::new((keys::PK, keys::SK), partition, prefix);
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let query = self.client.query().consistent_read(true).set_exclusive_start_key(start);
            let (page, next) = self.page(query, range.clone()).await?;
            items.extend(page);
            start = next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The first items of a partition, at most this many.
    pub(super) async fn query_first(
        &self,
        partition: String,
        most: usize,
    ) -> Result<Vec<Attributes>, Failure> {
        let query = self.client.query().consistent_read(true).set_limit(i32::try_from(most).ok());
        let range = Range::new((keys::PK, keys::SK), partition, "");
        Ok(self.page(query, range).await?.0)
    }

    /// One page of a partition, the greatest sort keys first, down to `least`, and the key after which the
    /// next page begins. Eventually consistent.
    pub(super) async fn newest_page(
        &self,
        partition: &str,
        least: Option<&str>,
        limit: usize,
        start: Option<Attributes>,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), Failure> {
        let query = self.client.query().scan_index_forward(false);
        let query = query.set_limit(i32::try_from(limit).ok()).set_exclusive_start_key(start);
        let mut range = Range::new((keys::PK, keys::SK), partition.to_owned(), "");
        if let Some(least) = least {
            range.condition = "#pk = :pk AND #sk >= :least";
            range.names.insert("#sk".to_owned(), keys::SK.to_owned());
            range.values.insert(":least".to_owned(), text(least));
        }
        self.page(query, range).await
    }

    /// One page of an index partition, with the items whose sort keys begin with a prefix, and the
    /// key after which the next page begins. Eventually consistent.
    pub(super) async fn index_page(
        &self,
        partition: String,
        prefix: &str,
        limit: Option<i32>,
        start: Option<Attributes>,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), Failure> {
        let query = self.client.query().index_name(keys::GSI1);
        let query = query.set_limit(limit).set_exclusive_start_key(start);
        self.page(query, Range::new((keys::GSI1_PK, keys::GSI1_SK), partition, prefix)).await
    }

    /// One page of an index partition, with the items whose sort keys are less than `until`, and the key
    /// after which the next page begins. Eventually consistent.
    pub(super) async fn index_page_until(
        &self,
        partition: String,
        until: String,
        limit: i32,
        start: Option<Attributes>,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), Failure> {
        let query = self.client.query().index_name(keys::GSI1).limit(limit);
        let query = query.set_exclusive_start_key(start);
        let mut range = Range::new((keys::GSI1_PK, keys::GSI1_SK), partition, "");
        range.condition = "#pk = :pk AND #sk < :until";
        range.names.insert("#sk".to_owned(), keys::GSI1_SK.to_owned());
        range.values.insert(":until".to_owned(), text(until));
        self.page(query, range).await
    }

    /// The number of entries of an index partition whose sort keys begin with a prefix, counted up to
    /// `most`. Eventually consistent.
    pub(super) async fn index_count(
        &self,
        partition: String,
        prefix: &str,
        most: usize,
    ) -> Result<usize, Failure> {
        let range = Range::new((keys::GSI1_PK, keys::GSI1_SK), partition, prefix);
        self.counted(|| self.client.query().index_name(keys::GSI1), range, most).await
    }

    /// The number of items of a partition, counted up to `most`.
    pub(super) async fn count(&self, partition: String, most: usize) -> Result<usize, Failure> {
        let range = Range::new((keys::PK, keys::SK), partition, "");
        self.counted(|| self.client.query().consistent_read(true), range, most).await
    }

    async fn counted(
        &self,
        query: impl Fn() -> QueryFluentBuilder,
        range: Range,
        most: usize,
    ) -> Result<usize, Failure> {
        let (mut count, mut start) = (0, None);
        loop {
            let query = query().select(Select::Count);
            let query = query.set_limit(i32::try_from(most - count).ok());
            let output = self.ask(query.set_exclusive_start_key(start), range.clone()).await?;
            count += usize::try_from(output.count).unwrap_or_default();
            start = output.last_evaluated_key;
            if start.is_none() || count >= most {
                return Ok(count);
            }
        }
    }

    async fn page(
        &self,
        query: QueryFluentBuilder,
        range: Range,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), Failure> {
        let output = self.ask(query, range).await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    async fn ask(&self, query: QueryFluentBuilder, range: Range) -> Result<QueryOutput, Failure> {
        query
            .table_name(&*self.table)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .key_condition_expression(range.condition)
            .set_expression_attribute_names(Some(range.names))
            .set_expression_attribute_values(Some(range.values))
            .send()
            .await
            .map_err(|error| Service::DynamoDb.failure("Query", &error))
    }

    /// The items that exist, in no particular order.
    pub(super) async fn batch_get(&self, keys: Vec<Key>) -> Result<Vec<Attributes>, Failure> {
        let keys: Vec<_> = keys.into_iter().map(Key::into_attributes).collect();
        let batches = keys.chunks(BATCH_GET_KEYS).map(|batch| self.batch_get_one(batch.to_vec()));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn batch_get_one(&self, keys: Vec<Attributes>) -> Result<Vec<Attributes>, Failure> {
        const OPERATION: &str = "BatchGetItem";
        let mut items = Vec::with_capacity(keys.len());
        let mut wanted = Some(keys);
        let mut backoff = Backoff::new(&self.randomness);
        while let Some(keys) = wanted {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|error| invalid_request(OPERATION, &error))?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&*self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| Service::DynamoDb.failure(OPERATION, &error))?;
            items.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
            wanted = output
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&*self.table))
                .map(|rest| rest.keys)
                .filter(|keys| !keys.is_empty());
            if wanted.is_some() {
                backoff.pause(OPERATION, "unprocessed keys").await?;
            }
        }
        Ok(items)
    }

    /// At most 100 items as they were at one moment, in the order of the keys.
    pub(super) async fn get_together(
        &self,
        keys: Vec<Key>,
    ) -> Result<Vec<Option<Attributes>>, Failure> {
        const OPERATION: &str = "TransactGetItems";
        check_size(OPERATION, &keys)?;
        let gets = keys
            .into_iter()
            .map(|key| {
                let get = Get::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key.into_attributes()))
                    .build()
                    .map_err(|error| invalid_request(OPERATION, &error))?;
                Ok(TransactGetItem::builder().get(get).build())
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut backoff = Backoff::new(&self.randomness);
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
            if !reasons.iter().any(is_transient) {
                return Err(Service::DynamoDb.failure(OPERATION, &error));
            }
            backoff.pause(OPERATION, "conflict").await?;
        }
    }
}

/// The key condition of a query: a partition, and a prefix of its sort keys.
#[derive(Clone)]
struct Range {
    condition: &'static str,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Range {
    fn new((pk, sk): (&str, &str), partition: String, prefix: &str) -> Self {
        let mut names = HashMap::from([("#pk".to_owned(), pk.to_owned())]);
        let mut values = HashMap::from([(":pk".to_owned(), text(partition))]);
        if prefix.is_empty() {
            return Self { condition: "#pk = :pk", names, values };
        }
        names.insert("#sk".to_owned(), sk.to_owned());
        values.insert(":prefix".to_owned(), text(prefix));
        Self { condition: "#pk = :pk AND begins_with(#sk, :prefix)", names, values }
    }
}

/// What could be read. The log names what could not.
pub(super) fn readable<T>(read: Vec<Result<T, Failure>>) -> impl Iterator<Item = T> {
    read.into_iter()
        .filter_map(|read| read.inspect_err(|error| tracing::error!(%error, "left out")).ok())
}
