#!/usr/bin/env python3
"""Do coefficients rank what is for review better than the distance alone?

    python benches/rivals/robustness/soft_bits.py /tmp/pictures INNOCENT_FOLDER

Pairs beyond the radius of 31: changed pictures of `hashward eval --keep` with their originals, and
innocent pictures with each other (files with equal bytes and pairs within 31 are left out). Each pair is scored
by the distance, and by the weight of the bits that differ: how far the query's coefficient is from
the median, in units of the median such distance, at most 2. Of a listed hash only bits are known.
Printed: the area under the ROC curve by the largest distance of the pairs, and the share of the
right pairs that rank above all but so many of the wrong ones.
"""

import argparse
import json
import pathlib

import numpy as np
import pdqhash
from PIL import Image

NEAR = 31


def hashed(path):
    picture = Image.open(path)
    picture.draft("RGB", (1024, 1024))
    picture = picture.convert("RGB")
    picture.thumbnail((1024, 1024))
    values, quality = pdqhash.compute_float(np.asarray(picture))
    values = np.asarray(values, dtype=np.float64)
    offsets = values - np.median(values)
    return offsets > 0, np.minimum(np.abs(offsets) / np.median(np.abs(offsets)), 2.0), quality


def area(right, wrong):
    """The share of pairs of a right and a wrong one in which the right one is lower."""
    wrong = np.sort(wrong)
    below = len(wrong) - np.searchsorted(wrong, right, side="right")
    ties = len(wrong) - np.searchsorted(wrong, right, side="left") - below
    return float((below + ties / 2).sum() / (len(right) * len(wrong)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=pathlib.Path)
    parser.add_argument("innocent", type=pathlib.Path)
    parser.add_argument("--most", type=int, default=4000, help="innocent pictures, evenly picked")
    args = parser.parse_args()
    right = []
    for folder in sorted(path for path in args.pictures.iterdir() if path.is_dir()):
        listed = hashed(folder / "original.png")[0]
        for path in sorted(folder.glob("*.jpg")):
            bits, weights, _ = hashed(path)
            differ = bits != listed
            right.append((int(differ.sum()), float(weights[differ].sum())))
    files = sorted(path for path in args.innocent.rglob("*") if path.is_file())
    kept = []
    for path in files[:: max(1, len(files) // args.most)]:
        try:
            one = hashed(path)
        except Exception:  # Whatever Pillow cannot read is no negative.
            continue
        if one[2] >= 50:
            kept.append(one)
    bits = np.stack([one[0] for one in kept])
    weights = np.stack([one[1] for one in kept])
    wrong = []
    for query in range(len(kept)):
        differ = bits != bits[query]
        distances = differ.sum(axis=1)
        for other in np.flatnonzero((distances > NEAR) & (distances <= 90)):
            wrong.append((int(distances[other]), float(weights[query][differ[other]].sum())))
    right, wrong = np.array(right), np.array(wrong)
    right = right[right[:, 0] > NEAR]
    print(json.dumps({"innocent": len(kept), "ordered_pairs": len(kept) * (len(kept) - 1)}))
    for most in (50, 60, 70, 80, 90):
        own, others = right[right[:, 0] <= most], wrong[wrong[:, 0] <= most]
        line = {"to": most, "right": len(own), "wrong": len(others)}
        if len(own) and len(others):
            for name, column in (("distance", 0), ("soft", 1)):
                ranked = np.sort(others[:, column])
                line[name] = {"area": round(area(own[:, column], others[:, column]), 4)}
                for share in (0.01, 0.1):
                    least = ranked[int(share * len(ranked))]
                    line[name][f"right above all but {share:.0%}"] = round(
                        float((own[:, column] < least).mean()), 4
                    )
        print(json.dumps(line))


if __name__ == "__main__":
    main()
