"""Anybody's own images: a folder, zip or tar with one sub-folder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.readers.archives import ARCHIVE_SUFFIXES, open_files
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import RawDataset, listing
from guided_retraining.readers.files import Files
from guided_retraining.readers.folder_layout import folder_layout
from guided_retraining.readers.image import is_image_name
from guided_retraining.readers.image_splits import Listed, decode_dataset
from guided_retraining.readers.locate import visible_files


def read_folder(
    path: Path,
    *,
    size: Size | None = None,
    grey: bool = False,
    class_names: Sequence[str] | None = None,
    max_unreadable: int = 0,
) -> RawDataset:
    """Read ``<class>/*.<image>``, or ``train/<class>/...`` and ``test/<class>/...``, in any raster format.

    Folders of splits are known by a word of their names, as in ``seg_train`` or ``Test_Set``, and may lie one within
    another (``seg_train/seg_train/<class>/...``).

    Args:
        path: the folder, or a zip or tar of it, or a folder that holds just that one archive.
        size: height and width in pixels; None keeps the images' own, the same for all.
        grey: one channel of ITU-R 601 luma instead of RGB.
        class_names: the class folders in the order of their labels; by default sorted by name, as Keras and
            torchvision do.
        max_unreadable: how many images may be unreadable.

    Returns:
        Images, uint8, RGB (one channel if none of them has colours); a test set if there is a ``test``
        folder. A ``validation`` folder joins the training images, or is the test set if there is no ``test``.

    Raises:
        DataFileError: no classes, an empty class, a class in one split only, or too many unreadable images.
        ParameterError: ``class_names`` are not the folders' names.
    """
    files = _open(Path(path))
    layout = folder_layout(files)
    names, classes = layout.names, layout.classes
    if names["validation"]:
        into = "train" if names["test"] else "test"
        names[into] += names["validation"]
        classes[into] += classes["validation"]
        layout.notes.append(f"the images of the validation folder were taken as {into}ing images")
    found = sorted({*classes["train"], *classes["test"]})
    if class_names is not None and sorted(class_names) != found:
        raise ParameterError(
            f"class_names: expected the class folders of {files.path} ({listing(found, 50)}), got "
            f"{list(class_names)}"
        )
    order = {name: label for label, name in enumerate(class_names or found)}
    train, test = (Listed(files, names[s], [order[c] for c in classes[s]]) for s in ("train", "test"))
    return decode_dataset(
        train,
        test if test.names else None,
        list(order),
        size=size,
        grey=grey,
        max_unreadable=max_unreadable,
        notes=layout.notes,
    )


def _open(path: Path) -> Files:
    files = open_files(path)
    if path.is_dir() and not any(is_image_name(name) for name in files.names):
        archives = [p for p in visible_files(path) if p.name.endswith(ARCHIVE_SUFFIXES)]
        if len(archives) == 1:
            return open_files(archives[0])
        if archives:
            raise DataFileError(
                f"{path}: {len(archives)} archives ({listing([p.name for p in archives])}): keep one"
            )
    return files
