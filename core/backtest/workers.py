"""Where backtests run: the setting `revalidation.workers`, and joblib behind it.

`sequential`, `threading[:N]` and `loky[:N]` (processes) on this machine, `dask:ADDRESS`, `ray[:ADDRESS]` on
a cluster that is there already. Traps avoided: a cancelled run that waits for its tasks, and a worker that
was killed and leaves a page of traceback.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.errors import CancelledError, ConsoleError, UnreadableError, UsageError
from core.text import visible

SEQUENTIAL = "sequential"
_IN_PROCESS = (SEQUENTIAL, "threading")
_EXTRAS = {"dask": "distributed", "ray": "ray"}
"""Backend → the module that its extra brings."""
_DEAD = {
    "TerminatedWorkerError",
    "BrokenProcessPool",
    "KilledWorker",
    "CommClosedError",
    "WorkerCrashedError",
    "NodeDiedError",
    "ActorDiedError",
    "RayActorError",
    "LocalRayletDiedError",
    "OwnerDiedError",
}
"""What joblib, Dask and Ray raise when a worker is gone."""
_POLL = 0.05
_ANSWER_SECONDS = 10

T = TypeVar("T")
Cancelled = Callable[[], bool]
Call = tuple[Callable[..., T], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Workers:
    """The setting, read."""

    backend: str = SEQUENTIAL
    count: int | None = None
    """How many on this machine; None for one each core."""
    address: str | None = None
    """Of a cluster."""

    @property
    def in_process(self) -> bool:
        """Tasks share this process's memory: they may call back."""
        return self.backend in _IN_PROCESS

    def __str__(self) -> str:
        detail = self.address or (None if self.count is None else str(self.count))
        return self.backend if detail is None else f"{self.backend}:{detail}"


def parse_workers(text: str) -> Workers:
    """`loky:8`, `dask:tcp://head:8786`. Raises UsageError."""
    backend, _, detail = text.partition(":")
    if backend == SEQUENTIAL and not detail:
        return Workers()
    if backend in ("threading", "loky") and (not detail or (detail.isascii() and detail.isdigit())):
        if not detail or 1 <= int(detail) <= 4096:
            return Workers(backend, count=int(detail) if detail else None)
    elif backend == "ray" or (backend == "dask" and detail):
        return Workers(backend, address=detail or None)
    raise UsageError(
        "revalidation.workers: expected sequential, threading[:N], loky[:N], dask:ADDRESS or ray[:ADDRESS], "
        f"got {visible(text, 60)!r}"
    )


def run_tasks(workers: Workers, calls: Sequence[Call[T]], cancelled: Cancelled) -> Iterator[T]:
    """The results of `calls`, each as soon as it is there, in any order.

    Raises what a call raises, CancelledError within a tenth of a second of `cancelled`, UsageError where the
    backend's extra is not installed, UnreadableError where no cluster answers, and ConsoleError where a
    worker died.
    """
    with _backend(workers) as arguments:
        if workers.backend == SEQUENTIAL:  # a call looks at `cancelled` itself
            source = _results(calls, arguments)
        else:
            source = _in_thread(workers, calls, arguments, cancelled)
        try:
            yield from source
        except ConsoleError:
            raise
        except Exception as error:
            if type(error).__name__ not in _DEAD:
                raise
            raise _died(workers, error) from None


def _in_thread(
    workers: Workers, calls: Sequence[Call[T]], arguments: dict[str, Any], cancelled: Cancelled
) -> Iterator[T]:
    """joblib in a thread of its own, so that `cancelled` is asked while it waits."""
    results: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
    given_up = threading.Event()

    def work() -> None:
        try:
            for result in _results(calls, arguments):
                results.put((True, result))
                if given_up.is_set():
                    return
            results.put((False, None))
        except BaseException as error:  # noqa: BLE001
            results.put((False, error))

    thread = threading.Thread(target=work, name="backtest-workers", daemon=True)
    thread.start()
    left = len(calls)
    try:
        while left:
            if cancelled():
                raise CancelledError("the backtest was cancelled; nothing was written")
            try:
                good, value = results.get(timeout=_POLL)
            except queue.Empty:
                if workers.backend == "dask":
                    _look_for_dead_tasks()
                continue
            if not good:
                raise value if value is not None else RuntimeError(f"{left} tasks gave no result")
            left -= 1
            yield value
    finally:
        given_up.set()
        if left and workers.backend == "loky":
            _kill_loky()


