#!/usr/bin/env python3
"""Write fixtures/vectors/pdq.jsonl: what the PDQ reference says about synthetic pictures.

Usage: tools/pdq_vectors.py [--check]

The reference is the PyPI package `pdqhash` (Meta's C++). The script makes its own virtual
environment with pinned packages under the system's folder for temporary files, computes every
vector anew and writes the file; with --check it compares instead and exits 1 on a difference.
fixtures/vectors/README.md describes the file and the pictures.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

PACKAGES = ["pdqhash==0.2.8", "numpy==2.4.6"]
TARGET = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "vectors" / "pdq.jsonl"


def enter_environment():
    """Runs this script again with the pinned packages, unless they are there already."""
    home = pathlib.Path(tempfile.gettempdir()) / f"hashward-pdq-vectors-{os.getuid()}"
    python = home / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == home.resolve():
        return
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (home / "complete").touch()
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


enter_environment()

import numpy as np  # noqa: E402
import pdqhash  # noqa: E402

U32 = np.uint32
CHANNELS = {"grey": 1, "grey_alpha": 1, "grey16": 1, "palette": 1, "rgb": 3, "rgba": 3, "rgb16": 3}

# ---- the generator: integers only, the same in crates/phash/tests/vectors/generator.rs ----


def mix(value):
    """Scrambles 32 bits."""
    value = np.asarray(value, U32)
    value = (value ^ (value >> U32(16))) * U32(0x7FEB352D)
    value = (value ^ (value >> U32(15))) * U32(0x846CA68B)
    return value ^ (value >> U32(16))


def cell(seed, channel, x, y):
    """A random 32-bit number per seed, channel and place."""
    start = mix(np.array([(seed + channel * 0x9E3779B9) & 0xFFFFFFFF], U32))
    return mix(mix(start + np.asarray(x, U32)) + np.asarray(y, U32))


def number(seed, channel, x, y, below):
    """A random integer below a limit."""
    return int(cell(seed, channel, x, y)[0]) % below


def noise(x, y, picture, channel):
    return cell(picture["seed"], channel, x, y) >> U32(24)


def blocks(x, y, picture, channel):
    side = U32(picture["parameter"])
    return cell(picture["seed"], channel, x // side, y // side) >> U32(24)


def gradient(x, y, picture, channel):
    seed, periods = picture["seed"], picture["parameter"]
    across = number(seed, 100, 0, 0, periods) + 1
    down = number(seed, 100, 1, 0, periods)
    t = x.astype(np.int64) * across * 512 // picture["width"]
    t = t + y.astype(np.int64) * down * 512 // picture["height"] + channel * 85
    t %= 512
    return np.where(t < 256, t, 511 - t)


def octaves(x, y, picture, channel):
    """Value noise of five octaves, the coarsest strongest; the parameter is the contrast in 16ths."""
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.int64)
    for octave in range(5):
        side = max(max(picture["width"], picture["height"]) >> (octave + 1), 1)
        left, top = x // U32(side), y // U32(side)
        fx = (x % U32(side)).astype(np.int64) * 256 // side
        fy = (y % U32(side)).astype(np.int64) * 256 // side

        def corner(dx, dy):
            at = channel + 10 * octave
            value = cell(picture["seed"], at, left + U32(dx), top + U32(dy))
            return (value >> U32(24)).astype(np.int64)

        upper = corner(0, 0) * (256 - fx) + corner(1, 0) * fx
        lower = corner(0, 1) * (256 - fx) + corner(1, 1) * fx
        total += ((upper * (256 - fy) + lower * fy) >> 16) << (4 - octave)
    return np.clip(128 + (((total // 31) - 128) * picture["parameter"] >> 4), 0, 255)


def text(x, y, picture, channel):
    """Dark random glyphs of 5 by 7 dots on a light page; the parameter is the size of a dot."""
    dot = U32(picture["parameter"])
    column, line = x // (dot * U32(6)), y // (dot * U32(10))
    across, down = (x // dot) % U32(6), (y // dot) % U32(10)
    glyph = cell(picture["seed"], 7, column, line)
    ink = (glyph >> ((down * U32(5) + across) % U32(32))) & U32(1)
    ink = (ink == 1) & (across < 5) & (down < 7) & (glyph % U32(6) != 0)
    return np.where(ink, 20 + 10 * channel, 240)


def leaves(x, y, picture, channel):
    """Overlapping discs, later ones in front; the parameter is their number."""
    seed, width, height = picture["seed"], picture["width"], picture["height"]
    value = np.full(np.broadcast_shapes(x.shape, y.shape), 128, np.int64)
    for disc in range(picture["parameter"]):
        cx, cy = number(seed, 20, disc, 0, width), number(seed, 20, disc, 1, height)
        radius = (min(width, height) * (number(seed, 20, disc, 2, 9) + 1)) // 32 + 1
        distance = (x.astype(np.int64) - cx) ** 2 + (y.astype(np.int64) - cy) ** 2
        value[distance < radius * radius] = number(seed, 30 + channel, disc, 0, 256)
    return value


def stripes(x, y, picture, channel):
    period = U32(picture["parameter"])
    return ((x // period + y // (period * U32(2)) + U32(channel)) & U32(1)) * U32(255)


def flat(x, y, picture, channel):
    return np.full(np.broadcast_shapes(x.shape, y.shape), picture["parameter"])


def faint(x, y, picture, channel):
    """A flat value, and one more at half of the pixels."""
    return U32(picture["parameter"]) + (cell(picture["seed"], channel, x, y) >> U32(31))


def plane(picture, channel):
    """One channel, 8 bits, made in bands so that memory stays small."""
    width, height = picture["width"], picture["height"]
    out = np.empty((height, width), np.uint8)
    x = np.arange(width, dtype=U32)[np.newaxis, :]
    for top in range(0, height, 128):
        y = np.arange(top, min(top + 128, height), dtype=U32)[:, np.newaxis]
        out[top : top + 128] = globals()[picture["scene"]](x, y, picture, channel)
    return out


def given_pixels(picture):
    """The 8-bit grey or RGB pixels that the reference is given, after the conversion of the mode."""
    mode, seed = picture["mode"], picture["seed"]
    planes = [plane(picture, channel) for channel in range(CHANNELS[mode])]
    if mode in ("grey16", "rgb16"):
        x = np.arange(picture["width"], dtype=U32)[np.newaxis, :]
        y = np.arange(picture["height"], dtype=U32)[:, np.newaxis]
        for channel, high in enumerate(planes):
            low = cell(seed, 40 + channel, x, y) >> U32(24)
            wide = high.astype(U32) * U32(256) + low
            planes[channel] = ((wide * U32(255) + U32(32767)) // U32(65535)).astype(np.uint8)
    if mode == "palette":
        index = planes[0] >> 4
        entries = [cell(seed, 50 + c, np.arange(16), 0) >> U32(24) for c in range(3)]
        planes = [entry.astype(np.uint8)[index] for entry in entries]
    return np.ascontiguousarray(np.stack(planes, axis=2))


# ---- the reference ----


def hexadecimal(bits):
    return f"{int(''.join(str(int(bit)) for bit in bits), 2):064x}"


def as_rgb(pixels):
    return pixels if pixels.shape[2] == 3 else np.ascontiguousarray(np.repeat(pixels, 3, axis=2))


def square512(pixels):
    """What Meta's C++ tool keeps of a picture with a side over 512: CImg's nearest neighbour."""
    height, width = pixels.shape[:2]
    rows = np.arange(512) * height // 512
    columns = np.arange(512) * width // 512
    return np.ascontiguousarray(pixels[rows][:, columns])


def vector(picture):
    pixels = given_pixels(picture)
    rgb = as_rgb(pixels)
    bits, quality = pdqhash.compute(rgb)
    dihedral, dihedral_quality = pdqhash.compute_dihedral(rgb)
    assert int(quality) == int(dihedral_quality)
    answer = dict(picture)
    answer["pixels_sha256"] = hashlib.sha256(pixels.tobytes()).hexdigest()
    answer["hash"] = hexadecimal(bits)
    answer["quality"] = int(quality)
    answer["dihedral"] = [hexadecimal(one) for one in dihedral]
    answer["coefficients_sha256"] = None
    if min(rgb.shape[:2]) >= 5:
        # Given last first; turned round, they are in the order of the hash's bits.
        values = np.asarray(pdqhash.compute_float(rgb)[0], "<f4")[::-1]
        answer["coefficients_sha256"] = hashlib.sha256(values.tobytes()).hexdigest()
    answer["square512"] = None
    if max(rgb.shape[:2]) > 512:
        bits, quality = pdqhash.compute(square512(rgb))
        answer["square512"] = {"hash": hexadecimal(bits), "quality": int(quality)}
    return answer


# ---- which pictures ----

SCENES = [
    ("octaves", 16, "rgb"), ("leaves", 40, "grey"), ("gradient", 3, "rgb"), ("noise", 0, "rgb"),
    ("text", 2, "grey"), ("blocks", 8, "rgba"), ("octaves", 6, "grey16"), ("stripes", 5, "grey"),
    ("leaves", 25, "rgb16"), ("octaves", 40, "palette"), ("faint", 200, "rgb"),
    ("gradient", 1, "grey_alpha"), ("blocks", 37, "rgb"), ("flat", 255, "grey"),
    ("octaves", 3, "rgba"), ("text", 5, "rgb"), ("leaves", 60, "palette"), ("octaves", 24, "grey"),
    ("blocks", 100, "grey"), ("octaves", 12, "grey"), ("octaves", 26, "rgba"),
    ("octaves", 19, "grey"), ("octaves", 32, "rgb16"), ("octaves", 21, "grey_alpha"),
    ("octaves", 28, "rgb"), ("octaves", 15, "grey"), ("leaves", 6, "rgb"), ("octaves", 23, "grey"),
    ("octaves", 36, "rgb"),
]

SIZES = [
    (1, 100), (4, 100), (2000, 4), (5, 5), (5, 6), (7, 5), (8, 8), (13, 9), (16, 16), (31, 17),
    (33, 64), (63, 63), (64, 64), (64, 65), (65, 64), (64, 128), (100, 64), (127, 128), (128, 128),
    (129, 127), (129, 129), (130, 200), (191, 193), (200, 150), (255, 257), (256, 256), (320, 240),
    (383, 385), (400, 300), (511, 512), (512, 512), (513, 511), (512, 513), (640, 480), (641, 479),
    (800, 600), (1000, 7), (7, 1000), (5, 4000), (4000, 5), (4000, 64), (63, 4000), (1023, 769),
    (1024, 768), (1280, 720), (1920, 1080), (2049, 1537), (3000, 2000), (4000, 3000), (2999, 4000),
    (4000, 4000),
]


def per_size(area):
    for limit, count in [(500, 3), (70_000, 6), (350_000, 5), (1_100_000, 4), (3_200_000, 3), (7_000_000, 2)]:
        if area <= limit:
            return count
    return 1


def pictures():
    turn = 0
    for width, height in SIZES:
        for _ in range(per_size(width * height)):
            scene, parameter, mode = SCENES[turn % len(SCENES)]
            yield {
                "id": turn, "scene": scene, "parameter": parameter, "seed": 1000 + turn,
                "mode": mode, "width": width, "height": height,
            }
            turn += 1


def main():
    lines = []
    for picture in pictures():
        lines.append(json.dumps(vector(picture), separators=(",", ":")))
    content = "".join(line + "\n" for line in lines)
    if "--check" in sys.argv[1:]:
        same = TARGET.read_text() == content
        print("the file is what the reference says" if same else f"{TARGET} differs")
        sys.exit(0 if same else 1)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(content)


if __name__ == "__main__":
    main()
