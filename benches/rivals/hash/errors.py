#!/usr/bin/env python3
"""Measures how far hashes of reduced JPEG decodings are from the canonical ones, over synthetic
pictures of all sizes in files of three encoders, and prints a table per size class and scale.

    python errors.py RIVAL_PROGRAM [--json FILE]

Needs cjpeg (Debian: libjpeg-turbo-progs) and the packages numpy, pillow and jpeglib (for
mozjpeg 4.0.3). RIVAL_PROGRAM is what `cargo build --release` makes of this folder. Every picture,
its noise and its encoding come from a seed.
"""
import argparse
import io
import json
import pathlib
import subprocess
import tempfile

import jpeglib
import numpy
from PIL import Image

CLASSES = ["dead_leaves", "landscape", "texture", "figure", "line_drawing", "cgi", "document", "screenshot"]
SIZES = [
    (320, 240), (400, 520), (512, 512), (640, 480), (800, 600), (720, 1280), (1000, 750),
    (1024, 768), (1200, 900), (1600, 1200), (1920, 1080), (1536, 2048), (2592, 1944),
    (2000, 3000), (4000, 3000), (6000, 2048),
]
# Shortest sides at which classes begin.
BOUNDS = [0, 512, 768, 1024, 1536, 2048]
SAMPLINGS = ["2x2", "2x1", "1x1", "1x2"]
SCALES = ["half", "quarter", "eighth"]


class Rival:
    def __init__(self, program):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program], stdin=pipe, stdout=pipe, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split(" ", 1)[1].rstrip("\n")


def noisy(ppm, sigma, random):
    """The picture with sensor noise, mostly the same in all channels."""
    image = numpy.asarray(Image.open(io.BytesIO(ppm))).astype(numpy.float32)
    shape = image.shape[:2]
    noise = random.standard_normal(shape, numpy.float32)[:, :, None]
    noise = noise + 0.5 * random.standard_normal((*shape, 3), numpy.float32)
    image = (image + sigma * noise).clip(0, 255).astype(numpy.uint8)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PPM")
    return out.getvalue()


def cjpeg(ppm, *switches):
    command = ["cjpeg", *map(str, switches)]
    return subprocess.run(command, input=ppm, check=True, capture_output=True).stdout


def mozjpeg(ppm, quality, folder):
    """As mozjpeg writes it: progressive, trellis quantisation."""
    file = str(folder / "moz.jpg")
    pixels = numpy.array(Image.open(io.BytesIO(ppm)))
    with jpeglib.version("mozjpeg403"):
        jpeglib.from_spatial(pixels).write_spatial(file, qt=quality)
    return pathlib.Path(file).read_bytes()


def files(ppm, random, rival, folder):
    """Encodings of one picture: (encoder, quality, how, bytes)."""
    quality = lambda: int(random.choice([50, 60, 70, 75, 80, 85, 90, 95]))
    sampling = lambda: SAMPLINGS[random.integers(len(SAMPLINGS))]
    for how in [[], ["-restart", "1"], ["-progressive"], ["-progressive", "-restart", "4B"]]:
        q, s = quality(), sampling()
        yield "libjpeg-turbo", q, " ".join([s, *how]), cjpeg(ppm, "-quality", q, "-sample", s, *how)
    q = quality()
    yield "mozjpeg", q, "progressive", mozjpeg(ppm, q, folder)
    q = quality()
    path = folder / "picture.ppm"
    path.write_bytes(ppm)
    written = rival.ask(f"encode {q} {path}")
    yield "image", q, "baseline", pathlib.Path(written).read_bytes()


def measure(program):
    rival = Rival(program)
    random = numpy.random.default_rng(20261124)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for number, (width, height) in enumerate(SIZES):
            for kind, name in enumerate(CLASSES):
                clean = folder / "clean.ppm"
                seed = 1000 * number + kind
                rival.ask(f"make {seed} {name}:{width}x{height}:{clean}")
                ppm = noisy(clean.read_bytes(), [0, 2, 5, 9][(number + kind) % 4], random)
                for encoder, quality, how, data in files(ppm, random, rival, folder):
                    file = folder / "file.jpg"
                    file.write_bytes(data)
                    row = json.loads(rival.ask(f"errors 1 {file}"))
                    yield {"class": name, "encoder": encoder, "jpeg_quality": quality, "how": how, **row}


def table(rows):
    rows = [row for row in rows if row["quality"] >= 50]
    print(f"{len(rows)} files with PDQ quality 50 or more; bits of 256: mean / 99 % / largest")
    print(f"{'shortest side':>14} {'scale':>8} {'files':>6} {'full':>18} {'512x512':>18} "
          f"{'full for 512x512':>18} {'quality':>8}")
    for low, high in zip(BOUNDS, BOUNDS[1:] + [100_000]):
        some = [row for row in rows if low <= min(row["width"], row["height"]) < high]
        for scale in SCALES:
            cells = []
            for column in range(3):
                values = sorted(row[scale][column] for row in some if row[scale][column] >= 0)
                if values:
                    mean = sum(values) / len(values)
                    cells.append(f"{mean:.1f} / {values[int(0.99 * len(values))]} / {values[-1]}")
                else:
                    cells.append("-")
            quality = max((abs(row[scale][3]) for row in some), default=0)
            print(f"{low:>14} {scale:>8} {len(some):>6} {cells[0]:>18} {cells[1]:>18} {cells[2]:>18} "
                  f"{quality:>8}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    rows = []
    for row in measure(arguments.program):
        rows.append(row)
    if arguments.json:
        lines = "\n".join(json.dumps(row) for row in rows) + "\n"
        pathlib.Path(arguments.json).write_text(lines)
    print(f"{len(rows)} files")
    table(rows)


if __name__ == "__main__":
    main()
