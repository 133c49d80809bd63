"""A local server that is notified, stores that notify, and a firing to tell of."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.config.settings import Notify
from core.store.alert_states import TransitionRecord
from core.store.database import Store
from core.store.operator import OperatorIdentity

NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
ADA = OperatorIdentity("ada", "ML", "host", "")


class Receiver:
    """An HTTP server on 127.0.0.1 that keeps what it got, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.asked = 0
        self.failures = 0
        self.paths: list[str] = []
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    receiver.asked += 1
                    receiver.paths.append(self.path)
                    fails = receiver.failures > 0
                    receiver.failures -= fails
                    if not fails:
                        receiver.got.append(body)
                self.send_response(503 if fails else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    pytest.importorskip("apprise", reason="the extra 'notify' is not installed")
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[Notify], Store]]:
    opened: list[Store] = []

    def opener(notify: Notify) -> Store:
        opened.append(Store(tmp_path / "console.sqlite3", ADA, notify))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def record() -> Callable[..., TransitionRecord]:
    def make(rule: str = "kl_spike", state: str = "firing", generation: int = 1) -> TransitionRecord:
        return TransitionRecord(
            rule=rule,
            state=state,  # type: ignore[arg-type]
            generation=generation,
            severity="critical",
            timestep=4096 * generation,
            value=0.2,
            at=NOW,
            message="approx_kl 0.2 > 0.1",
            by_row=True,
            seen_at=NOW,
        )

    return make
