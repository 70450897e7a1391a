#!/usr/bin/env python3
"""Makes the files in fixtures/jpeg: small JPEGs of synthetic pixels in every variant of the format
that the decoder in crates/jpeg must read or refuse, and `expected.txt`: what libjpeg-turbo makes of
their luma.

Needs cjpeg, djpeg and jpegtran of libjpeg-turbo (Debian: libjpeg-turbo-progs) and the packages `pillow`,
`jpeglib` (for mozjpeg 4.0.3) and `mozjpeg-lossless-optimization`. Run it from the root:

    python3 tools/jpeg_fixtures.py
"""
import io
import math
import pathlib
import subprocess
import tempfile

import jpeglib
import mozjpeg_lossless_optimization
import numpy
from PIL import Image

FOLDER = pathlib.Path("fixtures/jpeg")

# Scan scripts: components, first and last coefficient, previous and current bit position.
SEPARATE = "0; 1; 2;"
LUMA_FIRST = "0; 1 2;"
CHROMA_FIRST = "2; 1; 0;"
DEEP = """0: 0-0, 0, 3; 1 2: 0-0, 0, 1;
0: 0-0, 3, 2; 0: 1-2, 0, 3; 0: 3-63, 0, 2; 0: 1-2, 3, 2; 0: 0-0, 2, 1;
0: 1-63, 2, 1; 1: 1-63, 0, 0; 2: 1-20, 0, 1; 2: 21-63, 0, 0; 2: 1-20, 1, 0;
0 1 2: 0-0, 1, 0; 0: 1-63, 1, 0;"""
SELECTION = "0 1 2: 0-0, 0, 0; 0: 1-8, 0, 0; 0: 9-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;"
INCOMPLETE = "0 1 2: 0-0, 0, 0; 0: 1-8, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;"


