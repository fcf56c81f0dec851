//! Creates the table in the embedded DynamoDB, from its definition in `infra/storage.yaml`.

use dynoxide::Database;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The name of the table.
pub const TABLE_NAME: &str = "usher";

/// The definition of the table. There is no other.
const STORAGE: &str = include_str!("../../storage.yaml");
/// The properties of the definition for the request that creates the table. The others are only
/// about the operation on AWS.
const PROPERTIES: [&str; 5] =
    ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode", STREAM];
/// The property with the stream. CloudFormation turns a stream on if the property is there.
const STREAM: &str = "StreamSpecification";

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The definition is incomplete or malformed.
    #[error("infra/storage.yaml does not define the table: {0}")]
    Definition(String),
    /// The database has a table with this name and other keys or indexes.
    #[error(
        "the database's table {TABLE_NAME} has other keys or indexes than infra/storage.yaml says: \
         use another --database"
    )]
    Different,
    /// The database refused a request.
    #[error("the database refused the table: {0}")]
    Database(#[from] dynoxide::errors::DynoxideError),
}

/// Creates the table. If it exists, checks its keys and indexes, and turns its stream on.
///
/// # Errors
/// When the definition cannot be read, or the database has another table of the same name.
pub fn prepare(database: &Database) -> Result<(), TableError> {
    let definition = definition()?;
    let tables = database.list_tables(request(json!({}))?)?;
    if !tables.table_names.iter().any(|name| name == TABLE_NAME) {
        database.create_table(request(definition)?)?;
        return Ok(());
    }
    let described = database.describe_table(request(json!({ "TableName": TABLE_NAME }))?)?;
    let described = serde_json::to_value(described.table)
        .map_err(|error| TableError::Definition(error.to_string()))?;
    let same = |of: &Value| {
        let indexes = of["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
        let indexes: Vec<_> = indexes
            .iter()
            .map(|index| (index["IndexName"].clone(), index["KeySchema"].clone()))
            .collect();
        (of["KeySchema"].clone(), indexes)
    };
    if same(&described) != same(&definition) {
        return Err(TableError::Different);
    }
    if described[STREAM]["StreamEnabled"] != true {
        let stream = json!({ "TableName": TABLE_NAME, STREAM: definition[STREAM] });
        database.update_table(request(stream)?)?;
    }
    Ok(())
}

fn request<T: serde::de::DeserializeOwned>(json: Value) -> Result<T, TableError> {
    serde_json::from_value(json).map_err(|error| TableError::Definition(error.to_string()))
}

/// The request that creates the table.
fn definition() -> Result<Value, TableError> {
    let documents =
        Yaml::load_from_str(STORAGE).map_err(|error| TableError::Definition(error.to_string()))?;
    let template = documents.first().map(json).unwrap_or_default();
    let properties = &template["Resources"]["Table"]["Properties"];
    let mut definition = Map::from_iter([("TableName".to_owned(), json!(TABLE_NAME))]);
    for name in PROPERTIES {
        match &properties[name] {
            Value::Null => return Err(TableError::Definition(format!("{name} is missing"))),
            property => definition.insert(name.to_owned(), property.clone()),
        };
    }
    let mut definition = Value::from(definition);
    definition[STREAM]["StreamEnabled"] = true.into();
    Ok(definition)
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Boolean(boolean)) => json!(boolean),
        Yaml::Value(Scalar::Integer(integer)) => json!(integer),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(values) => values.iter().map(json).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), json(value))))
            .collect::<Map<_, _>>()
            .into(),
        _ => Value::Null,
    }
}
