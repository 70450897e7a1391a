#!/usr/bin/env python3
"""Recall of other hashers on the pictures of `hashward eval --keep`, at a common rate of false matches.

    hashward eval --seed 2026 --pictures 100 --keep /tmp/pictures --out /tmp/ours
    python3 -m venv /tmp/rivals && /tmp/rivals/bin/pip install -r benches/rivals/robustness/requirements.txt
    /tmp/rivals/bin/python benches/rivals/robustness/compare.py /tmp/pictures

Every method gets the radius at which at most one in `--rate` pairs of a changed picture and another
original is within it, counted on these very pictures (PDQ also at its usual 31). OpenCV's ORB counts
inliers of a similarity found by RANSAC; its threshold is set likewise on a sample of pairs.
"""

import argparse
import json
import pathlib
import random
import sys

import cv2
import imagehash
import numpy as np
import pdqhash
from PIL import Image


def bits(array):
    return np.packbits(np.asarray(array, dtype=np.uint8).ravel())


def pdq(picture):
    vector, _ = pdqhash.compute(np.asarray(picture))
    return bits(vector)


def hashed(function):
    return lambda picture: bits(function(picture).hash)


HASHERS = {
    "pdqhash": pdq,
    "imagehash.phash": hashed(imagehash.phash),
    "imagehash.dhash": hashed(imagehash.dhash),
    "imagehash.average_hash": hashed(imagehash.average_hash),
    "imagehash.whash": hashed(imagehash.whash),
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rate", type=float, default=20_000, help="pairs for one false match")
    parser.add_argument("--orb-pairs", type=int, default=4_000, help="unrelated pairs for ORB")
    args = parser.parse_args()
    folders = sorted(path for path in args.folder.iterdir() if path.is_dir())
    originals = [Image.open(f / "original.png").convert("RGB") for f in folders]
    changes = sorted(path.stem for path in folders[0].glob("*.jpg"))

    def changed(folder, change):
        return Image.open(folder / f"{change}.jpg").convert("RGB")

    for name, hasher in HASHERS.items():
        known = np.stack([hasher(picture) for picture in originals])
        distances = {}
        others = []
        for change in changes:
            asked = np.stack([hasher(changed(folder, change)) for folder in folders])
            all_pairs = np.bitwise_count(asked[:, None, :] ^ known[None, :, :]).sum(axis=2)
            distances[change] = np.diag(all_pairs).copy()
            others.append(all_pairs[~np.eye(len(folders), dtype=bool)])
        others = np.sort(np.concatenate(others))
        allowed = int(len(others) / args.rate)
        radius = int(others[allowed]) - 1
        report(name, radius, len(others), {c: float((d <= radius).mean()) for c, d in distances.items()})
        if name == "pdqhash":
            shares = {c: float((d <= 31).mean()) for c, d in distances.items()}
            report("pdqhash at 31", 31, len(others), shares)

    known = [features(picture) for picture in originals]
    found = {c: [] for c in changes}
    asked = {}
    for change in changes:
        for number, folder in enumerate(folders):
            asked[change, number] = features(changed(folder, change))
            found[change].append(inliers(asked[change, number], known[number]))
    chance = random.Random(1)
    unrelated = []
    while len(unrelated) < args.orb_pairs:
        change, number, other = chance.choice(changes), *chance.sample(range(len(folders)), 2)
        unrelated.append(inliers(asked[change, number], known[other]))
    least = max(max(unrelated) + 1, 8)
    shares = {c: float((np.array(n) >= least).mean()) for c, n in found.items()}
    report("opencv ORB + RANSAC (inliers)", least, len(unrelated), shares)


def report(method, threshold, pairs, shares):
    line = {"method": method, "threshold": threshold, "unrelated_pairs": pairs, "recall": shares}
    print(json.dumps(line))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
