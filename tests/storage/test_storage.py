"""Objects behind a URL: whole or not at all, fetched once a version, and errors that name them."""

from __future__ import annotations

import threading
from pathlib import Path

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from guided_retraining.errors import DataFileError
from guided_retraining.storage import copies, objects
from guided_retraining.storage.copies import local_path, origin
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.objects import exists, names, version


def write(target: str | Path, text: str) -> None:
    with atomic_path(target) as temporary:
        temporary.write_text(text)


def stored() -> list[str]:
    return sorted(MemoryFileSystem.store)


@pytest.fixture
def downloads(monkeypatch) -> list[str]:
    """URLs in the order in which they are fetched."""
    fetched: list[str] = []
    real = objects.download

    def counted(url: str, path: Path) -> None:
        fetched.append(url)
        real(url, path)

    monkeypatch.setattr(copies, "download", counted)
    return fetched


def test_an_object_appears_whole_or_not_at_all(remote: str) -> None:
    url = f"{remote}/deep/a.txt"
    with atomic_path(url) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".txt"
        assert not exists(url)
    assert local_path(url).read_text() == "new"
    with pytest.raises(RuntimeError), atomic_path(url) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert local_path(url).read_text() == "new"
    assert stored() == ["/study/deep/a.txt"]
    assert not list(objects.cache_folder().glob(".*")), "files on their way up are cleared away"


def test_a_broken_upload_leaves_nothing_and_names_the_url(remote: str, monkeypatch) -> None:
    write(f"{remote}/a.txt", "old")
    attempts = []

    def breaking(self, local: str, path: str, **options) -> None:
        attempts.append(path)
        with self.open(path, "wb") as stream:
            stream.write(b"ha")
            raise OSError("connection reset")

    monkeypatch.setattr(MemoryFileSystem, "put_file", breaking)
    with pytest.raises(DataFileError, match=r"cannot write memory://study/a.txt .*connection reset"):
        write(f"{remote}/a.txt", "new")
    assert len(attempts) == 2, "a lost connection is made anew once"
    assert stored() == ["/study/a.txt"]
    assert objects.read(f"{remote}/a.txt") == b"old"


