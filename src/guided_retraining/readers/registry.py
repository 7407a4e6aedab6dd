"""The readers by name, what each expects and accepts, and the one function that calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import look_up
from guided_retraining.parameters.parameter import Parameter, check_values, one_of, optional, whole
from guided_retraining.readers.arrays import check_size
from guided_retraining.readers.cifar10_binary import read_cifar10_binary
from guided_retraining.readers.dataset import RawDataset
from guided_retraining.readers.digits import read_digits
from guided_retraining.readers.folder import read_folder
from guided_retraining.readers.gtsrb import TESTS, read_gtsrb
from guided_retraining.readers.idx import read_idx
from guided_retraining.readers.intel import read_intel
from guided_retraining.readers.npz import read_npz


@dataclass(frozen=True)
class Reader:
    """One raw format.

    Args:
        key: its name in parameters.
        function: ``function(path, *, size, grey, **options) -> RawDataset``.
        files: what it expects below the data set's folder.
        source: where such files come from, and under which terms.
        options: the options it accepts, by name, with defaults and allowed values.
    """

    key: str
    function: Callable[..., RawDataset]
    files: str
    source: str
    options: Mapping[str, Parameter] = field(default_factory=dict)


def _is_names(value: Any) -> bool:
    if value is None:
        return True
    is_list = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
    return is_list and len(value) >= 2 and len(set(value)) == len(value)


CLASS_NAMES = Parameter(None, "a list of two or more different names, or null", _is_names)
MAX_UNREADABLE = whole(0)

READERS: dict[str, Reader] = {
    reader.key: reader
    for reader in (
        Reader("digits", read_digits, "nothing: the images come with scikit-learn", "UCI, CC BY 4.0"),
        Reader(
            "idx",
            read_idx,
            "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
            "t10k-labels-idx1-ubyte, each plain or .gz",
            "MNIST (LeCun, Cortes, Burges; no licence file), Fashion-MNIST (Zalando, MIT)",
            {"class_names": CLASS_NAMES},
        ),
        Reader(
            "cifar10_binary",
            read_cifar10_binary,
            "cifar-10-binary.tar.gz, or the .bin files it unpacks to",
            "https://www.cs.toronto.edu/~kriz/cifar.html; no licence, its authors ask to be cited",
        ),
        Reader(
            "gtsrb",
            read_gtsrb,
            "GTSRB_Final_Training_Images*.zip, GTSRB_Final_Test_Images*.zip and "
            "GTSRB_Final_Test_GT*.zip, or unpacked",
            "https://benchmark.ini.rub.de/gtsrb_dataset.html; for research, its authors ask to be cited",
            {"test": optional(one_of(None, *TESTS)), "max_unreadable": MAX_UNREADABLE},
        ),
        Reader(
            "intel",
            read_intel,
            "intel-image-classification*.zip, or the folders seg_train and seg_test",
            "https://www.kaggle.com/datasets/puneet6060/intel-image-classification; no clear licence",
            {"max_unreadable": MAX_UNREADABLE},
        ),
        Reader(
            "folder",
            read_folder,
            "<class>/<image>, or train/<class>/<image> and test/<class>/<image>; a folder, zip or tar",
            "your own images",
            {"class_names": CLASS_NAMES, "max_unreadable": MAX_UNREADABLE},
        ),
        Reader(
            "npz",
            read_npz,
            "one .npz with x_train, y_train, x_test and y_test (or train_images ..., or images and labels)",
            "your own arrays",
            {"class_names": CLASS_NAMES},
        ),
    )
}


def check_reader(key: str, options: Mapping[str, Any] | None = None) -> Reader:
    """The reader of a name, once its options are known to be possible; no file is touched.

    Args:
        key: a key of ``READERS``.
        options: options by name.

    Raises:
        ParameterError: there is no such reader, it has no such option, or an option has an impossible value.

    >>> check_reader("idx", {"class_names": ["a", "b"]}).key
    'idx'
    """
    reader = look_up("reader", key, READERS)
    check_values(f"reader {key}", reader.options, options or {})
    return reader


def read(
    key: str, path: str | Path, *, size: tuple[int, int] | None = None, grey: bool = False, **options: Any
) -> RawDataset:
    """Read a data set from its distributor's files.

    Args:
        key: a key of ``READERS``.
        path: the data set's folder (``data/01_raw/<data set>``), or one archive.
        size: height and width in pixels, reached by bilinear filtering, antialiased when shrinking; None
            keeps the source's own.
        grey: one channel of ITU-R 601 luma; without it colours are kept where the data have them.
        options: what that reader accepts besides: see ``READERS[key].options``.

    Returns:
        The data set, uint8 (float32 in [0, 1] for digits and npz files of floats).

    Raises:
        ParameterError: unknown reader or option, or an impossible value.
        DataFileError: a file is missing, damaged, hostile or of another layout.

    >>> read("digits", "", size=(16, 16)).train.images.shape
    (1797, 16, 16, 1)
    """
    reader = check_reader(key, options)
    if not isinstance(grey, bool):
        raise ParameterError(f"grey: expected true or false, got {grey!r}")
    return reader.function(Path(path), size=check_size(size), grey=grey, **options)
