"""The row rules of one family, judged row by row, the worst first.

While a worse rule of the family fires, a milder one that would begin to fire waits as pending. Trap avoided:
one jump of the KL that raises four alerts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.alerts.evaluate import ROW_CONDITIONS, RowJudge, metrics_of
from core.alerts.machine import INITIAL, Change, State, step
from core.alerts.rows import RowStream
from core.alerts.rule import Rule
from core.alerts.skim import banded, unmoved, windowed
from core.telemetry.model import Run, Series

_SKIPPABLE = frozenset({"above", "below", "not_finite"})
_LEAST_TAKEN = 4
_MOST_TAKEN = 64
"""Rows that are judged before it is looked again whether some can be passed over."""


class Track:
    """Rules that are judged together; `states` is shared with the engine."""

    def __init__(self, rules: Mapping[str, Rule], states: dict[str, State]) -> None:
        self.names = sorted(rules, key=lambda name: -rules[name].rank)
        self.metrics = tuple(
            dict.fromkeys(metric for name in self.names for metric in metrics_of(rules[name]))
        )
        self._rules = dict(rules)
        self._states = states
        self._stream = RowStream(self.metrics)
        self._skippable = all(rule.condition in _SKIPPABLE for rule in rules.values())
        self.last_timestep: float | None = None
        """Of the newest row judged or passed over."""
        self.restart()

    def share(self, states: dict[str, State], *, anew: bool) -> None:
        """Keep the states in this table; `anew`: from the first row on."""
        self._states = states
        if anew:
            self.restart()

    def restart(self) -> None:
        """Forget all rows: the next ones are the run's first."""
        self._stream.restart()
        self._judges = {name: RowJudge(rule) for name, rule in self._rules.items()}
        self._states.update(dict.fromkeys(self.names, INITIAL))
        self.last_timestep = None

    def rewound(self, run: Run) -> bool:
        """What was judged is no longer what the run holds."""
        return self._stream.rewound(run)

    @property
    def started(self) -> bool:
        return self.last_timestep is not None

    def advance(self, run: Run) -> list[Change]:
        """Judge all new rows."""
        changes: list[Change] = []
        started = self.run_start(run)
        size = _LEAST_TAKEN
        while self._stream.waiting(run):
            size = _LEAST_TAKEN if self._skip(run, started) else min(2 * size, _MOST_TAKEN)
            for row in self._stream.take(run, size):
                for name in self.names:
                    judge = self._judges[name]
                    if not judge.concerns(row):
                        continue
                    sample = judge.sample(
                        row,
                        started,
                        inhibitor(name, self._rules, self._states),
                        self._states[name].name == "firing",
                    )
                    self._states[name], change = step(name, self._rules[name], self._states[name], sample)
                    if change is not None:
                        changes.append(change)
        newest = [run.series[name].last_timestep for name in self.metrics if name in run.series]
        self.last_timestep = max((each for each in newest if each is not None), default=None)
        return changes

    def _skip(self, run: Run, started: float | None) -> bool:
        """Pass over rows that change nothing. True when there were any."""
        if len(self.names) == 1:
            return self._skip_for_one(run, started, self.names[0])
        if not self._skippable:
            return False
        if len(self.metrics) == 1:
            waiting = [name for name in self.names if self._waits(name)]
            return self._stream.skip(
                run,
                lambda series, start: banded(
                    self._rules, self._states, self._judges, waiting, series, start, started
                ),
            )
        at_rest = all(self._states[name].name in ("inactive", "resolved") for name in self.names)
        if not at_rest or any(rule.within_seconds for rule in self._rules.values()):
            return False
        of = {
            metric: {name: rule for name, rule in self._rules.items() if metric in metrics_of(rule)}
            for metric in self.metrics
        }
        return self._stream.skip(
            run,
            lambda series, start: banded(
                of[series.name], self._states, self._judges, (), series, start, started
            ),
        )

    def _skip_for_one(self, run: Run, started: float | None, name: str) -> bool:
        rule, judge, state = self._rules[name], self._judges[name], self._states[name]
        if rule.condition == "not_finite":
            return self._stream.skip(run, lambda series, start: unmoved(judge, state, series, start))
        if judge.window is None:
            alone = {name: rule}
            return self._stream.skip(
                run,
                lambda series, start: banded(alone, self._states, self._judges, (), series, start, started),
            )

        def find(series: Series, start: int) -> int:
            index, self._states[name] = windowed(judge, self._states[name], series, start, started)
            return index

        return self._stream.skip(run, find)

    def _waits(self, name: str) -> bool:
        """The rule waits as long as a worse one fires, and goes on waiting."""
        return self._states[name].name == "pending" and inhibitor(name, self._rules, self._states) is not None

    def run_start(self, run: Run) -> float | None:
        """Epoch seconds: what the run says, else the time of its first row."""
        if run.info.started_at is not None:
            return run.info.started_at.timestamp()
        first = [
            run.series[name].time[0] for name in self.metrics if name in run.series and len(run.series[name])
        ]
        return min((time for time in first if math.isfinite(time)), default=None)


def make_tracks(rules: Mapping[str, Rule], states: dict[str, State]) -> list[Track]:
    """One track per family of row rules, and one for each row rule without a family."""
    groups: dict[str, dict[str, Rule]] = {}
    for name, rule in rules.items():
        if rule.condition in ROW_CONDITIONS:
            groups.setdefault(f"family {rule.family}" if rule.family else f"rule {name}", {})[name] = rule
    return [Track(group, states) for group in groups.values()]


def inhibitor(name: str, rules: Mapping[str, Rule], states: Mapping[str, State]) -> str | None:
    """The worse rule of the same family that is firing."""
    family, rank = rules[name].family, rules[name].rank
    if not family:
        return None
    return next(
        (
            other
            for other, rule in rules.items()
            if rule.family == family and rule.rank > rank and states[other].name == "firing"
        ),
        None,
    )
