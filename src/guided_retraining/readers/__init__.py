"""Readers of raw image data: one format per module, one function ``read`` for all of them."""

from guided_retraining.readers.dataset import RawDataset, RawSplit
from guided_retraining.readers.registry import READERS, Reader, check_reader, read

__all__ = ["READERS", "RawDataset", "RawSplit", "Reader", "check_reader", "read"]
