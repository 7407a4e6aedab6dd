"""One file a replicate behind one catalog entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import ImagePreview

from guided_retraining.io.arrays import NumpyDataset
from guided_retraining.io.target import AroundDataset
from guided_retraining.storage.objects import names
from guided_retraining.storage.targets import folder_of, name_of

MARK = "*"  # where the number of the replicate stands in a file's name


class Replicates(Mapping[int, Any]):
    """What each replicate has, loaded when it is asked for.

    Attributes:
        datasets: of the replicates that have a file, by number.
    """

    def __init__(self, datasets: Mapping[int, Any], describe: str) -> None:
        self.datasets, self._describe = datasets, describe

    def __getitem__(self, replicate: int) -> Any:
        if replicate not in self.datasets:
            raise DatasetError(
                f"{self._describe}: there is none of replicate {replicate}; run the stage that makes it"
            )
        return self.datasets[replicate].load()

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self.datasets))

    def __len__(self) -> int:
        return len(self.datasets)


class ReplicatesDataset(AroundDataset[Mapping[int, Any], Replicates]):
    """A file of another type of data set for each replicate.

    Saving writes those of the replicates that are given and leaves others as they are: a node may give them one after
    the other, and those of a replicate that is no longer asked for do no harm.

    Args:
        filepath: with ``*`` in the file's name where the number of the replicate belongs; a path or a URL.
        dataset: the type of one of them, with its arguments but ``filepath``.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(
        self, *, filepath: str, dataset: str | dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, dataset=dataset, metadata=metadata)
        before, mark, after = name_of(self._filepath).partition(MARK)
        if not mark:
            raise DatasetError(f"{filepath}: expected '{MARK}' where the number of the replicate belongs")
        self._ends = before, after

    def save(self, data: Mapping[int, Any]) -> None:
        """Write the file of each replicate given, each of them whole or not at all."""
        for replicate, content in data.items():
            self._one(replicate).save(content)

    def load(self) -> Replicates:
        """Those that are there, none of them read yet."""
        return Replicates({number: self._one(number) for number in self._numbers()}, str(self._filepath))

    def _one(self, replicate: int) -> AbstractDataset[Any, Any]:
        name = str(replicate).join(self._ends)
        target = str(self._filepath).removesuffix(name_of(self._filepath)) + name
        return self._at(name, target)

    def _numbers(self) -> list[int]:
        before, after = self._ends
        numbers = [
            name.removeprefix(before).removesuffix(after)
            for name in names(folder_of(self._filepath))
            if name.startswith(before) and name.endswith(after)
        ]
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _exists(self) -> bool:
        return bool(self._numbers())


class ReplicatedArraysDataset(ReplicatesDataset):
    """A ``.npy`` file for each replicate, memory-mapped when read.

    Args:
        filepath: with ``*`` in the file's name where the number of the replicate belongs; a path or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(
            filepath=filepath, dataset=f"{NumpyDataset.__module__}.NumpyDataset", metadata=metadata
        )

    def preview(self) -> ImagePreview:
        """The first replicate's images or numbers, for Kedro-Viz."""
        first: Any = self._one(min(self._numbers()))
        shown: ImagePreview = first.preview()
        return shown
