#!/usr/bin/env python3
"""Whole folders through hashward and through others, side by side in one run on one processor.

    python compare.py [--hashward P] [--czkawka P] [--maker P] [--rounds N] [--json FILE] [--svg FILE]

Two works: digests of many files of 100 kB to 5 MB, and a folder of photos. Programs take turns,
N rounds of each, all pinned to one processor and to one thread where they have a switch for it,
and the fastest round counts: wall-clock time from start to end of the process. Files are in the
system's cache; czkawka_cli's own cache of hashes is off. What a program prints is checked before
its time counts. A last part starts hashward with two threads and says how busy two processors
were, with the files in the system's cache and without. setup.sh installs what is needed.
"""
import argparse
import io
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "benches/rivals/hash"))

import numpy
from PIL import Image

from errors import Rival, cjpeg, noisy

FILES = 200
PRIORITY = ["chrt", "-r", "10"] if os.geteuid() == 0 else []
# Sizes of photos in turn, and how they are encoded.
SIZES = [(4000, 3000), (3000, 4000), (4000, 3000), (1920, 1080), (4032, 3024), (1600, 1200), (1024, 768)]
QUALITIES = [85, 90, 75, 92]
CLASSES = ["dead_leaves", "landscape", "texture", "figure"]


def run(command, threads=1):
    """Seconds, seconds of processor time, and what was printed; any exit code but 2 is fine."""
    processors = "0" if threads == 1 else "0,1"
    before, begin = os.times(), time.perf_counter()
    # Real-time priority where it may be had: nothing else on the machine takes time away.
    command = [*PRIORITY, "taskset", "-c", processors, *map(str, command)]
    done = subprocess.run(command, capture_output=True, text=True)
    seconds, after = time.perf_counter() - begin, os.times()
    assert done.returncode != 2, f"{command}: {done.stderr}"
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, used, done.stdout


def race(programs, rounds):
    """Lets programs take turns: name -> (command, check of the output)."""
    best = {}
    for _ in range(rounds):
        for name, (command, check) in programs.items():
            seconds, _, out = run(command)
            check(out)
            best[name] = min(best.get(name, seconds), seconds)
    return best


def make_files(folder):
    source = random.Random(4)
    folder.mkdir(exist_ok=True)
    for number in range(FILES):
        path = folder / f"{number:04}.bin"
        size = source.randint(100_000, 5_000_000)
        if not path.exists():
            path.write_bytes(random.Random(number).randbytes(size))


def digests(hashward, folder, rounds):
    """MD5, SHA-1 and SHA-256 of every file, and BLAKE3 alone."""
    bytes_ = sum(path.stat().st_size for path in folder.iterdir())

    def ours(kinds):
        command = [hashward, "-q", "hash", "--json", "-j", 1, "--kinds", ",".join(kinds), folder]
        return [*command], lambda out: lines(out, kinds)

    def lines(out, kinds):
        rows = [json.loads(line) for line in out.splitlines()]
        found = {pathlib.Path(row["path"]).name: [row[kind] for kind in kinds] for row in rows}
        if len(kinds) == 3:
            reference.update(found)
        else:
            alone.update({name: values[-1] for name, values in found.items()})
        assert len(found) == FILES

    reference, alone = {}, {}

    def same(rows):
        found = {pathlib.Path(path).name: values for *values, path in rows}
        assert found == reference, "digests differ"

    def hashdeep(out):
        rows = (line.split(",") for line in out.splitlines() if line[0] not in "%#")
        same((md5, sha1, sha256, path) for _, md5, sha1, sha256, path in rows)

    def b3sum(out):
        found = {pathlib.Path(line.split("  ")[1]).name: line.split("  ")[0] for line in out.splitlines()}
        assert found == alone, "digests differ"

    three = ["md5", "sha1", "sha256"]
    b3files = sorted(folder.iterdir())
    return bytes_, race({
        "hashward, MD5 + SHA-1 + SHA-256": ours(three),
        "hashdeep, MD5 + SHA-1 + SHA-256": (["hashdeep", "-j0", "-c", "md5,sha1,sha256", "-r", folder], hashdeep),
        "rhash, MD5 + SHA-1 + SHA-256": (
            ["rhash", "-r", "--printf", r"%{md5} %{sha1} %{sha-256} %p\n", folder],
            lambda out: same(line.split(" ") for line in out.splitlines()),
        ),
        "hashward, BLAKE3": ours(["blake3"]),
        "b3sum, BLAKE3": (["b3sum", "--num-threads", 1, *b3files], b3sum),
        "hashward, all four": ours([*three, "blake3"]),
    }, rounds)


