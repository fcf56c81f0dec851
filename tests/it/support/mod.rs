//! What tests stand on: a [`World`] with everything real but time and chance.

mod contract;
mod counts;
mod files;
mod local;
mod logs;
mod pool;
mod story;
mod wire;
mod world;

pub(crate) use counts::Counts;
pub(crate) use files::{in_repository, template, text_of};
pub(crate) use local::{Reply, UsherLocal, http};
pub(crate) use logs::Logs;
pub(crate) use pool::{POOL_ID, Pool, pool_user};
pub(crate) use story::{http_event, sample_events, steps, tell};
pub(crate) use wire::{Fate, Traffic};
pub(crate) use world::{
    Answer, Ask, Item, World, organization_items, text, trigger_event, verified,
};
