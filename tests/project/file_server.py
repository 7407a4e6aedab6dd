"""A file server on this machine, reached over the network's protocol alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

USER, WORD = "study", "secret"


@contextmanager
def ftp_server(folder: Path) -> Iterator[str]:
    """Serves a folder by FTP.

    Args:
        folder: what the server shows as its root.

    Yields:
        The root's URL, without the user and password that it asks for.
    """
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, WORD, str(folder), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    server = FTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.05, "handle_exit": False})
    thread.start()
    try:
        yield f"ftp://127.0.0.1:{server.address[1]}"
    finally:
        server.close_all()
        thread.join(10)
