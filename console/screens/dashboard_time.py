"""The Dashboard's replay: steps back through the run's history, and says so.

Trap avoided: an old picture taken for now. Header and answer say REPLAY, and `esc` leads back to live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from console import chrome
from console.keyboard import key_of
from console.keys import LOGS
from console.replay import Moment, Replay, find_moment, replay_of, step_by
from console.screens.dashboard_facts import replay_facts
from core import units
from widgets.run_header import RunHeader

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen
    from console.screens.dashboard_view import ChartView
    from console.snapshot import Snapshot

    _Screen = ConsoleScreen
else:
    _Screen = object

_HEADER = "REPLAY"


class TimeMixin(_Screen):
    """Mixed into the Dashboard. `_live` is the newest picture, whatever is shown."""

    if TYPE_CHECKING:
        _live: Snapshot | None
        _shown: Snapshot | None
        _look: ChartView

        def _chart_answer(self, width: int) -> str: ...

        def _show_all(self) -> None: ...

    @property
    def _replay(self) -> Replay:
        return replay_of(self.session)

    def do_time_back(self) -> None:
        self._step(-1)

    def do_time_forward(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        if self._live is None:
            return
        before = self._replay.moment
        moment = step_by(self._live.run, before, by, self._look.span)
        if moment is None and before is None:
            self.console.say("this is the newest row", "warning")
            return
        self._go_to(moment)

    def do_time_go(self) -> None:
        from console.screens.modals import AskText

        def meant(text: str) -> Moment | str:
            return "nothing was read yet" if self._live is None else find_moment(self._live.run, text)

        def refuse(text: str) -> str:
            found = meant(text)
            return found if isinstance(found, str) else ""

        def answered(text: str | None) -> None:
            found = meant(text) if text else None
            if isinstance(found, Moment):
                self._go_to(found)

        facts = (
            ("", f"The charts, values and logs as they were then. {key_of('app.back')} leads back to live."),
            ("a step", "106496, 106k, 1.2M, 50 %"),
            ("a time", "14:02, 14:02:11, 2026-02-24 14:02 (UTC)"),
        )
        ask = AskText("Go to", facts, ask="step or time", required=True, done="go", refuse=refuse)
        self.app.push_screen(ask, answered)

    def do_chart_logs(self) -> None:
        """The Logs screen at the cursor, else at the moment that is shown, else at the newest line."""
        moment: Moment | str | None = self._replay.moment
        if self._look.cursor is not None and self._live is not None:
            moment = find_moment(self._live.run, f"{self._look.cursor:.0f}")
        if isinstance(moment, Moment):
            from console.log_places import show_logs_at
            from core.logs.target import Target

            show_logs_at(self.console, Target(moment.step, moment.time))
        else:
            self.console.jump(LOGS)

    def _go_to(self, moment: Moment | None) -> None:
        was, self._replay.moment = self._replay.moment, moment
        if moment is not None and self._look.cursor is not None and self._look.cursor > moment.step:
            self._look.cursor = None
        if moment is None and was is not None:
            self.console.say("live again", "good")
        self._show_all()
        self._show_header()

    def _back_from_replay(self) -> bool:
        if self._replay.moment is None:
            return False
        self._go_to(None)
        return True

    def set_chrome(self, *arguments: Any, **keywords: Any) -> None:
        super().set_chrome(*arguments, **keywords)
        if self._replay.moment is not None:
            self._show_header()

    def _show_header(self) -> None:
        live, moment = self._live, self._replay.moment
        if live is None:
            return
        facts = chrome.header_facts(live)
        if moment is not None:
            facts = msgspec.structs.replace(
                facts,
                status=_HEADER,
                late=False,
                timestep=moment.step,
                steps_per_second=None,
                eta_seconds=None,
            )
        self.query_one(RunHeader).show(facts)

    def _replay_answer(self, moment: Moment, width: int) -> str:
        """`REPLAY at step 106,496 (14:02:11Z) of 212,992: reward rising; esc returns to live`, in fewer words
        where that is too long: a line that wraps would move the charts."""
        newest = self._live.run.timestep if self._live is not None else None
        place = f"REPLAY at {moment.words}"
        places = [place, f"{place} of {units.number(newest)}"] if newest is not None else [place]
        for ends in (f"; {key_of('app.back')} returns to live", f"; {key_of('app.back')}: live"):
            for start in reversed(places):
                room = width - len(f"{start}: {ends}")
                words = self._chart_answer(room) or self._then(room)
                if len(words) <= room:
                    return f"{start}: {words}{ends}"
        return f"{place}; {key_of('app.back')}: live"

    def _then(self, room: int) -> str:
        """What was known of the run then."""
        return replay_facts(self._shown, self.session.settings.alerts, room) if self._shown else ""
