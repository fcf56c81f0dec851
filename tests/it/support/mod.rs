//! What tests stand on: a [`World`] with everything real but time and chance.

mod files;
mod wire;
mod world;

pub(crate) use files::{in_repository, logical_id, template, text_of};
pub(crate) use wire::{Fate, Use, Wire};
pub(crate) use world::{Answer, Ask, Item, World};
