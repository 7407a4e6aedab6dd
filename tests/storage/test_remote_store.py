"""Stores and claims behind a URL, where nothing can be locked."""

from __future__ import annotations

import threading
import time

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from guided_retraining.storage.claims import claim, share
from guided_retraining.storage.store import Store

KEYS = [f"{i:032x}" for i in range(12)]


def test_a_piece_is_read_with_one_request(remote: str, monkeypatch) -> None:
    store = Store(f"{remote}/cells")
    store.put("a", {"x": 1})
    asked = []
    real = MemoryFileSystem.cat_file
    for name in ("info", "exists", "ls", "open"):
        monkeypatch.setattr(MemoryFileSystem, name, lambda *a, **k: pytest.fail("another request"))
    monkeypatch.setattr(
        MemoryFileSystem, "cat_file", lambda self, path: asked.append(path) or real(self, path)
    )
    assert store.get("a") == {"x": 1}
    assert asked == ["/study/cells/a.json"]


@pytest.mark.parametrize("damage", [b"", b'{"accuracy": 0.', b"[]", b"\x00\x01"])
@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_damaged_object_counts_as_none_and_is_put_aside(remote: str, damage: bytes, suffix: str) -> None:
    store = Store(f"{remote}/cells")
    fsspec.filesystem("memory").pipe(f"/study/cells/a{suffix}", damage)
    assert store.get("a") is None
    assert list(MemoryFileSystem.store) == ["/study/cells/a.damaged"]
    assert store.keys() == set()
    store.put("a", {"x": 1})
    assert store.get("a") == {"x": 1}


def test_a_claim_holds_among_this_process_alone(remote: str) -> None:
    with claim(f"{remote}/cells", "a") as mine, claim(f"{remote}/cells", "a") as again:
        assert (mine, again) == (True, False)
    with claim(f"{remote}/cells", "a") as mine:
        assert mine
    assert not MemoryFileSystem.store


def test_threads_of_a_process_compute_nothing_twice(remote: str) -> None:
    computed: list[int] = []

    def compute(position: int) -> dict[str, int]:
        computed.append(position)
        time.sleep(0.01)
        return {"n": position % len(KEYS)}

    found = dict(share(Store(f"{remote}/cells"), KEYS + KEYS, compute, workers=4))
    assert {position: piece["n"] for position, piece in found.items()} == {
        n: n % len(KEYS) for n in range(2 * len(KEYS))
    }
    assert len(computed) == len(KEYS)


def test_each_process_has_an_order_of_its_own_behind_a_url_only(remote: str, tmp_path, monkeypatch) -> None:
    def order(folder: object, pid: int) -> list[int]:
        monkeypatch.setattr("guided_retraining.storage.claims.os.getpid", lambda: pid)
        computed: list[int] = []
        list(share(Store(folder), KEYS, lambda position: computed.append(position) or {"n": position}))  # type: ignore[arg-type]
        return computed

    orders = [order(f"{remote}/{pid}", pid) for pid in (1, 2, 3)]
    assert all(sorted(each) == list(range(len(KEYS))) for each in orders)
    assert len({tuple(each) for each in orders}) == 3
    assert order(f"{remote}/again", 1) == orders[0]
    assert order(tmp_path / "store", 2) == list(range(len(KEYS)))


def test_what_another_process_has_put_meanwhile_is_not_computed(remote: str) -> None:
    store, started, go_on = Store(f"{remote}/cells"), threading.Event(), threading.Event()
    computed: list[int] = []

    def compute(position: int) -> dict[str, int]:
        computed.append(position)
        started.set()
        assert go_on.wait(20)
        return {"by": 1}

    found: dict[int, dict] = {}
    thread = threading.Thread(target=lambda: found.update(share(store, KEYS, compute)))
    thread.start()
    assert started.wait(20)
    for key in KEYS:
        Store(f"{remote}/cells").put(key, {"by": 2})
    go_on.set()
    thread.join(20)
    assert len(computed) == 1
    assert len(found) == len(KEYS)
