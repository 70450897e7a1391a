#!/usr/bin/env python3
"""Writes a made-up list of any size to standard output: generate.py {hex|vics|vics-photodna} ROWS.

Hashes are random bytes from a fixed seed; no row belongs to any file.
"""
import base64
import random
import sys


def main() -> None:
    kind, rows = sys.argv[1], int(sys.argv[2])
    source = random.Random(7)
    out = sys.stdout.buffer
    if kind == "hex":
        for _ in range(rows):
            out.write(source.randbytes(16).hex().encode() + b"\n")
        return
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
