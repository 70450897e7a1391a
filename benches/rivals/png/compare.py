#!/usr/bin/env python3
"""Times PNG decoders on synthetic photos and screenshots, grey and RGB, as libpng writes them.

    python compare.py PNG_PROGRAM MAKER [--json FILE]

PNG_PROGRAM is what `cargo build --release` makes of this folder, MAKER what it makes of ../hash.
Needs the packages numpy and pillow; libpng through Pillow is shown beside the Rust decoders.
"""
import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "hash"))

import numpy
from PIL import Image

from errors import Rival, noisy

PICTURES = [("photo", "dead_leaves", 4000, 3000, 3), ("screenshot", "screenshot", 2560, 1440, 0)]


def libpng(path):
    best = float("inf")
    for _ in range(9):
        begin = time.perf_counter()
        Image.open(path).load()
        best = min(best, time.perf_counter() - begin)
    return 1000 * best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("maker")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    rival, rows = Rival(arguments.maker), []
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, kind, width, height, noise in PICTURES:
            clean = pathlib.Path(folder) / "clean.ppm"
            rival.ask(f"make 1 {kind}:{width}x{height}:{clean}")
            ppm = noisy(clean.read_bytes(), noise, numpy.random.default_rng(1))
            for mode, word in (("L", "grey"), ("RGB", "RGB")):
                path = pathlib.Path(folder) / f"{name} {word} {width}x{height}"
                Image.open(io.BytesIO(ppm)).convert(mode).save(path, "PNG")
                paths.append(path)
        out = subprocess.run([arguments.program, *paths], check=True, capture_output=True, text=True)
        rows = [json.loads(line) for line in out.stdout.splitlines()]
        for path in paths:
            row = next(row for row in rows if row["path"] == str(path))
            rows.append({**row, "decoder": "libpng (Pillow)", "ms": round(libpng(path), 3)})
    for row in rows:
        row["path"] = pathlib.Path(row["path"]).name
    for row in sorted(rows, key=lambda row: (row["path"], row["ms"])):
        speed = row["pixel_bytes"] / row["ms"] / 1000
        print(f"{row['path']:<28} {row['file_bytes'] / 1e6:6.2f} MB  {row['decoder']:<16} "
              f"{row['ms']:8.2f} ms  {speed:6.0f} MB/s of pixels")
    if arguments.json:
        pathlib.Path(arguments.json).write_text("\n".join(map(json.dumps, rows)) + "\n")


if __name__ == "__main__":
    main()
