//! The embedded DynamoDB, and a way to call it in the process.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::errors::DynoxideError;
use dynoxide::{Database, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::ambient::Stopwatch;

/// How long DynamoDB knows the token of a transaction.
const TOKEN_LIFE: Duration = Duration::from_secs(600);

/// An index over the records of streams, in the database's own file. Without it, each write and each reading of
/// a stream goes through all records that there are.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS usher_stream_records \
     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Opens a database in a file, which is created if it is not there.
///
/// # Errors
/// When the file cannot be used, or is no database.
pub fn open(path: &Path) -> Result<Database> {
    open_at(&path.to_string_lossy())
}

/// Opens a new database in memory.
///
/// # Errors
/// When there is no memory. This is not expected.
pub fn in_memory() -> Result<Database> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // The name lets a second connection reach it.
    open_at(&format!("file:usher-{number}?mode=memory&cache=shared"))
}

fn open_at(path: &str) -> Result<Database> {
    let database = Database::new(path)?;
    rusqlite::Connection::open(path)?.execute_batch(STREAM_INDEX)?;
    Ok(database)
}

/// A client's way to a database in the same process: no socket, no HTTP, and a call is done at once.
#[derive(Clone)]
pub struct InProcess {
    database: Database,
    transactions: Arc<Mutex<Transactions>>,
}

impl InProcess {
    /// The HTTP client of an SDK client that calls this database. The endpoint of the SDK client does not
    /// matter.
    #[must_use]
    pub fn http_client(database: Database) -> SharedHttpClient {
        let connector = Self { database, transactions: Arc::default() };
        let connector = SharedHttpConnector::new(connector);
        http_client_fn(move |_, _| connector.clone())
    }

    fn answer(&self, operation: &str, request: &[u8]) -> Result<Vec<u8>> {
        let database = &self.database;
        match operation {
            "BatchGetItem" => run(request, |it| database.batch_get_item(it)),
            "BatchWriteItem" => run(request, |it| database.batch_write_item(it)),
            "DeleteItem" => run(request, |it| database.delete_item(it)),
            "DescribeStream" => run(request, |it| database.describe_stream(it)),
            "GetItem" => run(request, |it| database.get_item(it)),
            "GetRecords" => run(request, |it| database.get_records(it)),
            "GetShardIterator" => run(request, |it| database.get_shard_iterator(it)),
            "ListStreams" => run(request, |it| database.list_streams(it)),
            "PutItem" => run(request, |it| database.put_item(it)),
            "Query" => run(request, |it| database.query(it)),
            "Scan" => run(request, |it| database.scan(it)),
            "TransactGetItems" => run(request, |it| database.transact_get_items(it)),
            "TransactWriteItems" => self.transact(request),
            "UpdateItem" => run(request, |it| database.update_item(it)),
            _ => Err(DynoxideError::ValidationException(format!("no client calls {operation}"))),
        }
    }

    /// Writes a transaction once for each token. The database could do so too, but it looks at all tokens of
    /// the last ten minutes at each call.
    fn transact(&self, request: &[u8]) -> Result<Vec<u8>> {
        let mut transaction: dynoxide::actions::transact_write_items::TransactWriteItemsRequest =
            read(request)?;
        let Some(token) = transaction.client_request_token.take() else {
            return write(&self.database.transact_write_items(transaction)?);
        };
        // Another call with the same token waits until this one is done.
        let mut done = self.transactions.lock().expect("nobody panics while writing");
        done.forget_old();
        if let Some((earlier, answer)) = done.by_token.get(&token) {
            return if earlier == request {
                Ok(answer.clone())
            } else {
                Err(DynoxideError::IdempotentParameterMismatchException(
                    "the token was used for another transaction".to_owned(),
                ))
            };
        }
        let answer = write(&self.database.transact_write_items(transaction)?)?;
        done.keep(token, request, &answer);
        Ok(answer)
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("InProcess")
    }
}

/// The requests and answers of the transactions that had tokens.
#[derive(Default)]
struct Transactions {
    by_token: HashMap<String, (Vec<u8>, Vec<u8>)>,
    /// The oldest comes first.
    tokens: VecDeque<(Stopwatch, String)>,
}

impl Transactions {
    fn forget_old(&mut self) {
        while let Some((_, token)) = self.tokens.pop_front_if(|(at, _)| at.elapsed() > TOKEN_LIFE) {
            self.by_token.remove(&token);
        }
    }

    fn keep(&mut self, token: String, request: &[u8], answer: &[u8]) {
        self.tokens.push_back((Stopwatch::start(), token.clone()));
        self.by_token.insert(token, (request.to_vec(), answer.to_vec()));
    }
}

fn run<Request: DeserializeOwned, Response: Serialize>(
    request: &[u8],
    act: impl FnOnce(Request) -> Result<Response>,
) -> Result<Vec<u8>> {
    write(&act(read(request)?)?)
}

fn read<Request: DeserializeOwned>(request: &[u8]) -> Result<Request> {
    serde_json::from_slice(request)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn write(response: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            // Calls that are made together are under way together, as they are over a network.
            tokio::task::yield_now().await;
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default();
            let (status, body) =
                match this.answer(operation, request.body().bytes().unwrap_or_default()) {
                    Ok(body) => (200, body),
                    Err(error) => (error.status_code(), error.to_json().into_bytes()),
                };
            let status = StatusCode::try_from(status).expect("DynamoDB's statuses are valid");
            let mut response = HttpResponse::new(status, SdkBody::from(body));
            response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
            Ok(response)
        })
    }
}
