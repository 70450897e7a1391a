#!/usr/bin/env python3
"""Hashing of pictures here and elsewhere, side by side in one run on one thread.

    python compare.py RIVAL_PROGRAM [--rounds N] [--json FILE] [--svg FILE]

Rivals take turns, N rounds of each, and the fastest round counts. RIVAL_PROGRAM is what `cargo
build --release` makes of this folder. Needs cjpeg (Debian: libjpeg-turbo-progs), libturbojpeg
(libturbojpeg0) and the packages numpy, pillow, pdqhash, threatexchange and imagehash.
Pictures are synthetic, with sensor noise, all from seeds.
"""
import argparse
import ctypes
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import imagehash
import numpy
import pdqhash
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file

from errors import cjpeg, noisy


class Rival:
    """The program beside this script: `WORK ROUNDS PATH` in, seconds and a result out."""

    def __init__(self, program):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program], stdin=pipe, stdout=pipe, text=True)

    def ask(self, work, rounds, path):
        self.process.stdin.write(f"{work} {rounds} {path}\n")
        self.process.stdin.flush()
        seconds, result = self.process.stdout.readline().rstrip("\n").split(" ", 1)
        return float(seconds), result


class Turbo:
    """libjpeg-turbo's luma plane at full scale, the accurate integer DCT."""

    GREY = 6

    def __init__(self):
        self.library = ctypes.CDLL("libturbojpeg.so.0")
        self.library.tjInitDecompress.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.tjInitDecompress())

    def decode(self, data, width, height, plane):
        size = ctypes.c_ulong(len(data))
        return self.library.tjDecompress2(
            self.handle, data, size, plane, width, width, height, self.GREY, 0)


