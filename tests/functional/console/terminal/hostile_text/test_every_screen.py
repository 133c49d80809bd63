"""Text of others, hostile, in every place it enters: no screen and no question lets a raw byte of it out."""

from __future__ import annotations

import codecs
import importlib
import pkgutil
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from textual.screen import Screen

import console.screens
from core.workspace import Workspace


class Look(NamedTuple):
    """Keys; the screen or box that then stands on top; the places of `poison` and the words then drawn."""

    keys: str
    top: str
    places: str = ""
    words: str = ""

    def missing(self, drawn: bytes, told: str) -> str:
        """What is not yet so, in words."""
        top = told.rpartition("on top: ")[2].partition("\n")[0]
        wanted = [self.words, *(f"{place}~" for place in self.places.split())]
        absent = [each for each in wanted if each.encode() not in drawn]
        return f"{top} is on top; not drawn: {absent}" if absent or top != self.top else ""


LOOKS = (
    Look("1", "Dashboard", "tag symbol column rule"),
    Look("i", "WideDetails"),
    Look("esc", "Dashboard"),
    Look("o", "Dashboard", "earlier outcome"),
    Look("enter esc z h z", "Dashboard"),
    Look("A", "HandoverPanel", "comment tick other acknowledge.name"),
    Look("space space space", "HandoverPanel", "standup.subject decided"),
    Look("esc", "Dashboard"),
    Look("T", "TrainingDialog", "host mode"),
    Look("f", "TrainingForm"),
    Look("esc", "TrainingDialog"),
    Look("esc", "Dashboard"),
    Look("2", "Alerts", "target"),
    Look("d", "Details"),
    Look("esc", "Alerts"),
    Look("a", "AskText", "operator"),
    Look("[/b]taken enter", "Alerts"),
    Look("s", "AskSilence"),
    Look("esc", "Alerts"),
    Look("tab G", "Alerts", "action runbook"),
    Look("enter", "AskThreshold"),
    Look("esc", "Alerts"),
    Look("tab d", "Details"),
    Look("esc", "Alerts"),
    Look("enter", "Confirm"),
    Look("esc", "Alerts"),
    Look("tab", "Alerts", "id"),
    Look("3", "Checklist", "item.text"),
    Look("G", "Checklist", "own.text own.owner"),
    Look("enter", "Details"),
    Look("esc", "Checklist"),
    Look("4", "Logs", "alerts.log daily_summary.log line megabyte"),
    Look("/", "Logs", words="in all lines"),
    Look("red enter", "Logs", words="/red"),
    Look("tab", "Logs", "training.log"),
    Look("enter", "LogDetail"),
    Look("esc", "Logs"),
    Look("&", "Logs", words="only lines"),
    Look("red enter", "Logs", words="&red"),
    Look("5", "Revalidate", "decision evidence gate.reason missing next warning why judged"),
    Look("enter", "Details"),
    Look("esc", "Revalidate"),
    Look("tab tab enter", "SymbolTrades", "entry trade.reason"),
    Look("esc", "Revalidate"),
    Look("R", "StartJudgement"),
    Look("esc", "Revalidate"),
    Look("S", "SignOff", "sign.name"),
    Look("j", "SignOff", "sign.what"),
    Look("j enter", "SignForm"),
    Look("esc", "SignOff"),
    Look("esc", "Revalidate"),
    Look("6", "StandupScreen", "file"),
    Look("e", "AskText"),
    Look("esc", "StandupScreen"),
    Look("7", "TimelineScreen", "decision"),
    Look("d", "Details"),
    Look("esc", "TimelineScreen"),
    Look("8", "Runbook"),
    Look("?", "HelpScreen"),
    Look("esc", "Runbook"),
    Look("g j j enter", "Runbook", words="the newest checkpoint"),
    Look("n j j j j enter", "AskDeed"),
    Look("esc", "Runbook"),
    Look(":", "CommandPalette"),
    Look("[/red", "CommandPalette"),
    Look("esc", "Runbook"),
)
KEYS = {"esc": "\x1b", "enter": "\r", "tab": "\t", "space": " "}
WATCHED = """
import sys
from console.line_filter import NeutralFilter
from textual.screen import Screen

told, neutral, resumed = open(sys.argv[2], "a", buffering=1), NeutralFilter._neutral, Screen._on_screen_resume

def filtered(self, segment):
    out, style = neutral(self, segment), segment.style
    if out.text != segment.text or style and (style.link or "@click" in style.meta):
        told.write(f"slipped: {segment!r}\\n")
    return out

def on_top(self, *given):
    told.write(f"on top: {type(self).__name__}\\n")
    return resumed(self, *given)

NeutralFilter._neutral, Screen._on_screen_resume = filtered, on_top
"""
"""Lets the console tell which screen stands on top, and what only the line filter kept from the terminal."""


def test_every_screen_and_every_question_is_in_the_session_with_hostile_text() -> None:
    """A new one needs its row in `LOOKS`."""
    found: set[type] = set()
    for module in pkgutil.iter_modules(console.screens.__path__):
        members = vars(importlib.import_module(f"console.screens.{module.name}")).values()
        found |= {each for each in members if isinstance(each, type) and issubclass(each, Screen)}
    own = {each for each in found if each.__module__.startswith("console.")}
    shared = {"ConsoleScreen", "ListScreen", "Box", "FollowingBox", "Form", "Reading", "StandsAlone"}
    assert {each.__name__ for each in own} - shared == {look.top for look in LOOKS} - {"CommandPalette"}


def test_hostile_text_in_every_place_sends_no_control_of_its_own(
    opened: Any, poisoned: Workspace, script: str, tmp_path: Path
) -> None:
    """Files, configuration, store, report, model of others; every screen and what opens over it; each seen.
    One session."""
    told = tmp_path / "told"
    told.touch()
    with opened(poisoned, WATCHED + script, str(told), size=(50, 160)) as terminal:
        terminal.read(60, b"quit")
        before = 0  # the first look is at what stands since the beginning
        for look in LOOKS:
            for key in look.keys.split(" "):
                terminal.press(KEYS.get(key, key))
                terminal.settle(0.15 if key == "esc" and key != look.keys else 0.01)  # Textual waits for more
            missing, end = "?", time.monotonic() + 60
            while missing:
                missing = look.missing(terminal.output[before:], told.read_text())
                assert not missing or time.monotonic() < end, f"{look}: {missing}"
                terminal.read(0.02 if missing else 0)
            before = len(terminal.output)
        assert terminal.process.poll() is None, terminal.output[-2000:]
        text = terminal.output.replace(b"\x1b]22;default\x07", b"")  # Textual's pointer shape
        terminal.press("\x03")
        assert terminal.wait() == 130, terminal.output[-3000:].decode()
    assert "slipped" not in told.read_text(), "the line filter is for what slips through; nothing did"
    for never in (
        b"\x1b]52",
        b"\x1b]0;",
        b"\x1b[2J",
        b"\x1b]8;;http",
        b"\x07",
        b"\x00",
        b"\x08",
        b"\x1b[31;5m",
    ):
        assert never not in text, never
    for char in "\x9b\x9d\x9c\u202e\u2066\u200b\u2060\ufeff\U000e0041":
        assert char.encode() not in text, hex(ord(char))
    assert re.search(rb"\x1b\](?!8;)", text) is None
    # And no broken bytes; what was read so far may end within a character of a paint under way.
    codecs.getincrementaldecoder("utf-8")().decode(text)
