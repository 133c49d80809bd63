"""The store opens what is ours, refuses what is not, and loses nothing to a kill or a second console."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.config.settings import Operator
from core.errors import UnreadableError, UsageError
from core.store import connection
from core.store.alert_states import TransitionRecord, alert_key
from core.store.audit import verify
from core.store.database import Store
from core.store.operator import OperatorIdentity, identify_operator
from core.store.schema import APPLICATION_ID, MIGRATIONS

ROOT = Path(__file__).parents[3]

CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.store.database import Store
from core.store.operator import OperatorIdentity

name, path, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
store = Store(path, OperatorIdentity(name, "ML", "host", ""))
print("open", flush=True)
sys.stdin.readline()
for index in range(count):
    store.tick(f"{name}.{index}", datetime(2026, 2, 23, tzinfo=UTC))
    print(f"{name}.{index}", flush=True)
sys.stdin.readline()
"""


def child(name: str, path: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, name, str(path), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_durability_settings(store: Store) -> None:
    """Full synchronisation, rollback journal, 30 s of patience: what an acknowledged write rests on."""
    with store._connections.transaction() as writer:
        assert writer.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert writer.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert writer.execute("PRAGMA busy_timeout").fetchone()[0] == 30_000
        assert writer.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_tick_is_there_after_reopening(path: Path, ada: OperatorIdentity, now: datetime) -> None:
    with Store(path, ada) as store:
        given = store.tick("preflight.backup", now, "seen \x1b[31m")
    with Store(path, ada) as store:
        assert store.ticks() == {"preflight.backup": given}
        assert given.state == "ticked" and given.operator == "ada" and given.at == now
        assert "\x1b" not in given.note


def test_override_needs_a_reason(store: Store, now: datetime) -> None:
    with pytest.raises(UsageError, match="needs a reason"):
        store.override("preflight.disk_free", "  ", now)
    assert store.ticks() == {} and store.entries() == []
    store.override("preflight.disk_free", "logs go elsewhere", now)
    assert store.ticks()["preflight.disk_free"].state == "overridden"


def test_untick_keeps_the_reason_and_happens_once(store: Store, now: datetime) -> None:
    assert store.untick("item", now, "fails") is None
    store.tick("item", now)
    assert store.untick("item", now, "disk 3 GB") is not None
    assert store.untick("item", now, "disk 3 GB") is None
    assert store.ticks()["item"].state == "unticked" and store.ticks()["item"].note == "disk 3 GB"
    assert [entry.kind for entry in store.entries()] == ["tick", "untick"]


def test_failed_write_leaves_no_half(store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick and its audit entry are one: when the entry cannot be written, the tick is not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("core.store.ticks.append_entry", broken)
    with pytest.raises(RuntimeError):
        store.tick("item", now)
    monkeypatch.undo()
    assert store.ticks() == {}
    store.tick("item", now)
    assert list(store.ticks()) == ["item"]


def test_change_counter_sees_another_console(
    store: Store, path: Path, bob: OperatorIdentity, now: datetime
) -> None:
    before = store.change_counter()
    assert store.change_counter() == before
    with Store(path, bob) as other:
        other.tick("item", now)
    after = store.change_counter()
    assert after != before
    store.tick("item2", now)
    assert store.change_counter() != after


def test_acknowledged_tick_survives_sigkill(path: Path, ada: OperatorIdentity) -> None:
    """Every tick the program confirmed is in the store after kill -9, with its audit entry."""
    process = child("victim", path, 200)
    hear(process)
    say(process)
    confirmed = [hear(process) for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    confirmed += [line.strip() for line in process.communicate()[0].splitlines() if line.strip()]
    with Store(path, ada) as store:
        assert set(confirmed) <= set(store.ticks())
        assert {entry.subject for entry in store.entries()} == set(store.ticks())
    assert verify(path).whole


def test_a_kill_at_any_instant_leaves_each_record_with_its_entry(
    path: Path, ada: OperatorIdentity, now: datetime, kill_at_random: Callable[[Callable[[int], object]], int]
) -> None:
    """Ticks and acknowledgements by turns: what was confirmed is there, and the log is one whole chain."""
    confirmed = 0
    for turn in range(4):

        def write(number: int, turn: int = turn) -> None:
            with Store(path, ada) as store:
                store.tick(f"{turn}.{number}", now)
                fired = TransitionRecord(
                    rule="kl_spike",
                    state="firing",
                    generation=1,
                    severity="critical",
                    timestep=4096,
                    value=0.2,
                    at=now,
                    message="",
                    by_row=True,
                    seen_at=now,
                )
                store.save_alert_states(f"run {turn}.{number}", [fired])
                store.acknowledge(alert_key(f"run {turn}.{number}", fired.rule, 1), "seen", now)

        confirmed += kill_at_random(write)
        with Store(path, ada) as store:
            kinds = [entry.kind for entry in store.entries()]
            assert kinds.count("tick") == len(store.ticks()) >= confirmed
            assert kinds.count("acknowledge") == len(store.acknowledgements()) >= confirmed
        assert verify(path).whole


def test_five_consoles_at_once_lose_nothing(path: Path, now: datetime) -> None:
    consoles = []
    for number in range(5):
        consoles.append(os.fork())
        if consoles[-1] == 0:
            try:
                with Store(path, OperatorIdentity(f"console {number}", "ML", "host", "")) as store:
                    for index in range(8):
                        store.tick(f"{number}.{index}", now)
                os._exit(0)
            finally:
                os._exit(1)
    assert [os.waitpid(console, 0)[1] for console in consoles] == [0] * 5
    with Store(path, OperatorIdentity("ada", "ML", "host", "")) as store:
        assert len(store.ticks()) == 40
    report = verify(path)
    assert report.whole and report.entries == 40


@pytest.mark.parametrize("how", ["file size", "tmpfs"])
def test_a_volume_that_is_full_keeps_what_was_confirmed(
    path: Path,
    ada: OperatorIdentity,
    now: datetime,
    how: str,
    on_a_full_disk: Callable[[str, Path, Callable[[], object]], str],
) -> None:
    path.parent.mkdir()

    def write() -> None:
        with Store(path, ada) as store:
            for number in range(200):
                try:
                    store.record("note", str(number), {"text": "y" * 15_000}, now)
                except UnreadableError:
                    assert len(store.entries()) == number > 2 and verify(path).whole
                    raise

    said = on_a_full_disk(how, path.parent, write)
    words = "disk is full" if how == "tmpfs" else "disk I/O error"
    assert said.startswith("UnreadableError: ") and words in said


def test_two_processes_tick_at_once(path: Path, ada: OperatorIdentity) -> None:
    """Neither loses a tick, and the chain is one chain."""
    processes = [child(name, path, 25) for name in ("left", "right")]
    for process in processes:
        assert hear(process) == "open"
    for process in processes:
        say(process)
    for process in processes:
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    with Store(path, ada) as store:
        assert len(store.ticks()) == 50
    report = verify(path)
    assert report.whole and report.entries == 50


def test_two_processes_make_one_database(path: Path, ada: OperatorIdentity) -> None:
    processes = [child(f"maker{index}", path, 1) for index in range(3)]
    for process in processes:
        say(process)
    for process in processes:
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    with Store(path, ada) as store:
        assert len(store.ticks()) == 3


def test_threads_share_a_store(store: Store, now: datetime) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for index in range(10):
                store.tick(f"{name}.{index}", now)
                store.ticks()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"t{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(store.ticks()) == 40


def test_reader_is_not_held_up_by_a_waiting_writer(
    store: Store, path: Path, bob: OperatorIdentity, now: datetime
) -> None:
    with Store(path, bob) as other, other._connections.transaction():
        waiting = threading.Thread(target=store.tick, args=("item", now))
        waiting.start()
        assert store.ticks() == {}
    waiting.join()
    assert list(store.ticks()) == ["item"]


def test_locked_database_says_so(
    path: Path, ada: OperatorIdentity, bob: OperatorIdentity, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    with (
        Store(path, ada) as store,
        Store(path, bob) as other,
        other._connections.transaction(),
        pytest.raises(UnreadableError, match="locked"),
    ):
        store.tick("item", now)


@pytest.mark.parametrize(
    "content",
    [b"hello, I am a text file\n" * 100, b"SQLite format 3\0" + b"\xff" * 4000],
    ids=["text", "junk"],
)
def test_file_that_is_no_database(path: Path, ada: OperatorIdentity, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=path.name) as caught:
        Store(path, ada)
    assert caught.value.exit_code == 1 and caught.value.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_damaged_database(path: Path, ada: OperatorIdentity, now: datetime, damage: str) -> None:
    with Store(path, ada) as store:
        for index in range(100):
            store.tick(f"item{index}", now, "note " * 20)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[4096:16384] = os.urandom(12288)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="damaged") as caught:
        Store(path, ada)
    assert str(path) in caught.value.title and "backup" in caught.value.hint


def test_database_of_another_program_is_left_alone(path: Path, ada: OperatorIdentity) -> None:
    path.parent.mkdir(parents=True)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(UnreadableError, match="another program"):
        Store(path, ada)
    assert path.read_bytes() == before


def test_newer_version_is_refused(path: Path, ada: OperatorIdentity) -> None:
    Store(path, ada).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.commit()
    raw.close()
    with pytest.raises(UnreadableError, match="newer"):
        Store(path, ada)


def test_folder_that_cannot_be_made(tmp_path: Path, ada: OperatorIdentity) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(UsageError) as caught:
        Store(tmp_path / "state" / "console.sqlite3", ada)
    assert caught.value.exit_code == 2 and str(tmp_path / "state") in caught.value.title


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(tmp_path: Path, ada: OperatorIdentity) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o500)
    with pytest.raises(UsageError, match="writ"):
        Store(folder / "console.sqlite3", ada)


def test_path_that_is_a_folder(tmp_path: Path, ada: OperatorIdentity) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        Store(tmp_path, ada)


def test_deleted_database_does_not_swallow_ticks(store: Store, path: Path, now: datetime) -> None:
    """A write into a file that has no name any more would be lost without a word."""
    path.unlink()
    with pytest.raises(UnreadableError, match="moved, deleted or replaced"):
        store.tick("item", now)


def test_full_disk_is_said(store: Store, now: datetime) -> None:
    with store._connections.transaction() as writer:
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
    store._connections._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(UnreadableError, match="disk is full"):
        store.record("note", "x", {"text": "y" * 15_000}, now)
    assert store.entries() == []


def test_operator_falls_back_to_the_system_user() -> None:
    configured = identify_operator(Operator(name=" Ada ", role="Lead"), {})
    assert (configured.name, configured.role, configured.client) == ("Ada", "Lead", "")
    remote = identify_operator(
        Operator(), {"SSH_CONNECTION": "10.0.0.7 50022 10.0.0.1 22", "USER": "mallory"}
    )
    assert remote.client == "10.0.0.7" and remote.name and remote.name != "mallory" and remote.host
    assert str(remote).endswith("from 10.0.0.7")
    hostile = identify_operator(Operator(name="a\x1b]0;x\x07"), {"SSH_CLIENT": "\x9b31m 1 2"})
    assert "\x1b" not in hostile.name and "\x9b" not in hostile.client


def test_times_must_be_aware(store: Store) -> None:
    with pytest.raises(ValueError, match="naive"):
        store.tick("item", datetime(2026, 2, 23))
    assert store.ticks() == {}


def test_ticks_of_another_zone_are_stored_in_utc(store: Store, now: datetime) -> None:
    from datetime import timezone

    store.tick("item", now.astimezone(timezone(timedelta(hours=-3))))
    assert store.ticks()["item"].at == now and store.ticks()["item"].at.tzinfo is UTC


def test_ticks_of_an_older_database_stay(path: Path, now: datetime, ada: OperatorIdentity) -> None:
    """A store of two migrations ago opens with what people said in it, and takes the newer states."""
    path.parent.mkdir(parents=True)
    older = sqlite3.connect(path)
    for statements in MIGRATIONS[:2]:
        for statement in statements:
            older.execute(statement)
    older.execute("INSERT INTO ticks VALUES ('a', 'overridden', 'bob', '2026-02-23T10:00:00Z', 'why')")
    older.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    older.execute("PRAGMA user_version = 2")
    older.commit()
    older.close()
    with Store(path, ada) as store:
        assert store.ticks()["a"].note == "why"
        store.not_applicable("b", "none here", now)
        assert {name: tick.state for name, tick in store.ticks().items()} == {
            "a": "overridden",
            "b": "not_applicable",
        }
