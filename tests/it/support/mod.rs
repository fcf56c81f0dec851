//! What tests stand on: a [`World`] with everything real but time and chance.

mod wire;
mod world;

pub(crate) use wire::{Fate, Wire};
pub(crate) use world::{Answer, Ask, Item, World};