def _results(calls: Sequence[Call[T]], arguments: dict[str, Any]) -> Iterator[T]:
    """joblib's results, on the calling thread: which cluster is chosen holds for one thread alone."""
    from joblib import Parallel, delayed, parallel_config

    given = dict(arguments)
    cluster = given.pop("cluster", None)
    with parallel_config(backend=cluster) if cluster else contextlib.nullcontext():
        yield from Parallel(**given)(delayed(function)(*each) for function, each in calls)


def _kill_loky() -> None:
    """End the processes at once; the next run starts new ones."""
    from joblib.externals.loky import get_reusable_executor

    with contextlib.suppress(Exception):
        get_reusable_executor(reuse=True).shutdown(wait=False, kill_workers=True)


@contextlib.contextmanager
def _backend(workers: Workers) -> Iterator[dict[str, Any]]:
    """What `Parallel` is given; a cluster's client is open meanwhile."""
    if workers.backend == SEQUENTIAL:
        yield {"n_jobs": 1, "backend": SEQUENTIAL, "return_as": "generator_unordered"}
        return
    if workers.backend in ("threading", "loky"):
        count = workers.count or os.cpu_count() or 1
        # one task a message: they are seconds long
        yield {
            "n_jobs": count,
            "backend": workers.backend,
            "return_as": "generator_unordered",
            "batch_size": 1,
            "pre_dispatch": "2 * n_jobs",
        }
        return
    import importlib.util

    if importlib.util.find_spec(_EXTRAS[workers.backend]) is None:
        raise UsageError(
            f"revalidation.workers is {visible(str(workers), 60)}: {workers.backend} is not installed",
            hint=f"pip install 'ppo-console[{workers.backend}]', here and on every machine of the cluster.",
        )
    with (_dask if workers.backend == "dask" else _ray)(workers) as arguments:
        yield arguments


@contextlib.contextmanager
def _dask(workers: Workers) -> Iterator[dict[str, Any]]:
    from distributed import Client

    _require_answer("Dask scheduler", workers)
    try:
        client = Client(workers.address, timeout=_ANSWER_SECONDS, set_as_default=True)
    except (OSError, ValueError) as error:
        raise _no_answer("Dask scheduler", workers, error) from None
    try:
        yield {"cluster": "dask", "n_jobs": -1, "return_as": "generator_unordered", "batch_size": 1}
    finally:
        client.close(timeout=1)


@contextlib.contextmanager
def _ray(workers: Workers) -> Iterator[dict[str, Any]]:
    import ray
    from ray.util.joblib import register_ray

    _require_answer("Ray cluster", workers)
    started = not ray.is_initialized()
    if started:
        try:
            ray.init(address=workers.address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            raise _no_answer("Ray cluster", workers, error) from None
    register_ray()
    try:
        yield {"cluster": "ray", "n_jobs": -1, "batch_size": 1}
    finally:
        if started:
            ray.shutdown()


def _look_for_dead_tasks() -> None:
    """Raise what Dask holds of a task whose workers died: joblib goes on waiting for it."""
    from distributed.client import default_client

    for state in list(default_client().futures.values()):
        if state.status == "error" and type(state.exception).__name__ in _DEAD:
            raise state.exception


def _require_answer(what: str, workers: Workers) -> None:
    """Somebody listens at HOST:PORT, if the address has one: the clients themselves try for minutes."""
    host, _, port = (workers.address or "").rpartition("://")[2].rpartition(":")
    if host and port.isascii() and port.isdigit() and int(port) < 65_536:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_SECONDS).close()
        except OSError as error:
            raise _no_answer(what, workers, error) from None


def _no_answer(what: str, workers: Workers, error: Exception) -> UnreadableError:
    said = visible(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__, 120)
    return UnreadableError(
        f"no {what} answers at {visible(workers.address or 'this machine', 80)}: {said}",
        hint='Start it, or set workers = "sequential" under [revalidation].',
    )


def _died(workers: Workers, error: Exception) -> ConsoleError:
    """One line of what the backend said: loky names the exit codes."""
    text = " ".join(str(error).split())
    codes = text.partition("exit codes of the workers are ")[2].partition("}")[0].lstrip("{")
    how = f": {visible(codes or type(error).__name__, 80)}"
    return ConsoleError(
        f"a worker of {visible(str(workers), 60)} died{how}; nothing was decided or written",
        hint="SIGKILL without a person behind it is the system out of memory: fewer workers, then again.",
    )
