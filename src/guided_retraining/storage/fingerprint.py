"""Short names for exactly some content: what finished work is looked up by."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

BLOCK_BYTES = 32 * 2**20  # of an array held in memory at a time


def fingerprint(*parts: Any) -> str:
    """A short name for exactly this content: 128-bit BLAKE2b over arrays' bytes and other values' JSON.

    Args:
        parts: NumPy arrays, image arrays (read in blocks; of a view its ``stored`` array), or values that JSON can
            hold.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros((3, 1)))
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = getattr(part, "stored", part)
        if hasattr(content, "__array__"):
            _add_array(digest, content)
        else:
            digest.update(b"json" + json.dumps(content, sort_keys=True, default=_plain).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _add_array(digest: Any, array: Any) -> None:
    digest.update(f"array {array.dtype} {array.shape}".encode())
    if array.shape == ():
        digest.update(np.asarray(array).tobytes())
        return
    row_bytes = int(np.prod(array.shape[1:], dtype=np.int64)) * array.dtype.itemsize
    rows = max(1, BLOCK_BYTES // max(1, row_bytes))
    for start in range(0, len(array), rows):
        digest.update(np.ascontiguousarray(array[start : start + rows]))


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"cannot fingerprint a {type(value).__name__}")
