"""Downloads against a server on this machine: what it may do wrong, and what must be left behind then."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import reader_samples as samples
from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.readers import read
from guided_retraining.readers.download import download
from guided_retraining.readers.sources import SOURCES, RemoteFile, Source


class Server:
    """Serves ``contents`` by name; ``behaviour``: for each request of a name in turn, what goes wrong."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.behaviour: dict[str, list[str]] = {}
        self.requests: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                outer.requests.append(name)
                turns = outer.behaviour.get(name, [])
                what = turns.pop(0) if turns else "fine"
                data = outer.contents.get(name)
                if data is None or what == "404":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if what == "other":
                    data = bytes(len(data))
                elif what == "cut":
                    data = data[: len(data) // 2]
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/data"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of MNIST-like files, and a source ``mnist`` whose checksums are theirs."""
    server = Server()
    origin = tmp_path / "origin"
    origin.mkdir()
    samples.mnist_like(origin)
    server.contents = {path.name: path.read_bytes() for path in sorted(origin.iterdir())}
    files = tuple(
        RemoteFile(name, hashlib.md5(data).hexdigest(), len(data)) for name, data in server.contents.items()
    )
    monkeypatch.setitem(SOURCES, "mnist", Source((f"{server.url}/",), files))
    yield server
    server.close()


NAME = "train-images-idx3-ubyte.gz"


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_downloads_what_the_reader_reads_and_nothing_twice(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    paths = download("mnist", tmp_path / "mnist", progress=lambda *step: seen.append(step))
    assert left(tmp_path / "mnist") == sorted(server.contents)
    assert [path.name for path in paths] == list(server.contents)
    assert len(read("idx", tmp_path / "mnist").train) == 7
    for name, data in server.contents.items():
        assert [step[1:] for step in seen if step[0] == name][-1] == (len(data), len(data))
    server.requests.clear()
    download("mnist", tmp_path / "mnist")
    assert server.requests == []


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (["404"], "the server answered 404"),
        (["other"], "what it sends is not the published file"),
        (["cut", "cut"], "the transfer broke off"),
    ],
)
def test_failures_name_file_address_and_folder(
    server: Server, tmp_path: Path, behaviour: list[str], message: str
) -> None:
    server.behaviour[NAME] = behaviour
    with pytest.raises(DataFileError, match=message) as error:
        download("mnist", tmp_path / "mnist")
    for part in (f"{server.url}/{NAME}", str(tmp_path / "mnist"), "fetch it by hand"):
        assert part in str(error.value)
    assert NAME not in left(tmp_path / "mnist")
    assert ".partial" not in left(tmp_path / "mnist")
    download("mnist", tmp_path / "mnist")  # the server has recovered: only what is missing is fetched
    assert left(tmp_path / "mnist") == sorted(server.contents)


def test_interrupted_transfer_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.behaviour[NAME] = ["cut"]
    download("mnist", tmp_path / "mnist")
    assert server.requests.count(NAME) == 2
    assert left(tmp_path / "mnist") == sorted(server.contents)


def test_a_user_who_interrupts_leaves_no_half_file(server: Server, tmp_path: Path) -> None:
    def stop(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("mnist", tmp_path / "mnist", progress=stop)
    assert left(tmp_path / "mnist") == []


def test_second_mirror_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SOURCES["mnist"].files
    monkeypatch.setitem(SOURCES, "mnist", Source(("http://127.0.0.1:9/", f"{server.url}/"), files))
    download("mnist", tmp_path / "mnist")
    assert left(tmp_path / "mnist") == sorted(server.contents)


def test_without_network(tmp_path: Path) -> None:
    with pytest.raises(DataFileError) as error:
        download("cifar10", tmp_path / "cifar10", base_url="http://127.0.0.1:9")
    message = str(error.value)
    for part in (
        "cifar-10-binary.tar.gz",
        "http://127.0.0.1:9/",
        str(tmp_path / "cifar10"),
        "no connection",
        "md5",
    ):
        assert part in message
    assert left(tmp_path / "cifar10") == []


def test_another_file_of_that_name_is_left_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"the user's own subset")
    with pytest.raises(DataFileError, match="is there already but is not the published file"):
        download("mnist", tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"the user's own subset"


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file")
    with pytest.raises(DataFileError, match="cannot write to"):
        download("mnist", tmp_path / "data" / "mnist")


def test_intel_and_unknown_names_and_digits(tmp_path: Path) -> None:
    with pytest.raises(
        DataFileError, match=r"account: .*intel-image-classification.zip, in the folder .*raw"
    ):
        download("intel", tmp_path / "raw")
    with pytest.raises(ParameterError, match="choose one of mnist, fashion_mnist, cifar10, gtsrb"):
        download("imagenet", tmp_path)
    assert download("digits", tmp_path) == []


@pytest.mark.parametrize(
    ("name", "reader", "write"),
    [
        ("mnist", "idx", samples.mnist_like),
        ("fashion_mnist", "idx", samples.mnist_like),
        ("cifar10", "cifar10_binary", samples.write_cifar),
        ("gtsrb", "gtsrb", samples.write_gtsrb),
    ],
)
def test_published_files_are_what_readers_look_for(
    tmp_path: Path, name: str, reader: str, write: Callable[[Path], object]
) -> None:
    write(tmp_path)
    contents = {path.name.replace(".subset", ""): path.read_bytes() for path in tmp_path.iterdir()}
    assert set(contents) == {file.name for file in SOURCES[name].files}
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for file, content in contents.items():
        (fetched / file).write_bytes(content)
    assert read(reader, fetched, size=(4, 4)).test is not None


def test_checksums_are_md5_and_mirrors_are_folders() -> None:
    for source in SOURCES.values():
        for file in source.files:
            assert len(file.md5) == 32
            assert int(file.md5, 16)
            assert file.size > 0
        assert all(mirror.endswith("/") for mirror in source.mirrors)


def test_checksums_of_real_files(tmp_path: Path) -> None:
    """The complete real files, where they are, carry the checksums and sizes of the table."""
    folder = samples.shared("fashion_mnist")
    for file in SOURCES["fashion_mnist"].files:
        data = (folder / file.name).read_bytes()
        assert (hashlib.md5(data).hexdigest(), len(data)) == (file.md5, file.size)
