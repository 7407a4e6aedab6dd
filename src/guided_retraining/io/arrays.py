"""NumPy arrays in ``.npy`` files, written a block at a time and memory-mapped when read."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from kedro.io import DatasetError
from kedro_datasets._typing import ImagePreview
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray, UnitImages, blocks
from guided_retraining.io.target import TargetDataset
from guided_retraining.storage.copies import local_path, origin
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.targets import Target

PREVIEW_IMAGES = 40  # images on a contact sheet in Kedro-Viz


class NumpyDataset(TargetDataset[Any, Any]):
    """A ``.npy`` file.

    Saving takes any image array and copies it block by block, so that a view of a larger array never becomes a second
    copy in memory. Loading memory-maps; four-dimensional uint8 files come as :class:`UnitImages`, that is as float32
    in [0, 1]. Pickled objects are refused both ways.

    Args:
        filepath: the file, or a URL; of an object, a local copy is mapped.
        metadata: for Kedro-Viz and other plugins.
    """

    def save(self, data: NDArray[Any] | ImageArray) -> None:
        """Write the whole array, or nothing."""
        if isinstance(data, UnitImages):
            data = data.stored
        if data.dtype.hasobject:
            raise DatasetError(
                f"{self._filepath}: an array of Python objects would need pickling; save numbers instead"
            )
        with atomic_path(self._filepath) as temporary:
            target = np.lib.format.open_memmap(
                temporary, mode="w+", dtype=data.dtype, shape=tuple(data.shape)
            )
            if data.shape == ():
                target[()] = data[()]
            else:
                row_bytes = int(np.prod(data.shape[1:], dtype=np.int64)) * data.dtype.itemsize
                for block in blocks(len(data), row_bytes):
                    target[block] = data[block]
            target.flush()
            del target

    def load(self) -> Any:
        """A read-only memory map, or :class:`UnitImages` over one."""
        return open_array(self._filepath)

    def preview(self) -> ImagePreview:
        """A contact sheet of images, or a histogram of numbers, for Kedro-Viz."""
        array = self.load.__wrapped__(self)  # type: ignore[attr-defined]
        figure = _contact_sheet(array) if array.ndim == 4 else _histogram(np.asarray(array[:100_000]))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=80)
        return ImagePreview(base64.b64encode(buffer.getvalue()).decode())


def open_array(target: Target) -> Any:
    """A read-only memory map of a ``.npy`` file; of uint8 images, a view of them as float32 in [0, 1].

    Args:
        target: the file, or a URL.

    Raises:
        DatasetError: damaged, or no plain array.
        FileNotFoundError: not there.
    """
    path = None
    try:
        path = local_path(target)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f"{target} is not there; run the stage that makes it first") from None
    except (ValueError, OSError, EOFError) as error:
        made_from = origin(path) if path else None
        raise DatasetError(
            f"{made_from.url if made_from else target} is damaged or no NumPy array ({error}). "
            "Delete it and run the stage that makes it again."
        ) from error
    return UnitImages(array) if array.ndim == 4 and array.dtype == np.uint8 else array


def _contact_sheet(images: Any) -> Any:
    from matplotlib.figure import Figure

    chosen = np.linspace(0, len(images) - 1, min(PREVIEW_IMAGES, len(images))).astype(int)
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots(4, 10).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, position in zip(axes, chosen, strict=False):
        image = np.asarray(images[position : position + 1])[0]
        axis.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=1)
    figure.suptitle(
        f"{len(chosen)} of {len(images):,} images, {'x'.join(map(str, images.shape[1:]))}", fontsize=9
    )
    return figure


def _histogram(values: NDArray[Any]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    axis = figure.subplots()
    numbers = values.ravel().astype(np.float64)
    axis.hist(numbers[np.isfinite(numbers)], bins=50)
    axis.set_xlabel("value")
    axis.set_ylabel("count")
    axis.set_title(f"shape {values.shape}, {values.dtype}", fontsize=9)
    return figure