def test_a_lost_connection_is_made_anew(remote: str, monkeypatch) -> None:
    write(f"{remote}/a.txt", "here")
    real, sessions = MemoryFileSystem.cat_file, []

    def first_lost(self, path: str, **options) -> bytes:
        sessions.append(id(self))
        if len(sessions) == 1:
            raise EOFError("session ended")
        return real(self, path, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", first_lost)
    assert objects.read(f"{remote}/a.txt") == b"here"
    assert len(set(sessions)) == 2


def test_a_store_that_takes_uploads_whole_gets_them_under_their_own_name(remote: str, monkeypatch) -> None:
    put = []
    monkeypatch.setattr(MemoryFileSystem, "protocol", ("s3", "s3a"))
    monkeypatch.setattr(
        MemoryFileSystem, "put_file", lambda self, local, path: put.append((Path(local).read_text(), path))
    )
    write(f"{remote}/a.txt", "new")
    assert put == [("new", "/study/a.txt")]


def test_an_unchanged_object_is_fetched_once_and_a_changed_one_again(remote: str, downloads: list) -> None:
    url = f"{remote}/a.npy"
    with atomic_path(url) as temporary:
        np.save(temporary, np.arange(3))
    first = local_path(url)
    mapped = np.load(first, mmap_mode="r")
    assert local_path(url) == first
    assert first.suffix == ".npy"
    assert origin(first) == (url, version(url))
    assert downloads == [url]

    with atomic_path(url) as temporary:
        np.save(temporary, np.arange(3) + 1)
    second = local_path(url)
    assert downloads == [url, url]
    assert np.load(second).tolist() == [1, 2, 3]
    assert mapped.tolist() == [0, 1, 2], "an open map stays what it was"
    assert sorted(path.name for path in second.parent.iterdir()) == sorted([second.name, "url"])


def test_threads_that_ask_at_once_share_one_download(remote: str, downloads: list) -> None:
    url = f"{remote}/a.txt"
    write(url, "x" * 100_000)
    found: list[Path] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(local_path(url))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(downloads) == 1
    assert found[0].stat().st_size == 100_000


def test_an_object_written_while_it_is_fetched_is_fetched_again(remote: str, monkeypatch) -> None:
    url = f"{remote}/a.txt"
    write(url, "old")
    real, fetched = objects.download, []

    def overtaken(url: str, path: Path) -> None:
        real(url, path)
        fetched.append(url)
        if len(fetched) == 1:
            write(url, "newer")

    monkeypatch.setattr(copies, "download", overtaken)
    assert local_path(url).read_text() == "newer"
    assert len(fetched) == 2

    def always_overtaken(url: str, path: Path) -> None:
        real(url, path)
        fetched.append(url)
        write(url, f"newer {len(fetched)}")

    monkeypatch.setattr(copies, "download", always_overtaken)
    write(url, "again")
    with pytest.raises(DataFileError, match="is another run at work there"):
        local_path(url)


def test_local_files_stay_where_they_are(tmp_path: Path, remote: str) -> None:
    write(tmp_path / "a.txt", "x")
    assert local_path(tmp_path / "a.txt") == tmp_path / "a.txt"
    assert local_path(f"file://{tmp_path.as_posix()}/a.txt") == tmp_path / "a.txt"
    assert origin(tmp_path / "a.txt") is None
    assert version(tmp_path / "a.txt") == [1, (tmp_path / "a.txt").stat().st_mtime_ns]
    (tmp_path / "url").write_text("memory://study/a.txt")
    assert origin(tmp_path / "a.txt") is None, "only the cache's own folders hold copies"
    assert not (tmp_path / "cache").exists()


def test_what_is_there_is_asked_anew_each_time(remote: str) -> None:
    assert not exists(f"{remote}/a")
    assert names(remote) == []
    with pytest.raises(FileNotFoundError):
        local_path(f"{remote}/a")
    write(f"{remote}/a", "x")
    assert exists(f"{remote}/a")
    assert names(remote) == ["a"]


def test_a_remembered_listing_is_not_believed(remote: str, monkeypatch) -> None:
    """File systems of fsspec keep listings, and other processes write meanwhile."""
    seen: dict[str, bool] = {}

    def remembering(self, path: str) -> dict:
        if not seen.setdefault(path, path in MemoryFileSystem.store):
            raise FileNotFoundError(path)
        return {"name": path, "size": 1, "type": "file"}

    monkeypatch.setattr(MemoryFileSystem, "info", remembering)
    monkeypatch.setattr(MemoryFileSystem, "invalidate_cache", lambda self, path=None: seen.clear())
    assert not exists(f"{remote}/a")
    MemoryFileSystem.store["/study/a"] = object()
    assert exists(f"{remote}/a")


def test_a_folder_that_two_make_at_once_is_there_for_both(remote: str, monkeypatch) -> None:
    real = MemoryFileSystem.makedirs

    def beaten(self, path: str, exist_ok: bool = False) -> None:
        real(self, path, exist_ok=True)
        raise RuntimeError("550 File exists")  # as FTP servers say it

    monkeypatch.setattr(MemoryFileSystem, "makedirs", beaten)
    monkeypatch.setattr(MemoryFileSystem, "mkdirs", real)
    write(f"{remote}/deep/a.txt", "x")
    assert stored() == ["/study/deep/a.txt"]


def test_a_storage_out_of_reach_is_no_empty_one(remote: str, monkeypatch) -> None:
    def refuse(self, path: str, **options) -> dict:
        raise PermissionError("no credentials")

    monkeypatch.setattr(MemoryFileSystem, "info", refuse)
    with pytest.raises(DataFileError, match=r"cannot look for memory://study/a .*credentials"):
        exists(f"{remote}/a")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nowhere://bucket/a.npy", "cannot write nowhere://bucket/a.npy .*nowhere"),
        ("memory://study[1]/a.npy", "stand for patterns"),
        ("ftp://me:secret@host/a.npy", r"ftp://me:\.\.\.@host/a.npy: a password .*FSSPEC_FTP_PASSWORD"),
    ],
)
def test_a_url_that_cannot_be_used_is_named(remote: str, url: str, said: str) -> None:
    with pytest.raises(DataFileError, match=said):
        write(url, "x")


def test_an_info_from_a_listing_tells_the_same_version(remote: str, monkeypatch) -> None:
    """Object stores say more in a look at the object than in a listing; a copy must not be fetched again for it."""
    infos = [
        {"name": "a", "size": 3, "ETag": '"1"', "LastModified": "now", "ContentType": "text"},
        {"name": "a", "size": 3, "ETag": '"1"', "Key": "a"},
        {"name": "a", "size": 3, "ETag": '"2"', "Key": "a"},
    ]
    monkeypatch.setattr(MemoryFileSystem, "info", lambda self, path: infos.pop(0))
    first, listed, changed = (version(f"{remote}/a") for _ in range(3))
    assert first == listed != changed


def test_the_storage_is_the_one_that_fsspec_knows(remote: str) -> None:
    write(f"{remote}/a.txt", "x")
    assert fsspec.filesystem("memory").cat("/study/a.txt") == b"x"
