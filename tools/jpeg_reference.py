#!/usr/bin/env python3
"""Makes fixtures/reference: small JPEG files of synthetic pictures from three encoders, and what
the reference (`pdq_from_file` of the PyPI package `threatexchange`, which decodes to RGB and calls
Meta's C++) says about each.

    python3 tools/jpeg_reference.py RIVAL_PROGRAM

RIVAL_PROGRAM is what `cargo build --release` makes of benches/rivals/hash, and the packages are
those of its requirements.txt; cjpeg of libjpeg-turbo is needed too. Pictures, noise and encodings
come from seeds.
"""
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benches/rivals/hash"))

import numpy
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file

from errors import Rival, files, noisy

FOLDER = ROOT / "fixtures/reference"
SIZES = [(160, 120), (203, 151), (256, 256), (180, 320), (320, 240), (384, 256)]
CLASSES = ["dead_leaves", "landscape", "texture", "figure", "line_drawing", "cgi", "document", "screenshot"]


def main():
    rival = Rival(sys.argv[1])
    random = numpy.random.default_rng(4)
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["# file, PDQ hash and quality by the reference"]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for number in range(16):
            width, height = SIZES[number % len(SIZES)]
            kind, clean = CLASSES[number % len(CLASSES)], scratch / "clean.ppm"
            rival.ask(f"make {number} {kind}:{width}x{height}:{clean}")
            ppm = noisy(clean.read_bytes(), [0, 2, 4][number % 3], random)
            for encoder, quality, how, data in files(ppm, random, rival, scratch):
                how = "".join(c if c.isalnum() else "-" for c in how).replace("--", "-")
                name = f"{number:02}-{encoder}-q{quality}-{how}.jpg"
                (FOLDER / name).write_bytes(data)
                hash_, value = pdq_from_file(FOLDER / name)
                lines.append(f"{name} {hash_} {value}")
    (FOLDER / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
