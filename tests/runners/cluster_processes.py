"""A Dask scheduler and workers as processes of their own, started from the command line as on a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Cluster:
    """``dask scheduler`` and ``dask worker`` on this machine, without nannies: a killed worker stays away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self._file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler = self._start("scheduler", *options, "--scheduler-file", str(self._file))
        deadline = time.monotonic() + 60
        while not self._file.exists() or not self._file.read_text().endswith("}"):
            assert self.scheduler.poll() is None, (folder / "scheduler.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        import json

        self.address = json.loads(self._file.read_text())["address"]

    def add_worker(self, *more: str) -> None:
        options = [*more, "--nthreads", "1", "--memory-limit", "0", "--no-nanny", "--no-dashboard"]
        folder = self.folder / f"worker-{len(self.workers)}"
        folder.mkdir()
        self.workers.append(self._start("worker", self.address, *options, "--local-directory", str(folder)))

    def kill_worker(self, pid: int) -> None:
        (worker,) = (worker for worker in self.workers if worker.pid == pid)
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.terminate()
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{kind}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "dask", kind, *options],
            cwd=self.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
