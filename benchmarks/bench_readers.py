"""Time the readers: complete data sets, decoding against plain Pillow, near-duplicates, and peak memory.

    python benchmarks/bench_readers.py --data <folder with mnist/, fashion_mnist/, cifar10/, gtsrb/, intel/>

Decoding is timed in turns with plain single-thread Pillow (open, convert, resize, copy into an array), the
best of ``--repeats`` each, so that a busy machine slows both alike. Folders that are missing are left out.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from guided_retraining.images.arrays import UnitImages
from guided_retraining.readers import near_duplicates, read
from guided_retraining.readers.archives import open_files
from guided_retraining.readers.decoding import decode_images
from guided_retraining.readers.image import is_image_name

SIZE = (48, 48)
READS = {
    "mnist": ("idx", {}),
    "fashion_mnist": ("idx", {}),
    "cifar10": ("cifar10_binary", {}),
    "gtsrb": ("gtsrb", {"size": SIZE}),
    "intel": ("intel", {"size": SIZE}),
}
DECODED = {"gtsrb": "GTSRB_Final_Training_Images*.zip", "intel": "intel-image-classification*.zip"}


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def plain_pillow(archive: Path, names: list[str]) -> None:
    out = np.empty((len(names), *SIZE, 3), np.uint8)
    with zipfile.ZipFile(archive) as files:
        for row, name in enumerate(names):
            image = Image.open(io.BytesIO(files.read(name))).convert("RGB")
            out[row] = np.asarray(image.resize(SIZE[::-1], Image.Resampling.BILINEAR))


def bench_reading(data: Path) -> None:
    for name, (key, options) in READS.items():
        if not (data / name).is_dir():
            continue
        start = time.perf_counter()
        dataset = read(key, data / name, **options)
        seconds = time.perf_counter() - start
        arrays = [split.images for split in (dataset.train, dataset.test) if split is not None]
        n, stored = sum(map(len, arrays)), sum(images.nbytes for images in arrays) / 2**20
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(
            f"read {name:14} {n:6,} images {seconds:6.2f} s {n / seconds:9,.0f} images/s, arrays "
            f"{stored:.0f} MiB, "
            f"peak of the process {before:.0f} MiB\n"
        )


def bench_decoding(data: Path, repeats: int, copies: int) -> None:
    for name, pattern in DECODED.items():
        archives = sorted((data / name).glob(pattern))
        if not archives:
            continue
        files = open_files(archives[0])
        names = [n for n in files.names if is_image_name(n)]
        ways: dict[str, Callable[[], object]] = {
            "plain Pillow": lambda a=archives[0], n=names: plain_pillow(a, n),
            "one process": lambda f=files, n=names: decode_images(f, n, size=SIZE, grey=False, workers=1),
            "all cores": lambda f=files, n=names: decode_images(f, n, size=SIZE, grey=False, workers=copies),
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(repeats):
            for way, work in ways.items():
                best[way] = min(best[way], timed(work))
        for way, seconds in best.items():
            sys.stdout.write(
                f"decode {name:12} {way:12} {len(names) / seconds:8,.0f} images/s, "
                f"{best['plain Pillow'] / seconds:.2f} times plain Pillow\n"
            )


def bench_duplicates(data: Path) -> None:
    if not (data / "mnist").is_dir():
        return
    dataset = read("idx", data / "mnist")
    assert dataset.test is not None
    train, test = UnitImages(dataset.train.images), UnitImages(dataset.test.images)
    seconds = timed(lambda: near_duplicates(train, test, threshold=0.02))
    pairs = len(train) * len(test) / 1e6
    sys.stdout.write(f"near-duplicates, mnist: {pairs:,.0f} million pairs in {seconds:.2f} s\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=None, help="processes for 'all cores'; by default all")
    parser.add_argument("--part", choices=["reading", "decoding", "duplicates"], help="only this part")
    arguments = parser.parse_args()
    if arguments.part is None:
        # Each part in a process of its own: peak memory is the process's.
        for part in ("reading", "decoding", "duplicates"):
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--part", part], check=True)
    elif arguments.part == "reading":
        bench_reading(arguments.data)
    elif arguments.part == "decoding":
        from joblib import cpu_count

        bench_decoding(arguments.data, arguments.repeats, arguments.workers or cpu_count())
    else:
        bench_duplicates(arguments.data)


if __name__ == "__main__":
    main()
