"""GTSRB, the German traffic signs: 43 classes, several frames of each physical sign (a track)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from guided_retraining.errors import DataFileError
from guided_retraining.readers.archives import open_files
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import RawDataset, listing
from guided_retraining.readers.files import Files
from guided_retraining.readers.image_splits import Listed, decode_dataset
from guided_retraining.readers.locate import find_if_there, find_one, visible_files

# Stallkamp et al., "Man vs. computer", Neural Networks 32, 2012; in the order of the class numbers.
CLASS_NAMES = (
    "speed limit 20", "speed limit 30", "speed limit 50", "speed limit 60", "speed limit 70", "speed limit 80",
    "end of speed limit 80", "speed limit 100", "speed limit 120", "no passing", "no passing over 3.5 t",
    "right of way at the next crossing", "priority road", "yield", "stop", "no vehicles", "no vehicles over 3.5 t",
    "no entry", "general caution", "curve to the left", "curve to the right", "double curve", "bumpy road",
    "slippery road", "road narrows on the right", "road work", "traffic signals", "pedestrians", "children",
    "bicycles", "ice or snow", "wild animals", "end of all limits", "turn right ahead", "turn left ahead",
    "ahead only", "straight or right", "straight or left", "keep right", "keep left", "roundabout",
    "end of no passing", "end of no passing over 3.5 t",
)  # fmt: skip
CLASSES = len(CLASS_NAMES)
TRAIN_IMAGE = re.compile(r"(?:^|/)Final_Training/Images/(\d{5})/(\d{5})_\d{5}\.ppm$")
TEST_IMAGE = re.compile(r"(?:^|/)Final_Test/Images/(\d{5}\.ppm)$")
TRACKS_A_CLASS = 100_000  # track numbers have five digits: class * this + track is one physical sign
TESTS = {"official": "GTSRB_Final_Test", "heldout": "GTSRB_Heldout_Test"}


def read_gtsrb(
    path: Path,
    *,
    size: Size | None = None,
    grey: bool = False,
    test: str | None = None,
    max_unreadable: int = 0,
) -> RawDataset:
    """Read GTSRB's official zips, subsets of them, or the folders they unpack to.

    Args:
        path: the folder with ``GTSRB_Final_Training_Images*.zip``, ``GTSRB_Final_Test_Images*.zip`` and
            ``GTSRB_Final_Test_GT*.zip``.
        size: height and width in pixels; the images' own sizes differ, so one must be given.
        grey: one channel of ITU-R 601 luma instead of RGB.
        test: ``official``, or ``heldout`` for ``GTSRB_Heldout_Test_*.zip``; by default the official one if
            it is there, else the other.
        max_unreadable: how many images may be unreadable.

    Returns:
        RGB images, uint8, with the test set; the training split's groups are tracks, one for each physical
        sign.

    Raises:
        DataFileError: files are missing or damaged, or images and ``GT-*.csv`` contradict each other.
    """
    notes: list[str] = []
    train = _train(_open(path, "GTSRB_Final_Training_Images", TRAIN_IMAGE), notes)
    listed_test = _test(path, _which_test(path, test, notes), notes)
    return decode_dataset(
        train,
        listed_test,
        CLASS_NAMES,
        size=size,
        grey=grey,
        max_unreadable=max_unreadable,
        notes=notes,
    )


def _open(path: Path, stem: str, image: re.Pattern[str]) -> Files:
    """The unpacked folder if there is one, else the zip."""
    if path.is_dir():
        heldout = stem.startswith(TESTS["heldout"])
        unpacked = open_files(path)
        unpacked.names = [name for name in unpacked.names if ("Heldout" in name) == heldout]
        if any(image.search(name) for name in unpacked.names):
            return unpacked
    return open_files(find_one(path, f"{stem}.zip", f"{stem}*.zip"))


def _which_test(path: Path, wanted: str | None, notes: list[str]) -> str:
    there = [key for key, stem in TESTS.items() if _has_table(path, stem)]
    if path.is_dir() and not there:
        there = ["heldout" if "Heldout" in name else "official" for name in _ground_truths(open_files(path))]
    if wanted is not None:
        if wanted not in there:
            raise DataFileError(
                f"{path}: no {TESTS[wanted]}_GT*.zip, which `test: {wanted}` needs (test sets there: "
                f"{listing(there) or 'none'}): put it and {TESTS[wanted]}_Images*.zip there, or change `test`"
            )
        return wanted
    if len(there) > 1:
        notes.append("two test sets are there: the official one is used (`test: heldout` takes the other)")
    return there[0] if there and "official" not in there else "official"


def _has_table(path: Path, stem: str) -> bool:
    return any(p.name.startswith(f"{stem}_GT") and p.suffix == ".zip" for p in visible_files(path))


def _train(files: Files, notes: list[str]) -> Listed:
    matches = [match for name in files.names if (match := TRAIN_IMAGE.search(name))]
    if not matches:
        raise DataFileError(
            f"{files.path}: no Final_Training/Images/00000/00000_00000.ppm and so on: not GTSRB's layout"
        )
    names = [match.string for match in matches]
    labels = [int(match[1]) for match in matches]
    for label, name in zip(labels, names, strict=True):
        if label >= CLASSES:
            raise DataFileError(f"{files.path}: {name} is in class {label}, expected 0 to {CLASSES - 1}")
    images = dict(zip(names, labels, strict=True))
    without_image = 0
    for table in [
        name for name in files.names if re.search(r"Final_Training/Images/\d{5}/GT-\d{5}\.csv$", name)
    ]:
        folder = table.rsplit("/", 1)[0]
        for filename, label in _ground_truth(files, table):
            known = images.get(f"{folder}/{filename}")
            without_image += known is None
            if known is not None and known != label:
                raise DataFileError(
                    f"{files.path}: {table} gives {filename} class {label}, its folder says {known}"
                )
    if without_image:
        notes.append(
            f"{without_image:,} training images are listed in {files.path.name} but not there: a subset"
        )
    return Listed(files, names, labels, [int(m[1]) * TRACKS_A_CLASS + int(m[2]) for m in matches])


def _test(path: Path, which: str, notes: list[str]) -> Listed:
    files = _open(path, f"{TESTS[which]}_Images", TEST_IMAGE)
    images = {match[1]: match.string for name in files.names if (match := TEST_IMAGE.search(name))}
    table_files = files
    if not (tables := _ground_truths(files)):
        stem = f"{TESTS[which]}_GT"
        packed = find_if_there(path, f"{stem}.zip", f"{stem}*.zip")
        table_files = open_files(packed or find_one(path, "GT-final_test.csv").parent)
        tables = _ground_truths(table_files)
    if not tables:
        raise DataFileError(
            f"{table_files.path} has no GT-final_test.csv: expected the table with the test labels"
        )
    truth: dict[str, int] = {}
    for filename, label in _ground_truth(table_files, tables[0]):
        if filename in truth:
            raise DataFileError(f"{table_files.path}: {tables[0]} lists {filename} twice")
        if not 0 <= label < CLASSES:
            raise DataFileError(
                f"{table_files.path}: {tables[0]} gives {filename} class {label}, expected 0 to 42"
            )
        truth[filename] = label
    if unlabelled := sorted(set(images) - set(truth)):
        raise DataFileError(
            f"{files.path}: {len(unlabelled):,} images have no row in {table_files.path.name}'s {tables[0]} "
            f"({listing(unlabelled)}): the two do not belong together"
        )
    if len(truth) > len(images):
        notes.append(
            f"{len(truth) - len(images):,} test images are listed but not in {files.path.name}: a subset"
        )
    return Listed(files, [images[name] for name in sorted(images)], [truth[name] for name in sorted(images)])


def _ground_truths(files: Files) -> list[str]:
    return [name for name in files.names if name.rsplit("/", 1)[-1] == "GT-final_test.csv"]


def _ground_truth(files: Files, name: str) -> Iterable[tuple[str, int]]:
    """File names and classes of one ``GT-*.csv``."""
    try:
        rows = csv.DictReader(io.StringIO(files.read(name).decode("utf-8-sig")), delimiter=";")
        return [(row["Filename"].strip(), int(row["ClassId"])) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        raise DataFileError(
            f"{files.path}: {name} is no GTSRB table ({error!r}): expected `Filename;...;ClassId` rows"
        ) from error
