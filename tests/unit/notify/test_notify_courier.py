"""One notification per transition, from however many consoles, over failures and kills."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.config.settings import Notify
from core.errors import UsageError
from core.notify.courier import Courier, send_test
from core.notify.sender import AppriseSender
from core.notify.targets import Target
from core.store.database import Store

ROOT = Path(__file__).parents[3]
Opener = Callable[[Notify], Store]
Maker = Callable[..., Any]


class Fake:
    """A sender that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.sent: list[tuple[str, str, str]] = []

    def send(self, target: Target, title: str, body: str, kind: str) -> str:
        if self.failures:
            self.failures -= 1
            return "503 Service Unavailable"
        self.sent.append((target.name, title, kind))
        return ""


def notify(**changes: Any) -> Notify:
    return Notify(**({"enabled": True, "targets": {"ops": "json://127.0.0.1:9/"}} | changes))


def test_what_is_due_is_delivered_and_marked(open_store: Opener, record: Maker, now: datetime) -> None:
    store, fake = open_store(notify()), Fake()
    store.save_alert_states("r", [record(), record(state="resolved")])
    done = Courier(store, notify(), sender=fake).deliver(now)
    assert [each.status for each in done] == ["sent", "sent"]
    assert fake.sent == [
        ("ops", "[CRITICAL] kl_spike firing: r", "critical"),
        ("ops", "[CRITICAL] kl_spike resolved: r", "resolved"),
    ]
    assert Courier(store, notify(), sender=fake).deliver(now) == []


def test_each_target_is_retried_by_itself(open_store: Opener, record: Maker, now: datetime) -> None:
    """One target is down: the other hears once, not at each retry."""

    class HalfDown(Fake):
        def send(self, target: Target, title: str, body: str, kind: str) -> str:
            return "down" if target.name == "down" else super().send(target, title, body, kind)

    settings = notify(targets={"up": "json://127.0.0.1:9/", "down": "json://127.0.0.1:8/"})
    store, fake = open_store(settings), HalfDown()
    store.save_alert_states("r", [record()])
    courier = Courier(store, settings, sender=fake)
    for minute in range(10):
        courier.deliver(now + timedelta(minutes=minute))
    assert len(fake.sent) == 1
    waiting = [each for each in store.outbox() if each.status == "waiting"]
    assert [each.target for each in waiting] == ["down"] and waiting[0].error == "down"


def test_disabled_delivers_nothing(open_store: Opener, record: Maker, now: datetime) -> None:
    store = open_store(notify())
    store.save_alert_states("r", [record()])
    assert Courier(store, notify(enabled=False), sender=Fake()).deliver(now) == []
    assert store.outbox_counts()["waiting"] == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [("json://${PPO_TEST_TOKEN}/", "PPO_TEST_TOKEN is not set"), ("slack://a/b/c", "from the environment")],
)
def test_a_target_that_cannot_be_used_fails_and_says_why(
    open_store: Opener, record: Maker, now: datetime, url: str, words: str
) -> None:
    settings = notify(targets={"ops": url})
    store, fake = open_store(settings), Fake()
    store.save_alert_states("r", [record()])
    (tried,) = Courier(store, settings, sender=fake, environment={}).deliver(now)
    assert tried.status == "waiting" and words in tried.error and fake.sent == []


def test_many_couriers_on_one_store_deliver_once(open_store: Opener, record: Maker, now: datetime) -> None:
    store, fake = open_store(notify()), Fake()
    store.save_alert_states("r", [record(f"rule_{each}") for each in range(8)])
    couriers = [Courier(open_store(notify()), notify(), sender=fake) for _ in range(4)]
    threads = [threading.Thread(target=courier.deliver, args=(now,)) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fake.sent) == 8 and store.outbox_counts()["sent"] == 8


# With apprise, over HTTP


def test_apprise_delivers_over_http(receiver: Any, open_store: Opener, record: Maker, now: datetime) -> None:
    settings = notify(targets={"ops": receiver.url})
    store = open_store(settings)
    store.save_alert_states("r", [record()])
    (done,) = Courier(store, settings).deliver(now)
    assert done.status == "sent", done.error
    (got,) = receiver.got
    assert got["title"] == "[CRITICAL] kl_spike firing: r" and "approx_kl 0.2 > 0.1" in got["message"]


def test_a_server_that_fails_is_asked_again_and_told_once(
    receiver: Any, open_store: Opener, record: Maker, now: datetime
) -> None:
    receiver.failures = 3
    settings = notify(targets={"ops": receiver.url})
    store = open_store(settings)
    store.save_alert_states("r", [record()])
    courier, moment = Courier(store, settings), now
    for _ in range(6):
        courier.deliver(moment)
        moment += timedelta(seconds=60)
    assert receiver.asked == 4 and len(receiver.got) == 1
    (done,) = store.outbox()
    assert done.status == "sent" and done.attempts == 4


