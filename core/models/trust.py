"""Running a model file's own code, because a person said so: in a process of its own, for arrays alone.

The process gets the bytes that were hashed, an empty home, no variable of the environment beyond what Python
and torch need, and what it sends back is checked like any file. It still runs as the same user: this is for
files whose maker is known. Trap avoided: `PPO.load` in a process that holds tokens and an open store.
"""

from __future__ import annotations

import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from core import child
from core.errors import CancelledError, ConsoleError, UnreadableError
from core.files import scratch_folder
from core.models.sb3 import Sb3Model
from core.models.weights import MAX_UNPACKED, check_weights, pack, unpack
from core.text import visible

CHILD = "core.models.trust_child"
TIMEOUT = 120.0
"""Seconds for loading one model, torch's import included."""
_POLL = 0.05
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that the process inherits: where programs, libraries and modules are, and how many threads."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The line before the npz that the process sends; `problem` alone when it could not be exported."""

    problem: str = ""
    activation: str = ""
    observation_size: int = 0
    n_actions: int = 0
    timesteps: int = 0
    updates: int = 0
    seed: int | None = None
    version: str = ""


def encode_answer(model: Sb3Model) -> bytes:
    """What the process sends of a model."""
    answer = Answer(
        activation=model.weights.activation,
        observation_size=model.observation_size,
        n_actions=model.n_actions,
        timesteps=model.timesteps,
        updates=model.updates,
        seed=model.seed,
        version=model.version,
    )
    return msgspec.json.encode(answer) + b"\n" + pack(model.weights)


def run_trusted(path: Path, data: bytes, cancelled: Callable[[], bool] = lambda: False) -> Sb3Model:
    """The policy that `PPO.load` makes of `data`; `path` is only named in errors.

    Raises UnreadableError (it cannot be loaded, or is no MLP), RejectedError (not finite), CancelledError,
    and ConsoleError when the process dies.
    """
    with scratch_folder("ppo-trusted-") as place, child.last_words() as errors:
        home = str(place)
        kept = {name: value for name, value in child.environment(threads=1).items() if name in _KEPT}
        env = {**kept, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"}
        command = [sys.executable, "-P", "-s", "-B", "-m", CHILD]
        with child.talking(command, errors, env, cwd=place) as process:
            received = _exchange(process, data, errors, cancelled)
            code = process.wait()
        said = child.read_last_words(errors)
        head, _, packed = received.partition(b"\n")
        try:
            answer = msgspec.json.decode(head, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ConsoleError(
                f"the process that ran the code of {path} ended with {code}{f': {said}' if said else ''}",
                hint="Nothing was read; the model cannot be judged.",
            ) from None
    if answer.problem:
        raise UnreadableError(
            f"{path} was run, and could not be exported: {visible(answer.problem)}",
            hint="Only a network of plain layers can be judged here. Backtest the model where it was made, "
            "and judge the result with ppo-console score.",
        )
    weights = unpack(packed, visible(answer.activation, 40), path)
    check_weights(weights, inputs=answer.observation_size, actions=answer.n_actions, source=path)
    return Sb3Model(
        weights=weights,
        observation_size=answer.observation_size,
        n_actions=answer.n_actions,
        timesteps=answer.timesteps,
        updates=answer.updates,
        seed=answer.seed,
        version=visible(answer.version, 32),
    )


def _exchange(
    process: subprocess.Popen[bytes], data: bytes, errors: IO[bytes], cancelled: Callable[[], bool]
) -> bytes:
    """Send the file, and receive all that the process answers. Raises CancelledError, UnreadableError."""
    assert process.stdin is not None and process.stdout is not None
    deadline = time.monotonic() + TIMEOUT
    to_send, received = memoryview(struct.pack("<Q", len(data)) + data), bytearray()
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stdin, selectors.EVENT_WRITE)
        while True:
            if cancelled():
                raise CancelledError("cancelled: nothing was decided, no report was written")
            if time.monotonic() > deadline or len(received) > MAX_UNPACKED:
                raise UnreadableError(
                    f"the model's code did not end with a policy within {TIMEOUT:.0f} s",
                    hint="It was stopped; the model cannot be judged.",
                )
            child.trim(errors)
            for key, _ in selector.select(_POLL):
                if key.fileobj is process.stdout:
                    chunk = os.read(process.stdout.fileno(), 1 << 16)
                    if not chunk:
                        return bytes(received)
                    received += chunk
                else:
                    try:
                        to_send = to_send[os.write(process.stdin.fileno(), to_send[: 1 << 16]) :]
                    except BrokenPipeError:
                        to_send = to_send[:0]
                    if not to_send:  # its stdin stays open: the end of it ends the process
                        selector.unregister(process.stdin)
