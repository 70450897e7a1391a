#!/usr/bin/env bash
# Builds the program beside this script and a Python environment with the rivals, both under the
# project's target folder, and compares: benches/rivals/search/run.sh [options of compare.py]
set -euo pipefail
cd "$(dirname "$0")/../../.."
target=target/rivals
cargo build --release --locked --quiet --manifest-path benches/rivals/search/Cargo.toml --target-dir $target
environment=$target/search-python
[ -d $environment ] || python3 -m venv $environment
$environment/bin/pip install --quiet -r benches/rivals/search/requirements.txt
exec $environment/bin/python benches/rivals/search/compare.py $target/release/hashward-rivals-search "$@"
