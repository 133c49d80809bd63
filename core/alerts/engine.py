"""Runs the rules over a run: every new row once, and the clock, processes and checkpoints at each look.

The first look judges the whole history. What fires is recorded through the ledger, so that a restart and a
second console find the same alerts and each transition stands once in `alerts.log`. Traps avoided: a spike
between two looks that nobody sees; an edited rule that writes its might-have-beens into the log.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from core.alerts.evaluate import ROW_CONDITIONS, applies, whole
from core.alerts.ledger import Ledger, since_edit
from core.alerts.look import DataFacts, HostFacts, RunHealth, Scene, ended_at, look, no_longer
from core.alerts.machine import INITIAL, NOT_CLEARED, Change, Sample, State, not_before, step
from core.alerts.on_record import adopted, shown
from core.alerts.ownership import ownership
from core.alerts.rule import Rule
from core.alerts.telling import as_record, as_transition, fingerprint, worth_telling
from core.alerts.track import inhibitor, make_tracks
from core.alerts.view import AlertView, Transition, build_view, sort_key
from core.errors import ConsoleError, UsageError
from core.store.acknowledgements import Acknowledgement
from core.store.alert_states import Firing, alert_key
from core.store.database import Store
from core.store.silences import silencing
from core.telemetry.model import Run

ALERTS_LOG = "alerts.log"
_RUN_FILE = "run.json"
_SURROUNDINGS = {"data_faults": "data", "disk_free": "host", "memory_free": "host"}
"""Conditions that only some callers can look at."""


class AlertEngine:
    """The alerts of one run.

    `update` belongs to a worker thread; `alerts` answers from memory, on any thread. Without a store nothing
    is recorded and nothing can be acknowledged.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        run_id: str,
        store: Store | None = None,
        *,
        log: Path | None = None,
        acknowledged_for: float = 28_800.0,
        records: bool = True,
    ) -> None:
        """`log`: where transitions are appended; by default `alerts.log` in a run folder of our trainer (one
        with a `run.json`), so that a foreign folder is never written to. Needs the store.
        `acknowledged_for`: seconds that an acknowledgement counts. `records` False: what the store holds is
        shown, and nothing is written."""
        self._take_rules(rules)
        self._store, self._records = store, records
        self._log = log
        self._acknowledged_for = timedelta(seconds=acknowledged_for)
        self._journal: Path | None = log
        self._now: datetime | None = None
        self._seen: frozenset[str] = frozenset()
        self._views: tuple[AlertView, ...] = ()
        self._lock = threading.Lock()
        self._begin(run_id)

    def _take_rules(self, rules: Mapping[str, Rule]) -> None:
        self._rules = {name: rule for name, rule in rules.items() if rule.enabled}
        self._hashes = {name: fingerprint(rule) for name, rule in self._rules.items()}
        looked = [name for name, rule in self._rules.items() if rule.condition not in ROW_CONDITIONS]
        self._looked = sorted(looked, key=lambda name: -self._rules[name].rank)

    def _begin(self, run_id: str) -> None:
        self._run_id = run_id
        self._ledger = Ledger(run_id, self._store, records=self._records)
        self._states: dict[str, State] = dict.fromkeys(self._rules, INITIAL)
        self._tracks = make_tracks(self._rules, self._states)
        self._catching_up: set[str] = set()
        """The row rules whose history is being read, or was read by this update."""
        self._held: list[Change] = []
        """Changes in the part of the history that is read, until all of it is."""
        self._run_name = ""

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Those in force: the enabled ones."""
        return self._rules

    def use_rules(self, rules: Mapping[str, Rule]) -> None:
        """Judge by these from the next update on. A rule that is not among them under the same terms begins
        anew, with its family; the others go on from where they are."""
        with self._lock:
            before = self._rules
            states: dict[str, State] = self._states
            self._take_rules(rules)
            kept = {name for name, rule in self._rules.items() if before.get(name) == rule}
            self._states = {name: states[name] if name in kept else INITIAL for name in self._rules}
            known = {tuple(track.names): track for track in self._tracks}
            tracks = []
            for track in make_tracks(self._rules, dict(self._states)):
                old = known.get(tuple(track.names))
                same = old is not None and kept.issuperset(track.names)
                tracks.append(old if same and old is not None else track)
                tracks[-1].share(self._states, anew=not same)
            self._tracks = tracks
            self._catching_up &= kept
            self._held = [change for change in self._held if change.rule in self._catching_up]

    @property
    def problem(self) -> ConsoleError | None:
        """Why the store or `alerts.log` could not be used at the last update; alerting goes on without."""
        return self._ledger.problem

    def alerts(self) -> list[AlertView]:
        """As of the last update: firing (worst and unacknowledged first), pending, no data, resolved.

        A rule that is inactive, or hidden by a worse one of its family, is left out.
        """
        return list(self._views)

    def firings(self) -> tuple[Firing, ...]:
        """Every firing of this run that is on record, also the ended ones, by rule."""
        with self._lock:
            return tuple(firing for name in self._rules for firing in self._ledger.firings(name))

    def update(
        self,
        run: Run,
        health: RunHealth,
        now: datetime,
        host: HostFacts | None = None,
        data: DataFacts | None = None,
    ) -> list[Transition]:
        """Judge what is new since the last update; the transitions in the order they happened.

        Never raises for the store or the log; see `problem`. When `run` has another id than before (a fresh
        run in the folder), the engine begins anew with it.
        """
        with self._lock:
            if run.info.id != self._run_id:
                self._begin(run.info.id)
            self._now = now
            self._run_name = run.info.tag or run.info.id
            given = (("host", host), ("data", data))
            self._seen = frozenset(name for name, facts in given if facts is not None)
            self._ledger.refresh()
            changes = self._judge_rows(run)
            changes += self._judge_present(Scene(run, health, now, host, data))
            transitions = self._record(changes, now)
            if run.history == 1.0:
                transitions += self._close_ended(now)
                self._catching_up.clear()
            self._journal = self._log_path(run)
            self._write_journal()
            self._show(now)
            return transitions

    def acknowledge(self, key: str, note: str, now: datetime) -> Acknowledgement:
        """Own a firing. Raises UsageError without a store, for an unknown key, and without the note that a
        critical alert needs."""
        if self._store is None:
            raise UsageError(
                "alerts can be acknowledged only in a workspace",
                hint="Save the run as a workspace with `ppo-console init`.",
            )
        done = self._store.acknowledge(key, note, now, now + self._acknowledged_for)
        self.refresh(now)
        return done

    def refresh(self, now: datetime) -> None:
        """Show what was acknowledged, silenced or written to the journal since, here or elsewhere; judges
        nothing."""
        with self._lock:
            self._ledger.refresh()
            self._write_journal()
            self._show(now)

    def _write_journal(self) -> None:
        if self._journal is not None:
            self._ledger.write_lines(self._journal)

    # Judging

    def _judge_rows(self, run: Run) -> list[Change]:
        """History and new rows of all row rules, merged in the order of their steps.

        While only a part of a history is read (`Run.history` below 1) what changed in it is held back: an old
        spike is no news, and what still fires is known at the end alone.
        """
        changes: list[Change] = []
        for track in self._tracks:
            if track.rewound(run):
                track.restart()
                self._held = [change for change in self._held if change.rule not in track.names]
            if not track.started:
                self._catching_up.update(track.names)
            held = not self._catching_up.isdisjoint(track.names)
            (self._held if held else changes).extend(track.advance(run))
        if run.history == 1.0:
            past, self._held = self._held, []
            for name in self._catching_up:
                past = self._since_edit(name, past)
            changes += past
        return sorted(changes, key=lambda change: (change.segment, _order(change.timestep)))

    def _judge_present(self, scene: Scene) -> list[Change]:
        """What only the present moment tells: ages and processes, rules that no longer apply, absent data."""
        samples: dict[str, Sample] = {}
        for name in self._looked:
            if (known := self._ledger.latest(name)) is not None:
                self._states[name] = adopted(self._states[name], known)
            samples[name] = look(self._rules[name], scene)
        if scene.run.history == 1.0:
            samples |= self._end_of_rows(scene)
        changes = []
        for name, sample in samples.items():
            sample = replace(sample, inhibited_by=inhibitor(name, self._rules, self._states))
            if sample.state == "off":
                sample = not_before(sample, self._states[name], scene.now)
            self._states[name], change = step(name, self._rules[name], self._states[name], sample)
            if change is not None:
                changes.append(change)
        return changes

    def _end_of_rows(self, scene: Scene) -> dict[str, Sample]:
        """The row rules that no longer apply, and those whose rows never came."""
        run, health, now = scene.run, scene.health, scene.now
        samples: dict[str, Sample] = {}
        timestep, ended = run.timestep, ended_at(run, health.status, now)
        for track in self._tracks:
            started = track.run_start(run)
            elapsed = None if started is None else now.timestamp() - started
            for name in track.names:
                rule = self._rules[name]
                if health.status not in rule.states:
                    samples[name] = Sample("off", timestep, ended, detail=no_longer(rule, health.status))
                elif rule.within_seconds and elapsed is not None and elapsed > rule.within_seconds:
                    over = now.timestamp() - (elapsed - rule.within_seconds)
                    samples[name] = Sample("off", timestep, over, detail=f"{NOT_CLEARED}its time is over")
                elif not track.started and timestep is not None and applies(rule, timestep, elapsed):
                    samples[name] = Sample("nodata", timestep, now.timestamp())
        return samples

    def _since_edit(self, name: str, changes: list[Change]) -> list[Change]:
        """Without the history of a rule that was edited since; an open firing that still fires goes on."""
        known, state = self._ledger.firings(name), self._states[name]
        mine = [change for change in changes if change.rule == name]
        kept = since_edit(mine, known, self._hashes[name], still_firing=state.name == "firing")
        if mine and not kept:
            if state.name == "resolved":
                state = State()
            self._states[name] = replace(state, generation=known[-1].generation)
        keep = {id(change) for change in kept}
        return [change for change in changes if change.rule != name or id(change) in keep]

    # Recording

    def _record(self, changes: Iterable[Change], now: datetime) -> list[Transition]:
        changes = list(changes)
        kept = [change for change in changes if change.state in ("firing", "resolved")]
        firing = {name for name, state in self._states.items() if state.name == "firing"}
        news = worth_telling(kept, self._catching_up, firing, now)
        records = [
            as_record(
                change,
                self._rules[change.rule],
                self._hashes[change.rule],
                now,
                run_name=self._run_name,
                notify=id(change) in news,
            )
            for change in kept
        ]
        placed = self._ledger.record(records)
        by_change = {id(change): place for change, place in zip(kept, placed, strict=True)}
        transitions = []
        for change in changes:
            place = by_change.get(id(change))
            generation = change.generation if place is None else place.generation
            if place is not None:
                state = self._states[change.rule]
                self._states[change.rule] = replace(state, generation=generation)
            transitions.append(self._as_transition(change, generation, place is None or place.new, now))
        return transitions

    def _close_ended(self, now: datetime) -> list[Transition]:
        """End recorded firings that the rows seen since no longer bear out (a file that began afresh).

        One of another form of the rule is ended when the history is read, not after that: then it is another
        console's, which has an edit before this one.
        """
        closings = []
        for track in self._tracks:
            for name in track.names:
                known, state = self._ledger.latest(name), self._states[name]
                if known is None or not known.open or state.name == "firing":
                    continue
                if known.rule_hash != self._hashes[name] and name not in self._catching_up:
                    continue
                if track.last_timestep is None or track.last_timestep <= (known.timestep or 0):
                    continue
                closings.append(
                    Change(
                        rule=name,
                        state="resolved",
                        generation=known.generation,
                        timestep=whole(track.last_timestep),
                        time=None,
                        value=None,
                        segment=0,
                        detail="not found in the rows of the run any more",
                    )
                )
        return self._record(closings, now)

    def _as_transition(self, change: Change, generation: int, new: bool, now: datetime | None) -> Transition:
        key = alert_key(self._run_id, change.rule, generation)
        return as_transition(change, self._rules[change.rule], generation, key, new, now)

    def _log_path(self, run: Run) -> Path | None:
        if self._log is not None or self._store is None:
            return self._log
        folder = run.info.directory
        return folder / ALERTS_LOG if (folder / _RUN_FILE).is_file() else None

    # Showing

    def _show(self, now: datetime) -> None:
        states = {}
        for name, state in self._states.items():
            seen = INITIAL if name in self._catching_up else state
            states[name] = shown(seen, self._ledger.latest(name))
        views = [self._view(name, states, now) for name in self._rules]
        self._views = tuple(sorted((view for view in views if view is not None), key=sort_key))

    def _view(self, name: str, states: Mapping[str, State], now: datetime) -> AlertView | None:
        rule, state = self._rules[name], states[name]
        if state.name == "inactive":
            return None
        facts = _SURROUNDINGS.get(rule.condition)
        if state.name == "nodata" and facts is not None and facts not in self._seen:
            return None
        if state.name in ("pending", "firing") and inhibitor(name, self._rules, states) is not None:
            return None
        key = alert_key(self._run_id, name, state.generation)
        known = self._ledger.latest(name)
        owned = ownership(name, key, self._rules, self._ledger, now)
        silence = silencing(self._ledger.silences, name, rule.severity, self._run_id, now)
        return build_view(name, rule, state, key, known, owned, silence)

    # Replay

    def replay(self, run: Run) -> list[Transition]:
        """What the row rules make of the run's whole history, recording nothing."""
        whole = msgspec.structs.replace(run, history=1.0)
        return [
            self._as_transition(change, change.generation, True, None) for change in self._judge_rows(whole)
        ]


def _order(timestep: int | None) -> float:
    return math.inf if timestep is None else timestep