def test_the_secret_of_a_failing_target_stands_nowhere(
    receiver: Any,
    open_store: Opener,
    record: Maker,
    now: datetime,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Not in the outbox, the audit log, the database's bytes, stdout or stderr."""
    secret = "s3cr3t-t0k3n"
    settings = notify(
        targets={"ops": f"json://127.0.0.1:{receiver.port}/${{TOKEN}}?+X-Key=${{TOKEN}}"}, retry_for=1
    )
    receiver.failures = 9
    store = open_store(settings)
    store.save_alert_states("r", [record()])
    courier = Courier(store, settings, environment={"TOKEN": secret})
    courier.deliver(now)
    courier.deliver(now + timedelta(hours=1))
    (done,) = store.outbox()
    assert done.status == "failed" and "503" in done.error and receiver.asked == 1
    assert receiver.paths[0] == f"/{secret}", "it was used"
    shown = "".join(capfd.readouterr())
    assert secret not in shown and secret not in done.error
    assert secret.encode() not in (tmp_path / "console.sqlite3").read_bytes()


def test_an_unknown_kind_of_url_is_an_error_not_a_crash() -> None:
    pytest.importorskip("apprise")
    error = AppriseSender().send(Target("ops", "nosuch", "nosuch://x", ()), "t", "b", "info")
    assert "nosuch" in error


def test_a_test_message_reaches_every_target(receiver: Any, now: datetime) -> None:
    settings = notify(enabled=False, targets={"ops": receiver.url, "other": "json://${MISSING}/"})
    first, second = send_test(settings, now, environment={})
    assert first.delivered and first.scheme == "json" and receiver.got[0]["title"].startswith("[TEST]")
    assert not second.delivered and "MISSING is not set" in second.error
    with pytest.raises(UsageError, match="no target"):
        send_test(Notify(), now)


# Several processes

COURIER = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from core.config.settings import Notify
from core.notify.courier import Courier
from core.notify.sender import AppriseSender
from core.store.database import Store
from core.store.operator import OperatorIdentity

path, url, seconds, stall = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]


class Sender(AppriseSender):
    def send(self, target, title, body, kind):
        if stall == "before":
            print("stalls", flush=True)
            time.sleep(600)
        return super().send(target, title, body, kind)


notify = Notify(enabled=True, targets={"ops": url})
with Store(path, OperatorIdentity("c", "ML", "host", ""), notify) as store:
    courier = Courier(store, notify, sender=Sender())
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if courier.deliver_one(datetime.now(UTC)) is None:
            time.sleep(0.02)
"""


def courier_process(path: Path, url: str, seconds: float, stall: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COURIER, str(path), url, str(seconds), stall],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def wait_for(check: Callable[[], bool], seconds: float = 120.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_two_processes_raise_one_notification_per_transition(
    receiver: Any, open_store: Opener, record: Maker, tmp_path: Path
) -> None:
    """Against a server that fails now and then: each transition arrives once."""
    settings = notify(targets={"ops": receiver.url})
    store = open_store(settings)
    receiver.failures = 2
    seen = {"seen_at": datetime.now(UTC)}
    store.save_alert_states("r", [dataclasses.replace(record(f"rule_{each}"), **seen) for each in range(6)])
    processes = [courier_process(tmp_path / "console.sqlite3", receiver.url, 250.0) for _ in range(2)]
    try:
        assert wait_for(lambda: store.outbox_counts()["sent"] == 6)
        time.sleep(0.5)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    titles = [(each["title"], each["message"]) for each in receiver.got]
    assert len(titles) == 6 and len(set(titles)) == 6 and receiver.asked == 8


@pytest.mark.slow
def test_kill_9_between_transition_and_delivery_loses_and_doubles_nothing(
    receiver: Any, open_store: Opener, record: Maker, tmp_path: Path
) -> None:
    """A console is killed with the delivery in its hands; another one delivers it after the lease, once."""
    settings = notify(targets={"ops": receiver.url})
    store = open_store(settings)
    start = datetime.now(UTC)
    store.save_alert_states("r", [dataclasses.replace(record(), seen_at=start)])
    killed = courier_process(tmp_path / "console.sqlite3", receiver.url, 600.0, "before")
    assert killed.stdout is not None
    assert killed.stdout.readline() == "ready\n" and killed.stdout.readline() == "stalls\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert receiver.asked == 0
    (held,) = store.outbox()
    assert held.status == "waiting" and held.attempts == 1, "the transition and its notification are on disk"
    courier = Courier(store, settings)
    assert courier.deliver(start + timedelta(seconds=30)) == [], "the lease is respected"
    (done,) = courier.deliver(datetime.now(UTC) + timedelta(seconds=61))
    assert done.status == "sent" and courier.deliver(start + timedelta(hours=2)) == []
    assert len(receiver.got) == 1


def test_its_own_thread_delivers_and_ends(receiver: Any, open_store: Opener, record: Maker) -> None:
    settings = notify(targets={"ops": receiver.url})
    store, told = open_store(settings), []
    courier = Courier(store, settings)
    courier.start(told.append)
    store.save_alert_states("r", [record()])
    assert wait_for(lambda: bool(told))
    courier.stop()
    assert told[0].status == "sent" and courier.problem == ""


def test_nothing_unforeseen_ends_the_courier(open_store: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.notify.courier._EVERY", 0.0)
    said: list[str] = []
    again = threading.Event()

    class Shaky(Courier):
        def deliver_one(self, now: datetime) -> None:
            said.append(self.problem)
            if len(said) == 1:
                raise RuntimeError("json://user:secret@host")
            again.set()

    courier = Shaky(open_store(notify()), notify(), sender=Fake())
    courier.start()
    assert again.wait(30)
    courier.stop()
    assert said[1] == "notifications fail: RuntimeError"
