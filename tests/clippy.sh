#!/bin/sh
# Stands before rustc for the packages of this workspace (Cargo's RUSTC_WORKSPACE_WRAPPER): Clippy compiles as rustc does, and
# lints. Dependencies are compiled once for the lints and for the tests, where `cargo clippy` checks them once more.
exec clippy-driver "$@" -Dwarnings
