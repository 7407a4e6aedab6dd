"""Readers of raw image data: one format per module, one function ``read`` for all of them."""

from guided_retraining.readers.dataset import RawDataset, RawSplit
from guided_retraining.readers.duplicates import near_duplicates
from guided_retraining.readers.registry import READERS, Reader, check_reader, read
from guided_retraining.readers.splitting import stratified_split

__all__ = [
    "READERS",
    "RawDataset",
    "RawSplit",
    "Reader",
    "check_reader",
    "near_duplicates",
    "read",
    "stratified_split",
]
