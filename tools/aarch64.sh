#!/bin/sh
# Builds the crates with SIMD code for aarch64 and runs their tests under qemu.
#
# Usage: tools/aarch64.sh [crate...]        default: hashward-kernels hashward-phash
#
# Needs a Debian or Ubuntu on another architecture, with cargo. What is missing is installed with
# apt when this runs as root: Debian's own rustc (rustup is not asked for a target), its standard
# library for arm64, a cross linker and qemu. Debian's rustc is another version than the one of
# rust-toolchain, hence the target folder of its own.
#
# Exit code: that of the tests; 77 when something cannot be had (the reason is printed).
set -eu

cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-gnu
rustc=/usr/bin/rustc
std=/usr/lib/rustlib/$target

unavailable() {
    echo "aarch64: skipped: $*" >&2
    exit 77
}

# True when Debian's compiler builds a program for the target and qemu runs it.
works() {
    [ -x "$rustc" ] && command -v aarch64-linux-gnu-gcc >/dev/null &&
        command -v qemu-aarch64 >/dev/null || return 1
    echo 'fn main() {}' >"$scratch/probe.rs"
    "$rustc" --target "$target" -C linker=aarch64-linux-gnu-gcc \
        -o "$scratch/probe" "$scratch/probe.rs" >"$scratch/probe.log" 2>&1 &&
        qemu-aarch64 -L /usr/aarch64-linux-gnu "$scratch/probe"
}

install() {
    command -v apt-get >/dev/null || unavailable "no apt-get to install a cross compiler with"
    [ "$(id -u)" = 0 ] || unavailable "installing the cross compiler needs root"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >/dev/null || unavailable "apt-get update failed"
    apt-get -qq install -y --no-install-recommends \
        rustc-web gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user >/dev/null ||
        unavailable "apt has no rustc-web, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross or qemu-user"
    # The other architecture is known to apt for this download only.
    mkdir -p "$scratch/lists/partial"
    arm64="-o APT::Sandbox::User=root -o APT::Architectures=arm64 -o Dir::State::Lists=$scratch/lists"
    version=$(dpkg-query -W -f '${Version}' rustc-web)
    # shellcheck disable=SC2086
    apt-get -qq $arm64 update >/dev/null || unavailable "apt has no arm64 packages"
    # shellcheck disable=SC2086
    (cd "$scratch" && apt-get -qq $arm64 download "libstd-rust-web-dev:arm64=$version" >/dev/null 2>&1) ||
        unavailable "apt has no libstd-rust-web-dev $version for arm64"
    dpkg -x "$scratch"/libstd-rust-web-dev_*_arm64.deb "$scratch/std"
    rm -rf "$std"
    cp -r "$scratch/std$std" "$std"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
command -v cargo >/dev/null || unavailable "no cargo"
works || install
works || unavailable "the cross compiler does not work: $(tail -n 1 "$scratch/probe.log")"

[ $# -gt 0 ] || set -- hashward-kernels hashward-phash
for crate; do packages="${packages-} -p $crate"; done

# Tests that would take minutes under emulation make do with less.
export HASHWARD_EMULATED=1
export RUSTC="$rustc" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/aarch64"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
# shellcheck disable=SC2086
cargo test --quiet --locked --target "$target" --lib --tests $packages