def make_photos(folder, count, maker):
    """Photos with sensor noise; every tenth is another one's copy at a lower quality."""
    folder.mkdir(exist_ok=True)
    if len(list(folder.iterdir())) == count:
        return
    rival, scenes = Rival(maker), []
    with tempfile.TemporaryDirectory() as scratch:
        for number, kind in enumerate(CLASSES):
            path = f"{scratch}/{number}.ppm"
            rival.ask(f"make {number} {kind}:4032x4032:{path}")
            scenes.append(numpy.asarray(Image.open(path)))
    for number in range(count):
        original = number - 1 if number % 10 == 9 else number
        chance = numpy.random.default_rng(original)
        width, height = SIZES[original % len(SIZES)]
        scene = numpy.roll(scenes[original % len(scenes)], chance.integers(0, 4032, 2), (0, 1))
        side = max(width, height)
        scene = Image.fromarray(scene).resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2)
        ppm = io.BytesIO()
        scene.crop((0, 0, width, height)).save(ppm, "PPM")
        ppm = noisy(ppm.getvalue(), 3, chance)
        quality = QUALITIES[original % len(QUALITIES)] - (10 if original != number else 0)
        how = ["-progressive"] if original % 6 == 5 else []
        (folder / f"{number:04}.jpg").write_bytes(cjpeg(ppm, "-quality", quality, *how))


