#!/usr/bin/env python3
"""Recall of other hashers on the pictures of `hashward eval --keep`, at a common rate of false matches.

    hashward eval --seed 2026 --pictures 100 --keep /tmp/pictures --out /tmp/ours
    python3 -m venv /tmp/rivals && /tmp/rivals/bin/pip install -r benches/rivals/robustness/requirements.txt
    cargo build --release --manifest-path benches/rivals/robustness/image_hasher/Cargo.toml
    /tmp/rivals/bin/python benches/rivals/robustness/compare.py /tmp/pictures \\
        --hashward target/release/hashward \\
        --image-hasher benches/rivals/robustness/image_hasher/target/release/hashward-rival-image-hasher

Every method gets the radius at which at most one in `--rate` pairs of a changed picture and another
original is within it, counted on these very pictures (PDQ also at its usual 31). OpenCV's ORB counts
inliers of a similarity found by RANSAC; its threshold is set likewise on a sample of pairs. hashward
is run as a user runs it, with one radius for all guesses, once as it is and once at the same rate.
czkawka computes its hashes with the crate `image_hasher`, which stands for both.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import cv2
import imagehash
import numpy as np
import pdqhash
from perception import hashers as perception
from PIL import Image


def bits(array):
    return np.packbits(np.asarray(array, dtype=np.uint8).ravel())


def pdq(picture):
    vector, _ = pdqhash.compute(np.asarray(picture))
    return bits(vector)


def hashed(function):
    return lambda picture: bits(function(picture).hash)


def perceived(hasher):
    return lambda picture: bits(hasher.compute(picture, hash_format="vector"))


HASHERS = {
    "pdqhash": pdq,
    "imagehash.phash": hashed(imagehash.phash),
    "imagehash.dhash": hashed(imagehash.dhash),
    "imagehash.average_hash": hashed(imagehash.average_hash),
    "imagehash.whash": hashed(imagehash.whash),
    "perception PHash": perceived(perception.PHash()),
    "perception DHash": perceived(perception.DHash()),
    "perception MarrHildreth": perceived(perception.MarrHildreth()),
    "perception BlockMean": perceived(perception.BlockMean()),
}

ORB = cv2.ORB_create(nfeatures=300)
MATCHER = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)


def features(picture):
    small = picture.convert("L")
    small.thumbnail((400, 400))
    points, descriptors = ORB.detectAndCompute(np.asarray(small), None)
    return np.float32([point.pt for point in points]).reshape(-1, 2), descriptors


def inliers(a, b):
    if a[1] is None or b[1] is None or min(len(a[0]), len(b[0])) < 3:
        return 0
    pairs = [m for m in MATCHER.match(a[1], b[1]) if m.distance <= 48]
    if len(pairs) < 3:
        return 0
    here = np.float32([a[0][m.queryIdx] for m in pairs])
    there = np.float32([b[0][m.trainIdx] for m in pairs])
    _, mask = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=4.0)
    return 0 if mask is None else int(mask.sum())


def hash_all(folders, originals, changes, changed, hasher):
    known = np.stack([hasher(picture) for picture in originals])
    asked = {c: np.stack([hasher(changed(folder, c)) for folder in folders]) for c in changes}
    return known, asked


def hash_with(program, folders, changes):
    names = ["original.png"] + [f"{change}.jpg" for change in changes]
    paths = "\n".join(str(folder / name) for name in names for folder in folders)
    ran = subprocess.run([program], input=paths, capture_output=True, text=True, check=True)
    rows = np.stack([np.frombuffer(bytes.fromhex(line), np.uint8) for line in ran.stdout.split()])
    known, *asked = rows.reshape(len(names), len(folders), -1)
    return known, dict(zip(changes, asked))


def ours(program, folders, changes, allowed, pairs):
    """Registers the originals and scans the changed pictures with ever wider radii."""
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        (place / "originals").mkdir()
        for folder in folders:
            shutil.copy(folder / "original.png", place / "originals" / f"{folder.name}.png")
            for change in changes:
                (place / "changed" / folder.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / f"{change}.jpg", place / "changed" / folder.name)

        def run(*arguments):
            ran = subprocess.run([program, "-q", *arguments], cwd=place, capture_output=True, text=True)
            # 1 and 4: something matched. What a busy machine did not examine in time counts as not found.
            assert ran.returncode in (0, 1, 3, 4), ran.stderr
            return ran.stdout

        run("db", "create", "db")
        run("register", "db", "originals", "--name", "originals")
        found = scanned(run, [])
        for title, counts in (("hashward, list", lambda by: by == "pdq"), ("hashward, registered", bool)):
            report(f"{title}, as it is", None, pairs, *tally(found, changes, len(folders), counts))
        best = {}
        kinds = ("full", "inverted", "trimmed", "inside", "uncropped", "straightened")
        for radius in range(40, 84, 4):
            one = {"matched": radius, "review": radius, "chance": {"at": 60, "log10": -7.5, "per_bit": 0.1}}
            (place / "radii.json").write_text(json.dumps({kind: one for kind in kinds}))
            found = scanned(run, ["--radii", "radii.json"])
            shares, wrong = tally(found, changes, len(folders), lambda by: by == "pdq")
            if wrong > allowed:
                break
            best = {"radius": radius, "shares": shares, "wrong": wrong}
        if best:
            report("hashward, list", best["radius"], pairs, best["shares"], best["wrong"])


def scanned(run, more):
    out = run("scan", "--db", "db", "--effort", "thorough", "--json", *more, "changed")
    records = [json.loads(line) for line in out.splitlines()]
    return [
        (pathlib.Path(record["path"]), {(m["entry"], m["by"]) for m in record["matches"]})
        for record in records
        if record["type"] == "match"
    ]


def tally(found, changes, originals, counts):
    """Shares of changed pictures that show their original, and pairs with another one."""
    hits, wrong = dict.fromkeys(changes, 0), 0
    for path, matches in found:
        entries = {pathlib.Path(entry).stem for entry, by in matches if counts(by)}
        hits[path.stem] += path.parent.name in entries
        wrong += len(entries - {path.parent.name})
    return {change: hits[change] / originals for change in changes}, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rate", type=float, default=20_000, help="pairs for one false match")
    parser.add_argument("--hashward", type=pathlib.Path, help="the program itself")
    parser.add_argument("--image-hasher", type=pathlib.Path, help="the program in image_hasher/")
    parser.add_argument("--orb-pairs", type=int, default=4_000, help="unrelated pairs for ORB")
    args = parser.parse_args()
    folders = sorted(path for path in args.folder.iterdir() if path.is_dir())
    originals = [Image.open(f / "original.png").convert("RGB") for f in folders]
    changes = sorted(path.stem for path in folders[0].glob("*.jpg"))

    def changed(folder, change):
        return Image.open(folder / f"{change}.jpg").convert("RGB")

    tables = {name: hash_all(folders, originals, changes, changed, h) for name, h in HASHERS.items()}
    if args.image_hasher:
        tables["image_hasher (czkawka)"] = hash_with(args.image_hasher, folders, changes)
    for name, (known, asked) in tables.items():
        distances = {}
        others = []
        for change in changes:
            all_pairs = np.bitwise_count(asked[change][:, None, :] ^ known[None, :, :]).sum(axis=2)
            distances[change] = np.diag(all_pairs).copy()
            others.append(all_pairs[~np.eye(len(folders), dtype=bool)])
        others = np.sort(np.concatenate(others))
        allowed = int(len(others) / args.rate)
        radius = int(others[allowed]) - 1
        report(name, radius, len(others), {c: float((d <= radius).mean()) for c, d in distances.items()})
        if name == "pdqhash":
            shares = {c: float((d <= 31).mean()) for c, d in distances.items()}
            report("pdqhash at 31", 31, len(others), shares)
    if args.hashward:
        pairs = len(changes) * len(folders) * (len(folders) - 1)
        ours(args.hashward, folders, changes, int(pairs / args.rate), pairs)
    orb(folders, originals, changes, changed, args.orb_pairs)


def orb(folders, originals, changes, changed, pairs):
    known = [features(picture) for picture in originals]
    found = {c: [] for c in changes}
    asked = {}
    for change in changes:
        for number, folder in enumerate(folders):
            asked[change, number] = features(changed(folder, change))
            found[change].append(inliers(asked[change, number], known[number]))
    chance = random.Random(1)
    unrelated = []
    while len(unrelated) < pairs:
        change, number, other = chance.choice(changes), *chance.sample(range(len(folders)), 2)
        unrelated.append(inliers(asked[change, number], known[other]))
    least = max(max(unrelated) + 1, 8)
    shares = {c: float((np.array(n) >= least).mean()) for c, n in found.items()}
    report("opencv ORB + RANSAC (inliers)", least, len(unrelated), shares)


def report(method, threshold, pairs, shares, wrong=None):
    line = {"method": method, "threshold": threshold, "unrelated_pairs": pairs, "recall": shares}
    if wrong is not None:
        line["false_pairs"] = wrong
    print(json.dumps(line))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