def clocked(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def distance(a, b):
    return bin(int(a, 16) ^ int(b, 16)).count("1")


def hexadecimal(bits):
    return "%064x" % int("".join("1" if bit else "0" for bit in bits), 2)


def race(rivals, rounds):
    """Lets rivals take turns; the fastest of each counts."""
    best, results = {}, {}
    for _ in range(rounds):
        for name, run in rivals.items():
            seconds, results[name] = run()
            best[name] = min(best.get(name, seconds), seconds)
    return best, results


def pixels(rival, path, rounds, slow):
    rgb = numpy.asarray(Image.open(path).convert("RGB"))
    words = rgb.reshape(-1)[: rgb.size // 8 * 8].view(numpy.uint64)
    ask = lambda work, many: lambda: rival.ask(work, many, path)
    best, results = race({
        "the RGB bytes read once": lambda: clocked(words.max),
        "hashward, RGB": ask("pdq-rgb", slow),
        "hashward, luma": ask("pdq-luma", slow),
        "pdqhash (Meta's C++)": lambda: clocked(lambda: hexadecimal(pdqhash.compute(rgb)[0])),
        "crate pdqhash": ask("crate-pdqhash", 1),
        "crate image_hasher (other hash)": ask("crate-image_hasher", 1),
        "imagehash.phash (other hash)": lambda: clocked(lambda: imagehash.phash(Image.fromarray(rgb))),
    }, rounds)
    apart = distance(results["hashward, RGB"], results["pdqhash (Meta's C++)"])
    assert apart <= 4, f"{apart} bits apart from the same pixels"
    return best, apart


def file(rival, turbo, path, rounds, progressive):
    data = pathlib.Path(path).read_bytes()
    width, height = Image.open(path).size
    plane = ctypes.create_string_buffer(width * height)

    def luma():
        seconds, status = clocked(lambda: turbo.decode(data, width, height, plane))
        assert status == 0, "libjpeg-turbo refuses the file"
        return seconds, None

    ask = lambda work: lambda: rival.ask(work, 1, path)
    best, results = race({
        "libjpeg-turbo, luma decode alone": luma,
        "hashward, canonical": ask("canonical"),
        "hashward, fast": ask("fast"),
        "own decoder, luma decode alone": ask("jpeg-full"),
        "entropy decoding alone": ask("jpeg-eighth"),
        "threatexchange pdq_from_file": lambda: clocked(lambda: pdq_from_file(pathlib.Path(path))[0]),
        "imagehash.phash (other hash)": lambda: clocked(lambda: imagehash.phash(Image.open(path))),
    }, rounds)
    if progressive:
        best["DC scans alone"] = best.pop("entropy decoding alone")
    reference = results["threatexchange pdq_from_file"]
    apart = distance(results["hashward, canonical"], reference)
    assert apart <= 10, f"{apart} bits apart from the same file"
    return best, apart


def encoded(ppm, bits_per_pixel, *switches):
    """At the quality that comes nearest to so many bits a pixel."""
    width, height = Image.open(io.BytesIO(ppm)).size
    files = (cjpeg(ppm, "-quality", quality, *switches) for quality in range(50, 98, 3))
    return min(files, key=lambda f: abs(8 * len(f) / width / height - bits_per_pixel))


MEASURES = [
    # where, ours, theirs, at least so many times faster
    ("512x512 pixels", "hashward, RGB", "pdqhash (Meta's C++)", 30),
    ("4000x3000 pixels", "hashward, RGB", "pdqhash (Meta's C++)", 150),
    ("512x512 pixels", "hashward, luma", "pdqhash (Meta's C++)", 30),
    ("4000x3000 pixels", "hashward, luma", "pdqhash (Meta's C++)", 150),
    ("4000x3000 pixels", "hashward, RGB", "the RGB bytes read once", 0.8),
    ("12 MP, 1.1 bits", "hashward, canonical", "libjpeg-turbo, luma decode alone", 1 / 1.3),
    ("12 MP, 3.5 bits", "hashward, canonical", "libjpeg-turbo, luma decode alone", 1 / 1.3),
    ("12 MP, 1.1 bits", "hashward, fast", "libjpeg-turbo, luma decode alone", 1 / 0.8),
    ("12 MP, 3.5 bits", "hashward, fast", "libjpeg-turbo, luma decode alone", 1 / 0.8),
    ("12 MP, 1.1 bits", "hashward, fast", "threatexchange pdq_from_file", 25),
    ("12 MP progressive", "hashward, fast", "threatexchange pdq_from_file", 50),
    ("12 MP progressive", "hashward, fast", "libjpeg-turbo, luma decode alone", 8),
    ("1 MP", "hashward, canonical", "threatexchange pdq_from_file", 7),
]


def draw(cells, path):
    """Bars of every rival per work, on a logarithmic scale of milliseconds."""
    left, wide, row, lines = 300, 520, 20, []
    low, high = -1.7, 3.2
    place = lambda ms: left + wide * (max(low, min(high, numpy.log10(ms))) - low) / (high - low)
    y = 46
    for where, best, _ in cells:
        lines.append(f'<text x="14" y="{y}" font-weight="bold">{where}</text>')
        y += row
        for name, seconds in sorted(best.items(), key=lambda item: item[1]):
            ms = 1000 * seconds
            colour = "#1f6f8b" if name.startswith(("hashward", "own")) else "#b9b4aa"
            text = name.replace("&", "&amp;")
            lines.append(f'<text x="{left - 8}" y="{y}" text-anchor="end">{text}</text>')
            lines.append(f'<rect x="{left}" y="{y - 11}" width="{place(ms) - left:.1f}" height="14" fill="{colour}"/>')
            lines.append(f'<text x="{place(ms) + 5:.1f}" y="{y}">{ms:.3g} ms</text>')
            y += row
        y += 8
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="920" height="%d" '
            'font-family="sans-serif" font-size="13"><rect width="100%%" height="100%%" fill="white"/>'
            '<text x="14" y="22" font-size="16">Time per picture, one thread (logarithmic)</text>' % y)
    pathlib.Path(path).write_text(head + "\n" + "\n".join(lines) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="keep the pictures there, for another run")
    parser.add_argument("--only-make", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    arguments = parser.parse_args()
    rival = Rival(arguments.program)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(arguments.folder or scratch)
        works = {
            "512x512 pixels": (512, 512, 0, None),
            "1024x768 pixels": (1024, 768, 0, None),
            "4000x3000 pixels": (4000, 3000, 0, None),
            "1 MP": (1200, 900, 3, (1.6,)),
            "12 MP, 1.1 bits": (4000, 3000, 3, (1.1,)),
            "12 MP, 3.5 bits": (4000, 3000, 9, (3.5,)),
            "12 MP progressive": (4000, 3000, 4, (2.0, "-progressive")),
        }
        cells = []
        turbo = Turbo()
        for number, (where, (width, height, noise, how)) in enumerate(works.items()):
            path = folder / f"{number}.{'jpg' if how else 'ppm'}"
            if not path.exists():
                clean = folder / "clean.ppm"
                rival.ask("make", number, f"dead_leaves:{width}x{height}:{clean}")
                ppm = noisy(clean.read_bytes(), noise, numpy.random.default_rng(number))
                path.write_bytes(encoded(ppm, *how) if how else ppm)
            if arguments.only_make:
                continue
            if how:
                best, apart = file(rival, turbo, path, arguments.rounds, "-progressive" in how)
                bits = 8 * path.stat().st_size / width / height
                where_exactly = f"{where} ({path.stat().st_size / 1e6:.2f} MB, {bits:.2f} bits a pixel)"
            else:
                best, apart = pixels(rival, path, arguments.rounds, 20 if width < 2000 else 5)
                where_exactly = where
            cells.append((where, best, apart))
            print(f"\n{where_exactly}; {apart} bits from the reference's hash")
            for name, seconds in sorted(best.items(), key=lambda item: item[1]):
                print(f"  {name:<34} {1000 * seconds:10.3f} ms")
    if arguments.only_make:
        return
    print(f"\n{'work':<20} {'ours':<22} {'against':<34} {'needed':>7} {'found':>8}")
    times = {where: best for where, best, _ in cells}
    rows = []
    for where, ours, theirs, needed in MEASURES:
        found = times[where][theirs] / times[where][ours]
        rows.append({"work": where, "ours": ours, "theirs": theirs, "needed": needed, "found": found})
        print(f"{where:<20} {ours:<22} {theirs:<34} {needed:>7.2f} {found:>8.2f}"
              f"{'' if found >= needed else '  MISSED'}")
    if arguments.json:
        lines = [{"work": where, "bits_apart": apart, "seconds": best} for where, best, apart in cells]
        pathlib.Path(arguments.json).write_text("\n".join(map(json.dumps, lines + rows)) + "\n")
    if arguments.svg:
        draw(cells, arguments.svg)


if __name__ == "__main__":
    main()
