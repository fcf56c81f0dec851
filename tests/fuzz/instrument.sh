#!/bin/sh
# Stands before rustc for the packages of this workspace (Cargo's RUSTC_WORKSPACE_WRAPPER). It adds libFuzzer's counters, as
# cargo-fuzz does, to the code under test. Dependencies stay as the tests have them, so they are not compiled again.
case " $* " in
*" --crate-name shared "* | *" --crate-name functions "*)
  set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
  ;;
esac
exec "$@"
