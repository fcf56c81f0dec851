//! Events of Cognito and of the table's stream: each is answered, whatever the services do, and but for `response` a
//! trigger's answer is the event as it was.
//!
//! An input begins with a character for the function and another one for the [`Mood`] of the services. After the event,
//! there may be a byte `0xff` and the answer of the function that the pool had before.

use functions::Entry;
use functions::publish_events::PublishError;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::App;
use shared::next_trigger::{Members, RESPONSE};

use crate::wire::{Mood, NextAnswer};
use crate::world::World;

/// What the first character says, in bits.
const STREAM: u8 = 0b0010;
const TOKEN: u8 = 0b0001;
const FAILURE_COUNTS: u8 = 0b0100;
const NEXT_FAILS: u8 = 0b1000;

pub(crate) fn read(input: &[u8]) -> bool {
    let [choice, mood, rest @ ..] = input else { return false };
    let mut parts = rest.splitn(2, |byte| *byte == 0xff);
    let event = String::from_utf8(parts.next().unwrap_or_default().to_vec());
    let Some(event) = event.ok().and_then(|text| RawValue::from_string(text).ok()) else {
        return false;
    };
    let next = parts.next();
    let mood = Mood::numbered(mood & 0xf);
    World::with(|world| {
        world.wire.set_mood(mood);
        if choice & STREAM != 0 {
            world.runtime.block_on(batch(&world.app, mood, event));
            return;
        }
        let is_error = choice & NEXT_FAILS != 0;
        let payload = next.unwrap_or_default().to_vec();
        world.wire.set_next(NextAnswer { payload, is_error });
        let failure_counts = choice & FAILURE_COUNTS != 0;
        let app = match next {
            None => &world.app,
            Some(_) => &world.chained[usize::from(failure_counts)],
        };
        let function =
            if choice & TOKEN != 0 { "pre-token-generation" } else { "post-confirmation" };
        let may_refuse = next.is_some() && failure_counts;
        world.runtime.block_on(trigger(app, function, mood, event, next.is_some(), may_refuse));
    });
    true
}

async fn trigger(
    app: &App,
    function: &str,
    mood: Mood,
    event: Box<RawValue>,
    has_next: bool,
    may_refuse: bool,
) {
    let Some(Entry::Trigger(handle)) = functions::function(function).map(|it| it.entry) else {
        unreachable!("{function} is a trigger")
    };
    let sent = event.get().to_owned();
    let answer = match handle(app, event).await {
        Ok(answer) => answer,
        Err(_) if may_refuse => return,
        Err(refusal) => panic!("not answered: {refusal:?}"),
    };
    let others = |json: &str| {
        let members = serde_json::from_str::<Members>(json).ok()?;
        let others = members.into_iter().filter(|(name, _)| name != RESPONSE);
        Some(others.map(|(name, member)| (name, member.get().to_owned())).collect::<Vec<_>>())
    };
    assert_eq!(others(answer.get()), others(&sent), "all but the response stays");
    let is_as_sent = others(&sent).is_none()
        || (!has_next && (function == "post-confirmation" || !mood.is_well()));
    assert!(!is_as_sent || answer.get() == sent, "{sent} was answered {answer}");
}

async fn batch(app: &App, mood: Mood, event: Box<RawValue>) {
    // A member that is there twice is none of Lambda's.
    let sent = serde_json::from_str::<Value>(event.get());
    let event = match &sent {
        Ok(sent) => serde_json::value::to_raw_value(sent).expect("JSON"),
        Err(_) => event,
    };
    let Some(Entry::Stream(handle)) = functions::function("publish-events").map(|it| it.entry)
    else {
        unreachable!("it reads the stream")
    };
    let sent = sent.unwrap_or_default();
    let records = sent["Records"].as_array();
    let numbers: Vec<_> = records
        .into_iter()
        .flatten()
        .map(|record| record["dynamodb"]["SequenceNumber"].as_str())
        .collect();
    match handle(app, event).await {
        Ok(answer) => {
            let answer: Value = serde_json::from_str(answer.get()).expect("JSON");
            let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
            for failure in failures {
                let number = failure["itemIdentifier"].as_str();
                assert!(number.is_some() && numbers.contains(&number), "{answer}");
                assert!(!mood.is_well(), "{answer}: nothing stops a batch but a failure");
            }
        }
        Err(PublishError::Event(_)) => assert!(records.is_none(), "a batch is not understood"),
        Err(PublishError::Unnumbered(cause)) => {
            assert!(!mood.is_well() && numbers.contains(&None), "{cause}");
        }
        // Somebody names changes by hand, and is told.
        Err(PublishError::Failed(failure)) => {
            assert!(records.is_none() || !mood.is_well(), "{failure}");
        }
    }
}
