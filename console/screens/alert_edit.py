"""The questions with more than one line: a rule's threshold, tried while it is typed, and a silence.

Trap avoided: a threshold saved that would fire all day; how often it would have fired stands below it before
it is saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from console.screens.box import Form
from console.screens.modals import FactBox, key_line
from core.alerts.threshold_text import parse_threshold, threshold_example, threshold_text
from core.alerts.view import condition_text, value_text
from core.errors import UsageError
from core.spans import parse_span
from core.store.silences import parse_matcher
from widgets.tone import DIM, STYLE, Tone, glyph, safe

if TYPE_CHECKING:
    from console.alert_desk import AlertDesk, Trial
    from core.alerts.rule import Rule

_LONGEST = 7 * 86_400.0


class Tried(Message):
    """A threshold was tried on the run's history."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial = trial


class AskThreshold(Form[float | None]):
    """The new threshold; None when left."""

    CSS_PATH = "modals.tcss"

    def __init__(self, name: str, rule: Rule, last: float | None, desk: AlertDesk) -> None:
        super().__init__()
        self._rule_name, self._rule, self._last, self._desk = name, rule, last, desk
        self._asked: float | None = None

    def compose(self) -> ComposeResult:
        rule = self._rule
        facts = [
            ("rule", condition_text(rule)),
            ("in force", value_text(rule, rule.threshold)),
            ("last value", value_text(rule, self._last)),
        ]
        with Vertical(classes="question") as box:
            box.border_title = Content.styled(f"Threshold of {safe(self._rule_name, 60)}", "$accent bold")
            with VerticalScroll(can_focus=False):
                yield FactBox(tuple(facts))
            ask = Content.assemble(("threshold", "bold"), (f"  {threshold_example(rule)}", DIM))
            yield Static(ask, classes="ask")
            yield Input(threshold_text(rule), max_length=40, select_on_focus=False)
            yield Static("", id="trial")
            yield Static(key_line(("enter", "save to config.toml"), ("esc", "leave")), classes="keys")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_unmount(self) -> None:
        self._desk.end_trials()

    def _say(self, words: str, tone: Tone) -> None:
        mark = f"{glyph(tone)} " if tone in ("warning", "critical") else ""
        self.query_one("#trial", Static).update(Content.styled(f"{mark}{words}", STYLE[tone]))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        try:
            value = parse_threshold(self._rule, event.value)
        except UsageError as error:
            self._asked = None
            self._say(error.title, "warning")
            return
        self._asked = value
        self._say("trying it on this run…", "dim")
        self._desk.try_threshold(self._rule_name, value, lambda trial: self.post_message(Tried(trial)))

    @on(Tried)
    def _tried(self, message: Tried) -> None:
        trial = message.trial
        if trial.threshold != self._asked:
            return
        if trial.problem:
            self._say(trial.problem, "warning")
        elif trial.fires is None:
            self._say("it is about the present: it leaves no history to try it on", "dim")
        else:
            off = "; the rule is switched off" if not self._rule.enabled else ""
            now = f" ({_times(trial.before)} with the one in force)" if trial.before is not None else ""
            self._say(f"would have fired {_times(trial.fires)} in this run{now}{off}", "accent")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        try:
            value = parse_threshold(self._rule, event.value)
        except UsageError as error:
            self._say(error.title, "warning")
            return
        self.dismiss(None if value == self._rule.threshold else value)


def _times(count: int | None) -> str:
    return "once" if count == 1 else f"{count or 0:,} times"


class SilenceWanted(NamedTuple):
    matcher: str
    seconds: float
    comment: str


class AskSilence(Form[SilenceWanted | None]):
    """What to silence, how long, and why; None when left."""

    CSS_PATH = "modals.tcss"

    def __init__(self, matcher: str) -> None:
        super().__init__()
        self._matcher = matcher

    def compose(self) -> ComposeResult:
        facts = (("", "Nobody is told of what it matches; it still shows, and the silence ends by itself."),)
        with Vertical(classes="question") as box:
            box.border_title = Content.styled("Silence", "$accent bold")
            yield FactBox(facts)
            yield Static(
                _asked("what", "rule=kl_* severity=warning: all must match, * for any"), classes="ask"
            )
            yield Input(self._matcher, max_length=200, select_on_focus=False, id="matcher")
            yield Static(_asked("for", "30m, 2h, 1d; at most 7d"), classes="ask")
            yield Input("2h", max_length=20, select_on_focus=False, id="span")
            yield Static(_asked("comment", "required: why nobody need be told"), classes="ask")
            yield Input("", max_length=300, select_on_focus=False, id="comment")
            yield Static("", id="complaint")
            keys = (("enter", "silence"), ("tab", "next line"), ("esc", "leave"))
            yield Static(key_line(*keys), classes="keys")

    def on_mount(self) -> None:
        self.query_one("#comment" if self._matcher else "#matcher", Input).focus()

    @on(Input.Submitted)
    def _submit(self) -> None:
        matcher, span, comment = (
            self.query_one(f"#{name}", Input).value.strip() for name in ("matcher", "span", "comment")
        )
        try:
            parse_matcher(matcher)
        except UsageError as error:
            self._complain(error.title, "matcher")
            return
        seconds = parse_span(span)
        if seconds is None or not 0 < seconds <= _LONGEST:
            self._complain("for: expected a time like 30m, 2h or 1d, at most 7d", "span")
            return
        if not comment:
            self._complain("a comment is required", "comment")
            return
        self.dismiss(SilenceWanted(matcher, seconds, comment))

    def _complain(self, words: str, where: str) -> None:
        complaint = Content.styled(f"{glyph('warning')} {safe(words, 200)}", STYLE["warning"])
        self.query_one("#complaint", Static).update(complaint)
        self.query_one(f"#{where}", Input).focus()


def _asked(name: str, words: str) -> Content:
    return Content.assemble((name, "bold"), (f"  {words}", DIM))