def picture(width, height, noise=9):
    """Waves, an edge and some noise: no two blocks alike, flat ones among them."""
    image = Image.new("RGB", (width, height))
    state = 12345
    for y in range(height):
        for x in range(width):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            grain = (state >> 16) % (2 * noise + 1) - noise if x > width // 3 else 0
            step = 60 if (x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2 else 0
            level = 90 + 50 * math.sin(x / 9 + y / 23) + step + grain
            red, blue = 40 * math.sin(y / 11), 40 * math.cos(x / 13)
            pixel = (level + red, level, level + blue)
            image.putpixel((x, y), tuple(max(0, min(255, int(v))) for v in pixel))
    return image


def cjpeg(image, *switches, scans=None):
    ppm = io.BytesIO()
    image.save(ppm, "PPM")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as script:
        command = ["cjpeg", *switches]
        if scans:
            script.write(scans)
            script.flush()
            command += ["-scans", script.name]
        return subprocess.run(command, input=ppm.getvalue(), check=True, capture_output=True).stdout


def mozjpeg(image):
    """As mozjpeg's own encoder writes it, trellis quantisation and all."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file, jpeglib.version("mozjpeg403"):
        jpeg = jpeglib.from_spatial(numpy.array(image))
        jpeg.write_spatial(file.name, qt=80)
        return pathlib.Path(file.name).read_bytes()


def sequential(jpeg):
    """The same coefficients in a sequential file."""
    return subprocess.run(["jpegtran"], input=jpeg, check=True, capture_output=True).stdout


def pillow(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def files():
    usual, odd, tiny = picture(70, 51), picture(97, 33), picture(9, 17)
    yield "444.jpg", cjpeg(usual, "-sample", "1x1")
    yield "422.jpg", cjpeg(usual, "-sample", "2x1")
    yield "420.jpg", cjpeg(usual)
    yield "440.jpg", cjpeg(usual, "-sample", "1x2")
    yield "411.jpg", cjpeg(odd, "-sample", "4x1")
    yield "410.jpg", cjpeg(odd, "-sample", "4x2")
    yield "mixed.jpg", cjpeg(odd, "-sample", "2x2,1x2,2x1")
    yield "three-columns.jpg", cjpeg(odd, "-sample", "3x1,1x1,1x1")
    yield "grey.jpg", cjpeg(odd, "-grayscale")
    yield "grey-2x2.jpg", cjpeg(odd, "-grayscale", "-sample", "2x2")
    yield "optimised.jpg", cjpeg(usual, "-optimize", "-quality", "60")
    yield "quality-1.jpg", cjpeg(usual, "-quality", "1")
    yield "quality-100.jpg", cjpeg(picture(40, 24, 60), "-quality", "100", "-sample", "1x1")
    yield "restart-rows.jpg", cjpeg(usual, "-restart", "1")
    yield "restart-blocks.jpg", cjpeg(usual, "-restart", "3B", "-sample", "1x1")
    yield "separate.jpg", cjpeg(usual, scans=SEPARATE)
    yield "luma-first.jpg", cjpeg(usual, "-restart", "4B", scans=LUMA_FIRST)
    yield "chroma-first.jpg", cjpeg(odd, scans=CHROMA_FIRST)
    yield "tiny.jpg", cjpeg(tiny)
    yield "pixel.jpg", cjpeg(picture(1, 1))
    yield "adobe.jpg", pillow(usual, quality=80, subsampling=1, optimize=True)

    yield "progressive.jpg", cjpeg(usual, "-progressive")
    yield "progressive-444.jpg", cjpeg(odd, "-progressive", "-sample", "1x1", "-quality", "92")
    yield "progressive-411.jpg", cjpeg(odd, "-progressive", "-sample", "4x1")
    yield "progressive-grey.jpg", cjpeg(odd, "-progressive", "-grayscale")
    yield "progressive-grey-2x2.jpg", cjpeg(odd, "-progressive", "-grayscale", "-sample", "2x2")
    yield "progressive-restart.jpg", cjpeg(usual, "-progressive", "-restart", "2B")
    yield "progressive-deep.jpg", cjpeg(usual, "-quality", "90", scans=DEEP)
    yield "progressive-selection.jpg", cjpeg(usual, scans=SELECTION)
    yield "progressive-tiny.jpg", cjpeg(tiny, "-progressive")
    yield "progressive-flat.jpg", cjpeg(Image.new("RGB", (300, 200), (90, 120, 60)), "-progressive")

    yield "mozjpeg.jpg", mozjpeg(usual)
    yield "mozjpeg-baseline.jpg", sequential(mozjpeg(usual))
    yield "mozjpeg-rescanned.jpg", mozjpeg_lossless_optimization.optimize(cjpeg(odd))

    yield "refused-arithmetic.jpg", cjpeg(tiny, "-arithmetic")
    yield "refused-rgb.jpg", cjpeg(tiny, "-rgb")
    yield "refused-cmyk.jpg", pillow(tiny.convert("CMYK"))
    yield "refused-coarse-luma.jpg", cjpeg(usual, "-sample", "1x1,2x2,2x2")
    yield "refused-incomplete.jpg", cjpeg(usual, scans=INCOMPLETE)


def luma(jpeg, scale):
    """Width, height and a checksum (64-bit FNV-1a) of libjpeg-turbo's luma."""
    command = ["djpeg", "-grayscale", "-dct", "int", "-pnm", "-scale", scale]
    pgm = subprocess.run(command, input=jpeg, check=True, capture_output=True).stdout
    image = Image.open(io.BytesIO(pgm))
    checksum = 0xCBF29CE484222325
    for byte in image.tobytes():
        checksum = (checksum ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{image.width} {image.height} {checksum:016x}"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["# file, then width, height and FNV-1a of its luma at 1/1 and at 1/8, by libjpeg-turbo"]
    for name, jpeg in files():
        (FOLDER / name).write_bytes(jpeg)
        if not name.startswith("refused"):
            lines.append(f"{name} {luma(jpeg, '1/1')} {luma(jpeg, '1/8')}")
    (FOLDER / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
