//! Helpers for tests: a [`World`] in which everything is real except time and randomness.

mod answers;
mod attributes;
mod bus;
mod contract;
mod counts;
mod directory;
mod event_contract;
mod files;
mod fixtures;
mod history;
mod if_match;
mod local;
mod logs;
mod next;
mod pool;
mod story;
mod wire;
mod world;

pub(crate) use answers::{
    assert_internal, assert_is, assert_no_organization, assert_unavailable, by_domain, json_event,
    page_links, refused,
};
pub(crate) use attributes::{attributes, tagged, tagged_item, text};
pub(crate) use counts::Counts;
pub(crate) use directory::SignIn;
pub(crate) use event_contract::{assert_event, complaints};
pub(crate) use files::{in_repository, template, text_of};
pub(crate) use fixtures::{RECORD, delete_user, entry, item, key, naming_roles, record_name, with};
pub(crate) use history::{Told, Written, written_at};
pub(crate) use if_match::{MALFORMED, MATCHING, STALE};
pub(crate) use local::{Reply, ServerSentEvents, UsherLocal, http, program};
pub(crate) use logs::Logs;
pub(crate) use next::{Invocation, NEXT_ARN, NextFunction, Said};
pub(crate) use pool::{POOL_ID, Pool, pool_user};
pub(crate) use story::{CLIENT_ID, INVOKES_NEXT, http_event, sample_events, steps, tell};
pub(crate) use wire::{Fate, Hanging, Reach, Traffic, client_of, service};
pub(crate) use world::{Answer, Ask, Item, Items, START, World, trigger_event, verified};
