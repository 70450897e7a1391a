#!/usr/bin/env python3
"""Radius search here and elsewhere: the same codes, one machine, one thread, one run.

    run.sh [--sizes N,N] [--keep DIR] [--json FILE]

Every rival that answers a radius must give exactly the matches of faiss's IndexBinaryFlat before
it is timed. Rivals that look for nearest neighbours are timed for one neighbour, with the share of
queries whose nearest one (of those within the radius) they find. Then all take turns: in each
round every rival has its share of the queries, and medians count. With --keep, indexes that take
minutes to build stay in DIR for the next run. Codes are random, from a seed; every other query is
a code of the table with up to 31 of its 256 bits flipped.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["RAYON_NUM_THREADS"] = "1"

import faiss
import hammingbird
import numpy
import usearch.index

RADIUS = 31
SMALL = 4
QUERIES = 2000
BATCH = 1000
CHECKED = 50
FLAT = "faiss IndexBinaryFlat"
HASH = "faiss IndexBinaryMultiHash 16x16, 1 flip"

# Above these sizes a rival takes minutes to build or to answer, or more memory than there is.
LARGEST = {
    HASH: 1_000_000,
    "hammingbird Index, k = 31": 1_000_000,
    "faiss IndexBinaryHNSW, M = 32, ef = 128": 100_000,
    "usearch exact": 100_000,
    "usearch HNSW": 100_000,
    "crate bk-tree": 100_000,
    "crate vpsearch": 100_000,
}

MEASURES = [
    # size, work, ours, theirs, at least so many times faster
    (1_000_000, "single", "hashward", FLAT, 15),
    (10_000_000, "single", "hashward", FLAT, 60),
    (10_000_000, "batch", "hashward", FLAT, 100),
    (1_000_000, "build", "hashward", HASH, 3),
]


class Program:
    """The program beside this script: an order a line, an answer a line."""

    def __init__(self, program, folder, count, seed):
        pipe = subprocess.PIPE
        self.folder = pathlib.Path(folder)
        self.process = subprocess.Popen(
            [program, folder, str(count), "random", str(QUERIES), str(seed)],
            stdin=pipe, stdout=pipe, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def end(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def clocked(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


class Ours:
    """A method of hashward or a crate, timed within the program."""

    def __init__(self, program, method, radius=RADIUS):
        self.program, self.method, self.radius = program, method, radius

    def run(self, first, count, batch):
        times = self.program.ask("search", self.method, self.radius, first, count, batch)
        assert len(times) == -(-count // batch), "the program has failed"
        return times

    def matches(self, first, count, batch):
        self.run(first, count, batch)
        words = numpy.fromfile(self.program.folder / "matches.bin", dtype="<u4")
        return {tuple(map(int, match)) for match in words.reshape(-1, 3)}


class Python:
    """An index that is called from Python; `search` takes queries and gives what it gives."""

    def __init__(self, queries, search, pairs):
        self.queries, self.search, self.pairs = queries, search, pairs

    def run(self, first, count, batch):
        parts = range(first, first + count, batch)
        return [clocked(lambda: self.search(self.queries[at:at + batch]))[0] for at in parts]

    def matches(self, first, count, batch):
        found = set()
        for at in range(first, first + count, batch):
            answer = self.search(self.queries[at:min(at + batch, first + count)])
            found |= {(at + query, where, apart) for query, where, apart in self.pairs(answer)}
        return found


def faiss_pairs(answer):
    limits, distances, positions = answer
    for query in range(len(limits) - 1):
        for at in range(limits[query], limits[query + 1]):
            yield query, int(positions[at]), int(distances[at])


def hammingbird_pairs(answer):
    return ((query, where, apart) for query, near in enumerate(answer) for where, apart in near)


def nearest_pairs(answer):
    distances, positions = answer
    rows = zip(numpy.asarray(positions).reshape(-1), numpy.asarray(distances).reshape(-1))
    return ((query, int(where), int(apart)) for query, (where, apart) in enumerate(rows))


def kept(folder, name, build, save, load):
    """Builds an index, or loads what an earlier run kept; gives it and the seconds it took."""
    if folder is None:
        return clocked(build)
    path = pathlib.Path(folder) / name
    took = pathlib.Path(folder) / f"{name}.seconds"
    if not took.exists():
        seconds, index = clocked(build)
        save(index, str(path))
        took.write_text(str(seconds))
        return seconds, index
    return float(took.read_text()), load(str(path))


def prepare(program, folder, keep, count, built):
    """All rivals over the codes in `folder`: those for ranges, and those for nearest neighbours."""
    codes = numpy.fromfile(folder / "codes.bin", dtype=numpy.uint8).reshape(count, 32)
    queries = numpy.fromfile(folder / "queries.bin", dtype=numpy.uint8).reshape(-1, 32)
    fits = lambda name: count <= LARGEST.get(name, count)
    ranges, nearest = {}, {}

    def added(index):
        index.add(codes)
        return index

    built["hashward"], bytes_per_code = program.ask("build", "ours")
    print(f"hashward: {bytes_per_code:.1f} bytes per code", flush=True)
    built[FLAT], flat = clocked(lambda: added(faiss.IndexBinaryFlat(256)))
    # faiss gives what is nearer than the radius, without the radius itself.
    ranges[FLAT] = Python(queries, lambda part: flat.range_search(part, RADIUS + 1), faiss_pairs)
    ranges["hashward"] = Ours(program, "auto")
    ranges["hashward, prefix scan"] = Ours(program, "prefix")
    ranges["hashward, linear scan"] = Ours(program, "linear")

    if fits(HASH):
        built[HASH], multi = clocked(lambda: added(faiss.IndexBinaryMultiHash(256, 16, 16)))
        # 31 differing bits leave one of 16 slots with at most one: nothing is missed.
        multi.nflip = 1
        ranges[HASH] = Python(
            queries, lambda part: multi.range_search(part, RADIUS + 1), faiss_pairs)

    if fits(name := "hammingbird Index, k = 31"):
        def add_all():
            index = hammingbird.Index(d_bytes=32, k=RADIUS)
            index.add_batch(codes)
            return index
        built[name], bird = clocked(add_all)
        ranges[name] = Python(queries, bird.query_batch, hammingbird_pairs)
    for name in ("crate bk-tree", "crate vpsearch"):
        if fits(name):
            built[name], _ = program.ask("build", name)
            ranges[name] = Ours(program, name)
            ranges[f"{name}, radius {SMALL}"] = Ours(program, name, SMALL)
    if fits("crate bk-tree"):
        built["hashward, BK-tree"], _ = program.ask("build", "bktree")
        ranges[f"hashward, BK-tree, radius {SMALL}"] = Ours(program, "bktree", SMALL)
        ranges[f"hashward, radius {SMALL}"] = Ours(program, "auto", SMALL)

    nearest["faiss IndexBinaryFlat, 1 nearest"] = Python(
        queries, lambda part: flat.search(part, 1), nearest_pairs)
    if fits(name := "faiss IndexBinaryHNSW, M = 32, ef = 128"):
        built[name], graph = kept(
            keep, f"{count}.hnsw", lambda: added(faiss.IndexBinaryHNSW(256, 32)),
            faiss.write_index_binary, faiss.read_index_binary)
        graph.hnsw.efSearch = 128
        nearest[name] = Python(queries, lambda part: graph.search(part, 1), nearest_pairs)
    metric = usearch.index.MetricKind.Hamming
    usearch_pairs = lambda answer: nearest_pairs((answer.distances, answer.keys))
    if fits(name := "usearch exact"):
        nearest[name] = Python(
            queries,
            lambda part: usearch.index.search(codes, part, 1, metric, exact=True, threads=1),
            usearch_pairs)
    if fits(name := "usearch HNSW"):
        def index():
            return usearch.index.Index(ndim=256, metric=metric, dtype="b1")

        def add_all():
            built = index()
            built.add(numpy.arange(count), codes, threads=1)
            return built

        def load(path):
            loaded = index()
            loaded.load(path)
            return loaded

        built[name], graph2 = kept(
            keep, f"{count}.usearch", add_all, lambda graph, path: graph.save(path), load)
        nearest[name] = Python(
            queries, lambda part: graph2.search(part, 1, threads=1), usearch_pairs)
    return ranges, nearest


def small(name):
    return name.endswith(f"radius {SMALL}")


def check(ranges, nearest):
    """Asserts that all ranges are those of Flat; gives the recall of the nearest neighbours."""
    expected = ranges[FLAT].matches(0, CHECKED, CHECKED)
    assert len(expected) >= CHECKED // 2, "every other query has a match"
    for name, rival in ranges.items():
        wanted = {hit for hit in expected if not small(name) or hit[2] <= SMALL}
        queries = CHECKED if not name.startswith("crate") else 20
        wanted = {hit for hit in wanted if hit[0] < queries}
        found = rival.matches(0, queries, queries)
        assert found == wanted, f"{name}: {len(found)} matches instead of {len(wanted)}"
    best = {}
    for query, _, apart in expected:
        best[query] = min(best.get(query, apart), apart)
    recall = {}
    for name, rival in nearest.items():
        found = rival.matches(0, CHECKED, CHECKED)
        right = sum(1 for query, _, apart in found if best.get(query) == apart)
        recall[name] = right / len(best)
    return recall


def race(rivals, rounds, share, batch, allowed):
    """Lets rivals take turns; seconds per query, each median over all rounds. A rival for which
    its share would take longer than allowed gets fewer queries."""
    times = {name: [] for name in rivals}
    for round in range(rounds):
        for name, rival in rivals.items():
            known = times[name]
            count = share
            if known:
                fits = int(allowed / rounds / statistics.median(known))
                count = max(min(share, fits), 1)
            elif batch == 1:
                count = 1
            first = round * share % (QUERIES - share + 1)
            spans = rival.run(first, count, min(batch, count))
            known.extend(span / min(batch, count) for span in spans)
    return {name: statistics.median(known) for name, known in times.items()}


def measure(program_path, count, keep, seed):
    built = {}
    with tempfile.TemporaryDirectory() as folder:
        program = Program(program_path, folder, count, seed)
        ranges, nearest = prepare(program, pathlib.Path(folder), keep, count, built)
        recall = check(ranges, nearest)
        rivals = ranges | nearest
        single = race(rivals, 5, 40, 1, 4.0)
        # Flat takes part with whole batches; those that need seconds for a query do not.
        fast = {name: rival for name, rival in rivals.items()
                if not small(name) and (name == FLAT or single[name] * BATCH < 5)}
        batched = race(fast, 2, BATCH, BATCH, 1e9)
        program.end()
    return {"count": count, "single": single, "batch": batched, "build": built, "recall": recall}


def table(result):
    lines = [f"{result['count']:,} codes", ""]
    head = f"{'':44}{'single':>12}{'batch of 1000':>16}{'recall':>9}{'built in':>11}"
    lines.append(head)
    micros = lambda times, name: f"{times[name] * 1e6:,.1f} µs" if name in times else "–"
    for name in sorted(result["single"], key=result["single"].get):
        recall = result["recall"].get(name, 1)
        seconds = result["build"].get(name.removesuffix(f", radius {SMALL}"))
        seconds = f"{seconds:,.1f} s" if seconds is not None else ""
        lines.append(f"{name:44}{micros(result['single'], name):>12}"
                     f"{micros(result['batch'], name):>16}{recall:>9.3f}{seconds:>11}")
    return "\n".join(lines) + "\n"


def measures(results):
    lines = [f"{'size':>12}  {'work':8}{'against':44}{'needed':>8}{'found':>9}"]
    for size, work, ours, theirs, needed in MEASURES:
        for result in results:
            if result["count"] == size:
                ratio = result[work][theirs] / result[work][ours]
                missed = "  MISSED" if ratio < needed else ""
                lines.append(f"{size:>12,}  {work:8}{theirs:44}{needed:>8}{ratio:>9.1f}{missed}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--sizes", default="100000,1000000,10000000")
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    if arguments.keep:
        pathlib.Path(arguments.keep).mkdir(parents=True, exist_ok=True)
    results = []
    for size in map(int, arguments.sizes.split(",")):
        results.append(measure(arguments.program, size, arguments.keep, arguments.seed))
        print(table(results[-1]), flush=True)
    print(measures(results))
    if arguments.json:
        lines = (json.dumps(result, sort_keys=True) + "\n" for result in results)
        pathlib.Path(arguments.json).write_text("".join(lines))


if __name__ == "__main__":
    main()
