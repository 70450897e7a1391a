#!/usr/bin/env python3
"""Many small imports in a row, and what look-ups cost after them: in_a_row.py HASHWARD IMPORTS [ROWS].

Makes a database with a list of ROWS made-up MD5 (default 1,000,000), adds IMPORTS deltas of ten rows
each, one program run each as an agency would, and compares 20,000 look-ups before and after
`db compact`. Everything is made up from a fixed seed.
"""
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    program, imports = sys.argv[1], int(sys.argv[2])
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    source = random.Random(11)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        db, file = f"{folder}/db", Path(folder, "rows")
        run(program, "db", "create", db)
        first = [source.randbytes(16).hex() for _ in range(rows)]
        file.write_text("\n".join(first) + "\n")
        run(program, "list", "import", "-q", db, str(file), "--name", "a")
        added = []
        begin = time.monotonic()
        for _ in range(imports):
            new = [source.randbytes(16).hex() for _ in range(10)]
            added += new
            file.write_text("\n".join(new) + "\n")
            run(program, "list", "import", "-q", db, str(file), "--name", "a", "--delta")
        each = (time.monotonic() - begin) / imports
        known = source.sample(first, 5000) + source.sample(added, min(5000, len(added)))
        queries = known + [source.randbytes(16).hex() for _ in range(20_000 - len(known))]
        source.shuffle(queries)
        file.write_text("\n".join(queries) + "\n")
        segments = len(list(Path(db, "segments").glob("*.seg")))
        before = look_up(program, db, file, len(known))
        begin = time.monotonic()
        run(program, "db", "compact", db)
        compacting = time.monotonic() - begin
        after = look_up(program, db, file, len(known))
        print(f"{imports} imports of 10 rows into {rows}: {1000 * each:.1f} ms each, {segments} segments")
        print(f"20,000 look-ups: {before:.3f} s; compacted (in {compacting:.1f} s): {after:.3f} s")
        print(f"ratio {before / after:.2f}, at most 2.00 is wanted")


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def look_up(program: str, db: str, file: Path, known: int) -> float:
    """The fastest of five rounds over all queries; every round must find what is known."""
    times = []
    for _ in range(5):
        begin = time.monotonic()
        command = [program, "lookup", "--db", db, "--from", str(file), "--json"]
        out = subprocess.run(command, capture_output=True, text=True)
        times.append(time.monotonic() - begin)
        summary = json.loads(out.stdout.splitlines()[-1])
        if (out.returncode, summary["matched"]) != (1, known):
            raise SystemExit(f"{summary} instead of {known} matches: {out.stderr}")
    return min(times)


main()
