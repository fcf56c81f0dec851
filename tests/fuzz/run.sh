#!/usr/bin/env bash
# Reads generated inputs: `run.sh RUNS` about so many in total, shared among the targets. `run.sh TARGET FILE` reads one
# again. The seed is fixed, so a failure can be repeated. SEED is another one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# What each target has of 100 inputs. Those that work on a database take the longest.
shares='address:25 cursor:25 dns:12 domain:29 event:6 http:3'
seed=${SEED:-1098}
failures=target/fuzz
mkdir -p "$failures"

# The counters of libFuzzer go into this workspace's packages only. Otherwise, the dependencies would be compiled again.
RUSTC_WORKSPACE_WRAPPER=$PWD/tests/fuzz/instrument.sh \
  cargo build --locked --quiet --bin fuzz --features fuzz/libfuzzer
fuzz=${CARGO_TARGET_DIR:-target}/debug/fuzz
export RUST_BACKTRACE=${RUST_BACKTRACE:-0}

if test $# = 2; then
  FUZZ_TARGET=$1 exec "$fuzz" "$2"
fi
for share in $shares; do
  target=${share%:*}
  runs=$(($1 * ${share#*:} / 100))
  log=$failures/$target.log
  # libFuzzer writes inputs that reach new code into the first folder, and begins with those of both. So that one is empty.
  rm -rf "${failures:?}/$target"
  mkdir "$failures/$target"
  if FUZZ_TARGET=$target "$fuzz" -seed="$seed" -runs="$runs" -max_len=4096 -timeout=60 \
    -rss_limit_mb=4096 -artifact_prefix="$failures/$target-" "$failures/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^Done \([0-9]* runs\) in \([0-9]* second\).*/\1 in \2s/p' "$log")"
  else
    tail -n 40 "$log" >&2
    echo "The target $target has found a failure. The whole log is in $log." >&2
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    test -z "$input" || echo "Repeat it with: tests/fuzz/run.sh $target $input" >&2
    exit 1
  fi
done