def make_database(folder, hashward, photos, hashes):
    """A million random PDQ hashes, and one digest of every kind, so that each is computed."""
    database = folder / "database"
    if database.exists():
        return database
    run([hashward, "-q", "db", "create", database])
    chance = random.Random(11)
    rows = [chance.randbytes(32).hex() for _ in range(hashes)]
    known = sorted(photos.iterdir())[0]
    _, _, out = run([hashward, "-q", "hash", "--json", known])
    rows[hashes // 2] = json.loads(out)["pdq"]["hash"]
    (folder / "list.pdq").write_text("".join(f"{row},100,\n" for row in rows))
    run([hashward, "-q", "list", "import", database, folder / "list.pdq", "--name", "pictures"])
    digests = {"md5": 16, "sha1": 20, "sha256": 32, "blake3": 32}
    row = {kind: chance.randbytes(length).hex() for kind, length in digests.items()}
    (folder / "list.jsonl").write_text(json.dumps({"id": "1", **row}) + "\n")
    run([hashward, "-q", "list", "import", database, folder / "list.jsonl", "--name", "digests"])
    return database


def photos(hashward, czkawka, folder, database, rounds):
    count = len(list(folder.iterdir()))

    def matched(out):
        records = [json.loads(line) for line in out.splitlines()]
        summary = next(record for record in records if record["type"] == "summary")
        assert summary["files"] == count and summary["complete"], summary
        paths = {pathlib.Path(r["path"]).name for r in records if r["type"] == "match"}
        assert "0000.jpg" in paths and len(paths) <= 2, paths

    def hashed(out):
        rows = [json.loads(line) for line in out.splitlines()]
        assert len([row for row in rows if row["pdq"]["dihedral"]["rot90"]]) == count

    def similar(out):
        names = set(re.findall(r"(\d{4})\.jpg", out))
        pairs = [(f"{n - 1:04}", f"{n:04}") for n in range(9, count, 10)]
        # Its default tolerance does not find every copy, but it has to have looked at all.
        assert any(names.issuperset(pair) for pair in pairs), "czkawka_cli has found no copy"

    scan = [hashward, "-q", "scan", "--json", "-j", 1, "--db", database, folder]
    return race({
        "hashward scan: four digests, PDQ, match against 1M": (scan, matched),
        "hashward scan --effort fast": ([*scan, "--effort", "fast"], matched),
        "hashward hash: four digests, PDQ in eight orientations": (
            [hashward, "-q", "hash", "--json", "--dihedral", "-j", 1, folder], hashed),
        "czkawka_cli image: one hash": (
            [czkawka, "image", "-T", 1, "-H", "-d", folder], similar),
    }, rounds)


def busy(hashward, folder, database):
    """Processor time over twice the wall-clock time, two threads, on the photos three times over."""
    copies = [folder, *(folder.with_name(f"photos-{n}") for n in (2, 3))]
    for copy in copies[1:]:
        if not copy.exists():
            shutil.copytree(folder, copy)
    scan = [hashward, "-q", "scan", "--json", "-j", 2, "--db", database, *copies]
    for effort in ("normal", "fast"):
        for where in ("in the system's cache", "from the disk"):
            if where == "from the disk":
                for path in (path for copy in copies for path in copy.iterdir()):
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            seconds, used, out = run([*scan, "--effort", effort], threads=2)
            assert json.loads(out.splitlines()[-2])["files"] == sum(1 for c in copies for _ in c.iterdir())
            yield effort, where, seconds, used


MEASURES = [
    ("digests", "hashward, MD5 + SHA-1 + SHA-256", "hashdeep, MD5 + SHA-1 + SHA-256", 7),
    ("digests", "hashward, MD5 + SHA-1 + SHA-256", "rhash, MD5 + SHA-1 + SHA-256", None),
    ("digests", "hashward, BLAKE3", "b3sum, BLAKE3", None),
    ("photos", "hashward scan: four digests, PDQ, match against 1M", "czkawka_cli image: one hash", 4),
    ("photos", "hashward scan --effort fast", "czkawka_cli image: one hash", 4),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hashward", default=ROOT / "target/release/hashward")
    parser.add_argument("--czkawka", default=ROOT / "target/rivals/bin/czkawka_cli")
    parser.add_argument("--maker", default=ROOT / "target/rivals/release/hashward-rivals-hash")
    parser.add_argument("--photos", type=int, default=70)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="keep everything there, for another run")
    parser.add_argument("--only", choices=["make", "digests", "photos", "busy"])
    parser.add_argument("--json")
    parser.add_argument("--svg")
    arguments = parser.parse_args()
    wanted = lambda part: arguments.only in (None, part)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(arguments.folder or scratch)
        pictures = folder / "photos"
        make_files(folder / "files")
        make_photos(pictures, arguments.photos, arguments.maker)
        database = make_database(folder, arguments.hashward, pictures, arguments.hashes)
        cells, rows = {}, []
        if wanted("digests"):
            size, cells["digests"] = digests(arguments.hashward, folder / "files", arguments.rounds)
            print(f"digests of {FILES} files, {size / 1e6:.0f} MB")
            show(cells["digests"], size, FILES)
        if wanted("photos"):
            size = sum(path.stat().st_size for path in pictures.iterdir())
            cells["photos"] = photos(
                arguments.hashward, arguments.czkawka, pictures, database, arguments.rounds)
            print(f"a folder of {arguments.photos} photos, {size / 1e6:.0f} MB")
            show(cells["photos"], size, arguments.photos)
        for where, ours, theirs, needed in MEASURES:
            if where in cells:
                found = cells[where][theirs] / cells[where][ours]
                rows.append({"work": where, "ours": ours, "theirs": theirs, "needed": needed, "found": found})
                verdict = "" if needed is None else f"needed {needed}" + ("" if found >= needed else "  MISSED")
                print(f"{ours:<52} {theirs:<34} {found:6.2f} times faster  {verdict}")
        if wanted("busy"):
            print("two threads on two processors, busy share of both")
            for effort, where, seconds, used in busy(arguments.hashward, pictures, database):
                share = used / seconds / 2
                rows.append({"effort": effort, "files": where, "seconds": seconds, "busy": share})
                print(f"  {effort:<7} {where:<22} {seconds:7.3f} s  {100 * share:5.1f} %")
        if arguments.json:
            lines = [{"work": where, "seconds": best} for where, best in cells.items()]
            pathlib.Path(arguments.json).write_text("\n".join(map(json.dumps, lines + rows)) + "\n")
        if arguments.svg:
            draw(cells, arguments.svg)


def draw(cells, path):
    """Bars of every program per work, in seconds, each work on its own scale."""
    titles = {"digests": f"Digests of {FILES} files of 100 kB to 5 MB", "photos": "A folder of photos"}
    left, wide, row, y, lines = 400, 380, 22, 50, []
    for where, best in cells.items():
        lines.append(f'<text x="14" y="{y}" font-weight="bold">{titles[where]}</text>')
        y += row
        for name, seconds in sorted(best.items(), key=lambda item: item[1]):
            length = wide * seconds / max(best.values())
            colour = "#1f6f8b" if name.startswith("hashward") else "#b9b4aa"
            lines.append(f'<text x="{left - 8}" y="{y}" text-anchor="end">{name}</text>')
            lines.append(f'<rect x="{left}" y="{y - 12}" width="{length:.1f}" height="15" fill="{colour}"/>')
            lines.append(f'<text x="{left + length + 6:.1f}" y="{y}">{seconds:.3g} s</text>')
            y += row
        y += 10
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="860" height="%d" '
            'font-family="sans-serif" font-size="13"><rect width="100%%" height="100%%" fill="white"/>'
            '<text x="14" y="24" font-size="16">Time for whole folders, one thread on one processor</text>' % y)
    pathlib.Path(path).write_text(head + "\n" + "\n".join(lines) + "\n</svg>\n")


def show(best, size, files):
    for name, seconds in sorted(best.items(), key=lambda item: item[1]):
        print(f"  {name:<56} {seconds:8.3f} s  {size / seconds / 1e6:7.0f} MB/s  {1000 * seconds / files:7.2f} ms a file")
    print()


if __name__ == "__main__":
    main()
