"""What has fired in this run, shared with the other consoles through the store.

Without a store, or while the store cannot be written, the same book is kept in memory and what is waiting is
recorded as soon as it can be. Trap avoided: a full disk that stops alerting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.alerts.machine import Change
from core.errors import ConsoleError
from core.store.acknowledgements import Acknowledgement
from core.store.alert_states import Firing, Placed, TransitionRecord, place, same_number
from core.store.database import Store
from core.store.silences import Silence


class Ledger:
    def __init__(self, run_id: str, store: Store | None, *, records: bool = True) -> None:
        """`records` False: what the store holds is shown, and nothing is written to it."""
        self._run_id = run_id
        self._store = store
        self._records = records
        self._counter: int | None = None
        self._firings: dict[str, list[Firing]] = {}
        self._acknowledgements: dict[str, Acknowledgement] = {}
        self._silences: list[Silence] = []
        self._waiting: list[TransitionRecord] = []
        self.problem: ConsoleError | None = None
        """Why the store or `alerts.log` could not be used at the last attempt; None when all is well."""

    @property
    def acknowledgements(self) -> Mapping[str, Acknowledgement]:
        return self._acknowledgements

    @property
    def silences(self) -> list[Silence]:
        return self._silences

    def firings(self, rule: str) -> Sequence[Firing]:
        """All firings of the rule, oldest first."""
        return self._firings.get(rule, ())

    def latest(self, rule: str) -> Firing | None:
        """The rule's newest firing, open or ended."""
        known = self._firings.get(rule)
        return known[-1] if known else None

    def refresh(self) -> None:
        """Take over what other consoles wrote. Keeps what is known when the store cannot be read."""
        if self._store is None:
            return
        try:
            counter = self._store.change_counter()
            if counter != self._counter:
                self._load(self._store)
                self._counter = counter
            self.problem = None
        except ConsoleError as error:
            self.problem = error

    def record(self, records: Sequence[TransitionRecord]) -> list[Placed]:
        """Number and keep each transition; says for each whether it was new here."""
        if self._store is None or not self._records:
            return place(self._firings, records)[0]
        waiting = [*self._waiting, *records]
        if not waiting:
            return []
        try:
            placed = self._store.save_alert_states(self._run_id, waiting)
            self._waiting.clear()
            self._load(self._store)
        except ConsoleError as error:
            self.problem = error
            self._waiting = waiting
            return place(self._firings, records)[0]
        return placed[len(waiting) - len(records) :]

    def write_lines(self, log: Path) -> None:
        """Append to `alerts.log` what is recorded and not yet there."""
        if self._store is None or not self._records:
            return
        try:
            self._store.write_alert_lines(self._run_id, log)
        except ConsoleError as error:
            self.problem = error

    def _load(self, store: Store) -> None:
        self._firings = store.load_alert_states(self._run_id)
        self._acknowledgements = store.acknowledgements()
        self._silences = store.silences()
        if self._waiting:
            place(self._firings, self._waiting)


def since_edit(
    changes: Sequence[Change], known: Sequence[Firing], rule_hash: str, *, still_firing: bool
) -> list[Change]:
    """What counts of one rule's history when the rule was edited while the run went on.

    Everything, if only this form of the rule has fired in the run. Else what follows the first firing that
    this form has on record; else the present firing alone, unless it continues one that is open.
    """
    if all(firing.rule_hash == rule_hash for firing in known):
        return list(changes)
    ours = {each.timestep: each.value for each in known if each.rule_hash == rule_hash}
    for index, change in enumerate(changes):
        if (
            change.state == "firing"
            and change.timestep in ours
            and same_number(ours[change.timestep], change.value)
        ):
            return list(changes[index:])
    if not still_firing or known[-1].open:
        return []
    return [change for change in changes if change.state == "firing"][-1:]
