#!/usr/bin/env bash
# Installs what compare.py runs beside hashward, on Debian: hashdeep, rhash, b3sum and cjpeg from
# the distribution, czkawka_cli from crates.io into target/rivals, Python packages into a
# virtual environment there. Builds hashward and the program that makes pictures.
set -euo pipefail
cd "$(dirname "$0")/../../.."
apt-get install -y -qq hashdeep rhash b3sum libjpeg-turbo-progs python3-venv util-linux
cargo install --quiet --locked --version 12.0.2 --root target/rivals czkawka_cli
python3 -m venv target/rivals/python
target/rivals/python/bin/pip install --quiet -r benches/rivals/hash/requirements.txt
cargo build --release -p hashward-cli
cargo build --release --manifest-path benches/rivals/hash/Cargo.toml --target-dir target/rivals
echo "now: target/rivals/python/bin/python benches/rivals/files/compare.py"
