//! The history of a world's table: every write, as the table's stream has it, and what the changes tell.
//! Nothing here reads items with the code of the store.

use std::net::SocketAddr;

use dynoxide::Database;
use serde_json::{Value, json};

use super::local::http;
use super::world::{Item, World};
use usher_local::TABLE_NAME;

/// A signature, which the embedded database asks for and does not check.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 \
    Credential=test/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=test";

/// The partitions of changes.
const CHANGES: &str = "CHANGE#";

/// A write of an item.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) key: (String, String),
    /// The item before; `None` if there was none.
    pub(crate) old: Option<Item>,
    /// The item after; `None` if it was deleted.
    pub(crate) new: Option<Item>,
    /// The record, in the form in which Lambda gets it.
    pub(crate) record: Value,
}

/// What one transaction tells: an item that was written in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// Whose changes are in one order: `ORG#acme`, `USER#jane`, `ROLE#…`.
    pub(crate) subject: String,
    /// The id of the transaction.
    pub(crate) id: String,
    /// The events, as JSON.
    pub(crate) events: Vec<Value>,
}

impl Written {
    /// What the write tells, if it is one that tells something.
    pub(crate) fn told(&self) -> Option<Told> {
        let (pk, sk) = &self.key;
        let subject = pk.strip_prefix(CHANGES)?.to_owned();
        let new = self.new.as_ref().filter(|_| self.old.is_none())?;
        let events = new["events"].as_str().expect("events are a text");
        let events = serde_json::from_str(events).expect("events are a JSON array");
        Some(Told { subject, id: sk.clone(), events })
    }
}

/// The stream of a world's table, from where it was read last.
pub(crate) struct Stream {
    database: Database,
    iterator: String,
}

impl World {
    /// The stream from its beginning.
    pub(crate) fn stream(&self) -> Stream {
        Stream::of(&self.database)
    }
}

impl Stream {
    fn of(database: &Database) -> Self {
        let table = serde_json::from_value(json!({ "TableName": TABLE_NAME }));
        let streams = database.list_streams(table.expect("a request")).expect("streams");
        let arn = &streams.streams[0].stream_arn;
        let stream = serde_json::from_value(json!({ "StreamArn": arn })).expect("a request");
        let stream = database.describe_stream(stream).expect("the table has a stream");
        let shard = &stream.stream_description.shards[0].shard_id;
        let start = serde_json::from_value(json!({
            "StreamArn": arn,
            "ShardId": shard,
            "ShardIteratorType": "TRIM_HORIZON",
        }));
        let start = database.get_shard_iterator(start.expect("a request")).expect("a shard");
        let iterator = start.shard_iterator.expect("the shard has a start");
        Self { database: database.clone(), iterator }
    }

    /// The writes since they were asked for last.
    pub(crate) fn next(&mut self) -> Vec<Written> {
        let mut written = Vec::new();
        loop {
            let page = serde_json::from_value(json!({ "ShardIterator": self.iterator }));
            let page = self.database.get_records(page.expect("a request")).expect("records");
            if page.records.is_empty() {
                return written;
            }
            self.iterator = page.next_shard_iterator.expect("the shard has no end");
            let records = page.records.iter().map(|it| serde_json::to_value(it).expect("JSON"));
            written.extend(records.map(read));
        }
    }

    /// What is told in the writes since they were asked for last.
    pub(crate) fn told(&mut self) -> Vec<Told> {
        self.next().iter().filter_map(Written::told).collect()
    }
}

/// Every write of the table of a DynamoDB at this address, as its stream has them.
pub(crate) async fn written_at(address: SocketAddr) -> Vec<Written> {
    let ask = async |operation: &str, request: Value| -> Value {
        let target = format!("DynamoDBStreams_20120810.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", &target),
            ("x-amz-date", "20260101T000000Z"),
            ("authorization", AUTHORIZATION),
        ];
        let reply = http(address, "POST", "/", &headers, &request.to_string()).await;
        let reply = reply.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body.parse().expect("JSON")
    };
    let streams = ask("ListStreams", json!({ "TableName": TABLE_NAME })).await;
    let arn = &streams["Streams"][0]["StreamArn"];
    let stream = ask("DescribeStream", json!({ "StreamArn": arn })).await;
    let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
    let start = json!({
        "StreamArn": arn,
        "ShardId": shard,
        "ShardIteratorType": "TRIM_HORIZON",
    });
    let mut next = ask("GetShardIterator", start).await["ShardIterator"].take();
    let mut written = Vec::new();
    loop {
        let mut page = ask("GetRecords", json!({ "ShardIterator": next })).await;
        let records = page["Records"].take();
        let records = records.as_array().expect("records");
        if records.is_empty() {
            return written;
        }
        written.extend(records.iter().cloned().map(read));
        next = page["NextShardIterator"].take();
    }
}

fn read(record: Value) -> Written {
    let image = |name: &str| Some(plain(record["dynamodb"].get(name)?));
    let keys = plain(&record["dynamodb"]["Keys"]);
    let key = |name: &str| keys[name].as_str().expect("a key").to_owned();
    Written { key: (key("pk"), key("sk")), old: image("OldImage"), new: image("NewImage"), record }
}

/// An image without DynamoDB's type tags.
pub(super) fn plain(image: &Value) -> Item {
    let attributes = image.as_object().expect("an image is an object").iter();
    attributes.map(|(name, value)| (name.clone(), untagged(value))).collect()
}

fn untagged(attribute: &Value) -> Value {
    let (tag, value) = attribute.as_object().and_then(|it| it.iter().next()).expect("a type tag");
    match tag.as_str() {
        "N" => serde_json::from_str(value.as_str().expect("digits")).expect("a number"),
        "L" => value.as_array().expect("a list").iter().map(untagged).collect(),
        "M" => json!(plain(value)),
        _ => value.clone(),
    }
}
