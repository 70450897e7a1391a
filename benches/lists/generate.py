#!/usr/bin/env python3
"""Writes a made-up list of any size to standard output.

generate.py {hex|pdq|vics|vics-photodna|nsrl} ROWS [CHANGED]

Hashes are random bytes from a fixed seed; no row belongs to any file. With CHANGED, as many rows of
`hex` and `pdq`, spread evenly, have another hash than without.
"""
import base64
import random
import sys

BLOCK = 100_000


def main() -> None:
    kind, rows = sys.argv[1], int(sys.argv[2])
    changed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if kind in ("hex", "pdq"):
        hashes(16 if kind == "hex" else 32, rows, changed)
    elif kind == "nsrl":
        nsrl(rows)
    else:
        vics(kind, rows)


def hashes(width: int, rows: int, changed: int) -> None:
    source, other = random.Random(7), random.Random(8)
    digits = 2 * width
    step = rows // changed if changed else rows + 1
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        text = source.randbytes(width * count).hex()
        lines = [text[at : at + digits] for at in range(0, digits * count, digits)]
        for row in range(-(-first // step) * step, first + count, step):
            if changed and row // step < changed:
                lines[row - first] = other.randbytes(width).hex()
        sys.stdout.write("\n".join(lines) + "\n")


def nsrl(rows: int) -> None:
    """RDS 2 text: names and products repeat as they do among installed software."""
    source = random.Random(7)
    fields = ("SHA-1", "MD5", "CRC32", "FileName", "FileSize", "ProductCode", "OpSystemCode", "SpecialCode")
    sys.stdout.write(",".join(f'"{field}"' for field in fields) + "\r\n")
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        text = source.randbytes(40 * count).hex().upper()
        sys.stdout.write("".join(
            f'"{text[at:at + 40]}","{text[at + 40:at + 72]}","{text[at + 72:at + 80]}",'
            f'"{text[at + 76:at + 80]}.dll",{1000 + row % 100000},{row % 20000},"{row % 300}",""\r\n'
            for row, at in zip(range(first, first + count), range(0, 80 * count, 80))
        ))


def vics(kind: str, rows: int) -> None:
    source = random.Random(7)
    out = sys.stdout.buffer
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    out.write(b"\xef\xbb\xbf" + f'{{"@odata.context":"{context}","value":['.encode())
    for row in range(rows):
        md5, sha1 = source.randbytes(16).hex().upper(), source.randbytes(20).hex().upper()
        photo = base64.b64encode(source.randbytes(144)).decode()
        photo = f',"PhotoDNA":"{photo}"' if kind == "vics-photodna" else ""
        out.write(
            f'{"," if row else ""}{{"MediaID":{row + 1},"Category":{row % 5},"MD5":"{md5}",'
            f'"SHA1":"{sha1}","MediaSize":{1000 + row % 100000},'
            f'"DateUpdated":"2023-06-07T02:31:49.8300Z","IsPrecategorized":"false"{photo},'
            f'"Series":"Series {row % 97}","VictimIdentified":"{"true" if row % 3 else "false"}",'
            f'"OffenderIdentified":"false","IsDistributed":"true","Tags":"t{row % 11}"}}\n'.encode()
        )
    out.write(b"]}")


main()
