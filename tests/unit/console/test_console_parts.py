"""The console's parts without a screen: mailbox, log tail, line filter, guide, terminal."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import unicodedata
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.message import Message

from console import demo, keyboard
from console.clerk import Clerk
from console.cli.output import put
from console.demo_guide import AppState, DemoGuide
from console.line_filter import _NEVER, NeutralFilter
from console.log_tail import LogTail
from console.mailbox import Mailbox
from console.messages import RevalidationChanged, SnapshotArrived, WorkFailed
from console.states import ChecklistState, RevalidationState
from console.terminal import uses_ascii
from core.errors import UnreadableError

# The mailbox.


def test_while_one_message_is_under_way_the_same_news_is_no_new_message() -> None:
    """Behind a stalled terminal nothing piles up."""
    box, got = Mailbox(), list[Message]()
    box.attach(got.append)
    for _ in range(1000):
        box.tell(SnapshotArrived)
        box.tell(RevalidationChanged)
    assert len(got) == 2
    box.received(SnapshotArrived)
    box.tell(SnapshotArrived)
    assert len(got) == 3


def test_what_came_before_the_app_is_delivered_when_it_attaches_and_nothing_after_it_left() -> None:
    box, got = Mailbox(), list[Message]()
    box.tell(SnapshotArrived)
    box.attach(got.append)
    assert len(got) == 1
    box.detach()
    box.received(SnapshotArrived)
    box.tell(SnapshotArrived)
    assert len(got) == 1


def test_many_threads_telling_lose_no_last_change() -> None:
    box, lock, seen, value = Mailbox(), threading.Lock(), list[int](), [0]

    def handle(_message: Message) -> None:
        box.received(SnapshotArrived)
        seen.append(value[0])

    box.attach(handle)

    def work() -> None:
        for _ in range(200):
            with lock:
                value[0] += 1
            box.tell(SnapshotArrived)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) == 800


# The log tail.


def test_each_change_of_a_log_is_seen_once_and_a_quiet_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    tail = LogTail("alerts.log", path)
    assert tail.catch_up() == 0 and not tail.exists
    path.write_text("one\n")
    assert (tail.catch_up(), tail.catch_up(), tail.exists) == (1, 0, True)
    with path.open("a") as stream:
        stream.write("two\n")
    assert (tail.catch_up(), tail.catch_up()) == (1, 0)
    path.unlink()
    assert (tail.catch_up(), tail.catch_up(), tail.exists) == (1, 0, False)
    path.write_text("again\n")
    assert tail.catch_up() == 1
    assert tail.extend(["a", "b"]) == 2 and tail.changes == 6


# The line filter.


@given(st.text())
def test_nothing_that_commands_a_terminal_passes_the_filter(text: str) -> None:
    (segment,) = NeutralFilter().apply([Segment(text, Style(link="https://evil"))], Color(0, 0, 0))
    assert not {unicodedata.category(char) for char in segment.text} & {"Cc", "Cs", "Zl", "Zp"}
    assert segment.style is None or not segment.style.link


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_in_ascii_mode_only_ascii_passes(text: str) -> None:
    (segment,) = NeutralFilter(ascii_only=True).apply([Segment(text)], Color(0, 0, 0))
    assert segment.text.isascii()


def test_in_ascii_mode_lines_and_glyphs_keep_their_meaning_and_width() -> None:
    (segment,) = NeutralFilter(ascii_only=True).apply([Segment("┌─●▲■○─┐│⣿│")], Color(0, 0, 0))
    assert segment.text == "+-o!#?-+|*|"


def test_in_ascii_mode_a_limit_that_may_be_met_is_none_to_be_passed() -> None:
    (segment,) = NeutralFilter(ascii_only=True).apply([Segment("trend ≥ 0, ≤ 5, ± 10▔")], Color(0, 0, 0))
    assert segment.text == "trend >=0, <=5, +-10-"


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["expected ≤4"], ["expected<=4"]),
        (["losses ", "≤5", " │"], ["losses<", "=5", " |"]),
        (["│≤4 long     │"], ["|<=4 long    |"]),
        (["│≤4│", "  │"], ["|?4|", "  |"]),
        (["a≤b  ≥", " 1"], ["a<=b >", "=1"]),
    ],
)
def test_a_tight_limit_finds_room_or_is_unknown_and_all_else_keeps_its_cell(
    texts: list[str], shown: list[str]
) -> None:
    found = NeutralFilter(ascii_only=True).apply([Segment(text) for text in texts], Color(0, 0, 0))
    assert [segment.text for segment in found] == shown


# The terminal.


def test_what_no_terminal_may_receive_is_not_printable() -> None:
    """The filter looks closer only at text that is not printable."""
    every = "".join(map(chr, range(0x110000)))
    assert len(re.findall(_NEVER, every)) > 2000
    assert not any(char.isprintable() for char in re.findall(_NEVER, every))


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_US.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
    ],
)
def test_ascii_is_drawn_only_where_the_locale_says_so(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], ascii_only: bool
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert uses_ascii() is ascii_only


def test_printed_text_keeps_the_documents_signs_and_no_control_character() -> None:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        put("\u26a0\ufe0f ✅ tag\x1b]0;x\x07 \u202e")
    assert stream.getvalue() == "\u26a0\ufe0f ✅ tag␛]0;x␇ <U+202E>\n"


# The demo's guide.


def _state(
    status: str = "RUNNING", timestep: int | None = 4096, alerts: Any = (), **changes: Any
) -> AppState:
    snapshot: Any = SimpleNamespace(
        health=SimpleNamespace(status=status, reason="No row for 9 min."),
        run=SimpleNamespace(timestep=timestep, info=SimpleNamespace(id="run-1")),
        alerts=alerts,
    )
    return replace(AppState(1, snapshot, ChecklistState(), RevalidationState()), **changes)


def _list(ticked: bool) -> ChecklistState:
    item = SimpleNamespace(
        kind="manual", ticked_by="ana" if ticked else None, state="pass" if ticked else "pending"
    )
    result: Any = SimpleNamespace(items=(item,))
    return ChecklistState(preflight=result)


FIRING = (SimpleNamespace(firing=True, acknowledged=False, silenced=False, rule="kl_high"),)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (_state("ABSENT", None), "its first row arrives"),
        (_state(), "press 3"),
        (_state(screen=3, checklists=_list(False)), "space ticks"),
        (_state(checklists=_list(True), alerts=FIRING), "press 2, then a"),
        (_state("FINISHED", alerts=FIRING, screen=6), "press 2, then a"),
        (_state("FINISHED"), "training has ended"),
        (_state(checklists=_list(True), alerts=FIRING, screen=2), "press a to acknowledge kl_high"),
        (_state(checklists=_list(True)), "training goes on"),
        (_state("FINISHED", checklists=_list(True)), "Press R"),
        (_state("FINISHED", revalidation=RevalidationState(phase="running")), "being judged"),
        (_state("CRASHED", None), "4 shows its log"),
        (_state("STALLED"), "the training is stalled: No row for 9 min. 4 shows its log"),
        (_state("SILENT", alerts=FIRING), "press 2, then a"),
        (_state(snapshot=None), "is being read"),
    ],
)
def test_the_guide_says_the_key_that_is_due_by_the_facts(state: AppState, words: str) -> None:
    assert words in DemoGuide().hint(state)


def test_the_guide_names_the_keys_of_a_persons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for action, key in {
        "screen.alerts": "f2",
        "alert.acknowledge": "ctrl+k",
        "screen.checklist": "f3",
    }.items():
        monkeypatch.setitem(keyboard._shown, action, key)
    assert "press f2, then ctrl+k" in DemoGuide().hint(_state("FINISHED", alerts=FIRING))
    assert "press ctrl+k to acknowledge" in DemoGuide().hint(_state(alerts=FIRING, screen=2))
    assert "press f3" in DemoGuide().hint(_state())


def test_the_guide_explains_the_decision_by_its_failing_gates() -> None:
    gates = [SimpleNamespace(name="profit_factor", status="FAIL"), SimpleNamespace(name="x", status="PASS")]
    result: Any = SimpleNamespace(decision="NO-GO", decision_text="NO-GO", gates_passed=1, gates=gates)
    state = _state("FINISHED", revalidation=RevalidationState(phase="done", result=result))
    hint = DemoGuide().hint(state)
    assert "NO-GO, 1 of 2 gates; not passed: profit factor" in hint


def _read_from_disk(run: str, **changes: Any) -> AppState:
    result: Any = SimpleNamespace(
        decision="NO-GO", decision_text="NO-GO", gates_passed=1, gates=[], model={"run": run}
    )
    revalidation = RevalidationState(result=result, earlier=True)
    return _state("FINISHED", checklists=_list(True), revalidation=revalidation, **changes)


def test_a_decision_read_from_disk_is_said_to_be_one_and_how_to_begin_again() -> None:
    hint = DemoGuide().hint(_read_from_disk("run-1"))
    assert "was judged before: NO-GO" in hint and "R judges again" in hint and "--fresh" in hint


def test_the_guide_names_the_command_that_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.shutil, "which", lambda _name: None)
    monkeypatch.setattr(demo.sys, "argv", [".venv/bin/ppo-console", "demo"])
    again = demo._begin_anew(Path("demo-workspace"))
    assert again == ".venv/bin/ppo-console demo --fresh"
    assert DemoGuide(again).hint(_read_from_disk("run-1")).endswith(f"Begin again with: {again}")
    assert demo._begin_anew(Path("my demo")) == ".venv/bin/ppo-console demo --fresh 'my demo'"


def test_a_decision_about_another_run_leaves_this_one_to_be_judged() -> None:
    hint = DemoGuide().hint(_read_from_disk("run-0"))
    assert "Press R" in hint and "judged before" not in hint


def test_an_alert_that_waits_comes_before_a_decision_on_disk() -> None:
    assert "press 2, then a" in DemoGuide().hint(_read_from_disk("run-1", alerts=FIRING))


def test_the_guide_of_an_ended_run_promises_no_new_reward() -> None:
    for screen in range(1, 7):
        assert "arrive" not in DemoGuide().hint(_state("FINISHED", screen=screen))


# The clerk.


def test_what_fails_in_the_background_is_said_once_and_never_as_an_answer() -> None:
    """A store that is locked for a minute: no dialog over the screen, no note each half second."""
    box, got = Mailbox(), list[Message]()
    box.attach(got.append)

    def fails() -> None:
        raise UnreadableError("the store is locked")

    clerk = Clerk(None, box, idle=lambda: None)
    for _ in range(3):
        clerk.submit(fails, asked=False)
    clerk.submit(fails)
    clerk.start()
    clerk.stop()
    clerk.join(5.0)
    assert [message.asked for message in got if isinstance(message, WorkFailed)] == [False, True]
