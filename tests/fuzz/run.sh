#!/usr/bin/env bash
# Fuzzes every target, or the one named, for SECONDS each: tests/fuzz/run.sh [SECONDS] [TARGET].
# Coverage-guided by libFuzzer on the stable toolchain; needs a C++ compiler besides Rust.
# A finding is written to tests/fuzz/artifacts/; shrink it, commit it small under
# tests/fuzz/regressions/TARGET/ and `cargo test` replays it for ever (crates/*/tests/fuzzed.rs).
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-30}
only=${2:-}
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
triple=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing ${coverage//$'\n'/ }" cargo build --release --locked --quiet --target "$triple"
target_dir=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
mkdir -p artifacts
for source in src/bin/*.rs; do
    target=$(basename "$source" .rs)
    [ -z "$only" ] || [ "$only" = "$target" ] || continue
    work=$(mktemp -d)
    corpora=("$work")
    for kept in "corpus/$target" "regressions/$target"; do [ -d "$kept" ] && corpora+=("$kept"); done
    echo "fuzzing $target for $seconds s"
    status=0
    "$target_dir/$triple/release/$target" "${corpora[@]}" -max_total_time="$seconds" \
        -timeout=20 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="artifacts/$target-" >"$work.log" 2>&1 || status=$?
    grep -E 'stat::(number|new_units)|ERROR|panicked|SUMMARY|Test unit' "$work.log" || true
    rm -rf "$work" "$work.log"
    [ "$status" -eq 0 ] || { echo "$target found something: see tests/fuzz/artifacts/"; exit 1; }
done
