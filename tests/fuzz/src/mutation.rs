//! Mutations that keep JSON well-formed. Most of what libFuzzer does to a text breaks its syntax, and what reads the values
//! would hardly be reached.

use serde_json::{Map, Value, json};

/// Changes the first JSON object in an input, by a number that libFuzzer gives. `None` if there is none, or the outcome
/// does not fit. `other` changes a text at random.
pub fn of_json(
    input: &[u8],
    most: usize,
    seed: u32,
    mut other: impl FnMut(Vec<u8>) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let start = input.iter().position(|byte| *byte == b'{')?;
    let mut values = serde_json::Deserializer::from_slice(&input[start..]).into_iter();
    let mut value: Value = values.next()?.ok()?;
    let end = start + values.byte_offset();
    let mut chance = Chance(seed | 1);
    let count = count(&value);
    for _ in 0..=chance.below(3) {
        let place = chance.below(count);
        let donor = nth(&mut value, chance.below(count)).cloned().unwrap_or_default();
        if let Some(node) = nth(&mut value, place) {
            change(node, donor, &mut chance, &mut other);
        }
    }
    let text = value.to_string();
    let whole = [&input[..start], text.as_bytes(), &input[end..]].concat();
    (whole.len() <= most).then_some(whole)
}

fn change(
    node: &mut Value,
    donor: Value,
    chance: &mut Chance,
    other: &mut impl FnMut(Vec<u8>) -> Vec<u8>,
) {
    match (chance.below(8), node) {
        (0, node) => *node = donor,
        (1, node) => *node = plain(chance),
        (2, node) => *node = json!([node.take()]),
        (3, Value::Object(members)) => {
            members.insert(format!("{}", chance.below(10)), donor);
        }
        (4, Value::Object(members)) => {
            let name = members.keys().nth(chance.below(members.len().max(1))).cloned();
            members.remove(&name.unwrap_or_default());
        }
        (5, Value::Object(members)) => {
            let name = members.keys().nth(chance.below(members.len().max(1))).cloned();
            let Some(name) = name else { return };
            let member = members.remove(&name).unwrap_or_default();
            let name = other(name.into_bytes());
            members.insert(String::from_utf8_lossy(&name).into_owned(), member);
        }
        (3 | 4, Value::Array(items)) => items.push(donor),
        (5, Value::Array(items)) => drop(items.pop()),
        (_, Value::String(text)) => {
            let changed = other(std::mem::take(text).into_bytes());
            *text = String::from_utf8_lossy(&changed).into_owned();
        }
        (_, Value::Number(_)) => {}
        (_, node) => *node = donor,
    }
}

fn plain(chance: &mut Chance) -> Value {
    let plain = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(2),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("true"),
        json!([]),
        Value::Object(Map::new()),
        json!("\u{0}\u{feff}\u{202e}"),
        json!("x".repeat(300)),
    ];
    let place = chance.below(plain.len());
    plain.into_iter().nth(place).unwrap_or_default()
}

/// How many values there are, this one included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The value with this number, if they are counted from the outside in.
fn nth(value: &mut Value, place: usize) -> Option<&mut Value> {
    let Some(mut left) = place.checked_sub(1) else { return Some(value) };
    let parts: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return None,
    };
    for part in parts {
        let inside = count(part);
        if left < inside {
            return nth(part, left);
        }
        left -= inside;
    }
    None
}

/// Numbers from a seed (xorshift).
struct Chance(u32);

impl Chance {
    /// A number below this one, which is not zero.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        usize::try_from(self.0).unwrap_or_default() % end.max(1)
    }
}
