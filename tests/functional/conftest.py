"""Runs the program as a user does: a process, its two streams, its exit code."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

FORKING = """
import gc, importlib, json, os, pkgutil, runpy, sys
import console.__main__, console.cli
for module in pkgutil.iter_modules(console.cli.__path__):
    importlib.import_module(f"console.cli.{module.name}")
import core.store.database, numpy, rich.console, typer
gc.freeze()
for line in sys.stdin:
    asked = json.loads(line)
    if (pid := os.fork()) == 0:
        break
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
else:
    sys.exit()
os.setsid()
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["environment"])
for number, path in enumerate((os.devnull, *asked["streams"])):
    os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
sys.path[0], sys.argv = os.getcwd(), ["console", *asked["arguments"]]
del sys.modules["console.__main__"]
runpy.run_module("console", run_name="__main__", alter_sys=True)
"""
"""A process with the program's modules imported; each command is a fork of it, and imports them no more."""


class Forking:
    """One to a worker of the tests; a command of its own process for each `run`."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", FORKING],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, request: dict[str, object], timeout: float) -> int:
        assert self._parent.stdin is not None
        self._parent.stdin.write(json.dumps(request).encode() + b"\n")
        self._parent.stdin.flush()
        pid = self._answer(60)
        assert pid is not None, "no process could be forked"
        code = self._answer(timeout)
        if code is None:
            os.kill(pid, signal.SIGKILL)
            self._answer(60)
            raise subprocess.TimeoutExpired(str(request["arguments"]), timeout)
        return code

    def _answer(self, timeout: float) -> int | None:
        assert self._parent.stdout is not None
        ready, _, _ = select.select([self._parent.stdout], [], [], timeout)
        return int(self._line()) if ready else None

    def _line(self) -> bytes:
        """Byte by byte: what a buffer took already, `select` would not see."""
        assert self._parent.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self._parent.stdout.fileno(), 1)
            assert byte, "the forking process has ended"
            line += byte
        return line

    def end(self) -> None:
        self._parent.communicate()


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    made = Forking()
    yield made
    made.end()


@pytest.fixture
def cli(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, forking: Forking) -> Cli:
    """`cli("status", "--json", cwd=…)` runs `ppo-console` without a terminal."""
    folder = tmp_path_factory.mktemp("streams")

    def run(
        *arguments: str | Path, cwd: Path | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        told = list(map(str, arguments))
        streams = [folder / "out", folder / "err"]
        for path in streams:
            path.write_bytes(b"")
        request = {
            "arguments": told,
            "folder": str(cwd or tmp_path),
            "environment": {
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "NO_COLOR": "1",
                "TERM": "xterm-256color",
            },
            "streams": list(map(str, streams)),
        }
        code = forking.run(request, timeout)
        out, err = (path.read_text() for path in streams)
        return subprocess.CompletedProcess(told, code, out, err)

    return run


@pytest.fixture
def shared_data() -> Path:
    """The real inputs beside the project; tests that need them skip elsewhere."""
    if not SHARED.is_dir():
        pytest.skip("the real inputs (../shared/data) are not here")
    return SHARED
