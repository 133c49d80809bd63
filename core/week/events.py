"""The state of each event of the week, from the lists, the run, the decision and the signatures.

Trap avoided: a run that has ended and drowns in overdue checks. What belongs to a run that is over, or was
never there, is not applicable; what was done late is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from core.checklist.daily import run_daily
from core.checklist.day import run_day_list
from core.checklist.model import ItemResult
from core.checklist.signoff import Phase, sign_off_table
from core.clock import iso
from core.operations.decided import Decided, newest_decision
from core.store.view import StoreAt
from core.telemetry.health import Health
from core.week.plan import Planned
from core.wording.say import say

if TYPE_CHECKING:
    from core.alerts.rule import RunStatus
    from core.alerts.view import AlertView, Transition
    from core.checklist.model import ChecklistResult
    from core.store.database import Store
    from core.telemetry.model import Run
    from core.workspace import Workspace

EventState = Literal["due", "now", "overdue", "done", "not_applicable"]
"""`due` lies ahead; `now` has come and may wait until its `until`; then it is `overdue`."""
_GOOD = ("pass", "warn", "overridden", "not_applicable")
_ENDED = ("FINISHED", "STOPPED")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    day: int
    at: str
    until: str
    text: str
    owner: str
    state: EventState
    detail: str = ""
    """What is open, who did it, why it does not apply."""
    checklist: str = ""
    command: str = ""
    source: str
    """000 the checklist document, 001 the manual."""


class WeekEvents:
    """Judges each planned event; the lists are evaluated when the first event asks for one."""

    def __init__(
        self,
        workspace: Workspace,
        run: Run,
        health: Health,
        alerts: Sequence[AlertView] | None,
        store: Store | None,
        moment: datetime,
        now: datetime,
        preparation: ChecklistResult | None,
    ) -> None:
        self._workspace = workspace
        self._moment = moment
        self._records = StoreAt(store, moment, now) if store is not None else None
        self._run, self._health = _as_known(workspace, run, health, moment, now)
        self._alerts = alerts if moment >= now else None
        self._seen = now if moment > now else moment
        """A later moment is judged by what is known now."""
        decided = newest_decision(workspace, self._records)
        started = self._run.info.started_at
        made = decided.made_at
        ours = made is not None and made <= moment and (started is None or made >= started)
        self._decided: Decided | None = decided if ours else None
        self._phases: dict[str, Phase] = {}
        if self._records is not None:
            self._phases = {each.phase: each for each in sign_off_table(workspace, self._records)}
        self._preparation = preparation
        self._days: dict[Date, dict[str, ItemResult]] = {}
        self._late: dict[str, dict[str, ItemResult]] = {}
        self._transitions: list[Transition] | None = None

    def event(self, planned: Planned) -> Event:
        state, detail = self._judge(planned)
        return Event(
            id=planned.id,
            day=planned.day,
            at=iso(planned.at),
            until=iso(planned.until),
            text=planned.text,
            owner=planned.owner,
            state=state,
            detail=say(detail, self._workspace.settings.checklist.language),
            checklist=planned.checklist,
            command=planned.command,
            source=planned.source,
        )

    def _judge(self, planned: Planned) -> tuple[EventState, str]:
        match planned.kind:
            case "launch":
                return self._launch(planned)
            case "preflight":
                return self._preflight(planned)
            case "training":
                return self._training(planned)
            case "signature":
                return self._signature(planned)
            case _:
                return self._after_training(planned)

    def _open(self, planned: Planned, detail: str) -> tuple[EventState, str]:
        if self._moment < planned.at:
            return "due", ""
        return ("now" if self._moment < planned.until else "overdue"), detail

    @property
    def _started(self) -> datetime | None:
        return self._run.info.started_at

    @property
    def _absent(self) -> bool:
        return self._health.status == "ABSENT"

    def _launch(self, planned: Planned) -> tuple[EventState, str]:
        if self._started is not None:
            return "done", f"started {iso(self._started)}"
        if not self._absent:
            return "done", "a run is there; its start is not known"
        return self._open(planned, "no run is there")

    def _preflight(self, planned: Planned) -> tuple[EventState, str]:
        entries = self._records.entries("preflight") if self._records is not None else []
        if planned.command == "ppo-console preflight":
            if not self._absent:
                if not entries:
                    return "not_applicable", "not recorded; the training was started"
                return "done", f"{entries[-1].subject}; the training was started"
            if entries and entries[-1].subject == "READY" and entries[-1].at.date() >= planned.at.date():
                return "done", f"READY, {iso(entries[-1].at)}"
            return self._open(planned, entries[-1].subject if entries else "no preflight is recorded")
        ticks = self._records.ticks() if self._records is not None else {}
        held = [item for item in planned.items if item in ticks and ticks[item].state != "unticked"]
        if len(held) == len(planned.items):
            return "done", f"ticked by {ticks[held[-1]].operator}"
        if not self._absent:  # nobody knows that it was done
            return "not_applicable", "the training was started"
        return self._open(planned, f"{len(held)} of {len(planned.items)} ticked")

    def _training(self, planned: Planned) -> tuple[EventState, str]:
        """A check of the running training: it ends with the run."""
        ended = self._run.info.ended_at
        if self._health.status in _ENDED and ended is not None and ended <= planned.at:
            return "not_applicable", f"the run ended {iso(ended)}"
        if self._moment < planned.at:
            return "due", ""
        if self._absent:
            if self._moment < planned.until:
                return "now", "waits for the training to start"
            return "not_applicable", "there was no run"
        results = self._day(planned.at.date())
        state, detail = self._by_items(planned, [results[item] for item in planned.items if item in results])
        if state in ("now", "overdue") and self._health.status in _ENDED:
            return "not_applicable", f"the run has ended; left open: {detail}"
        return state, detail

    def _by_items(self, planned: Planned, items: list[ItemResult]) -> tuple[EventState, str]:
        if not items:
            return "not_applicable", "it has no items on this day"
        if all(item.state == "not_applicable" for item in items):
            return "not_applicable", items[0].message
        still = [item for item in items if item.state not in _GOOD]
        if not still:
            who = next((item.ticked_by for item in reversed(items) if item.ticked_by), None)
            return "done", f"{len(items)} of {len(items)}" + (f", {who}" if who else "")
        failing = sum(item.state == "fail" for item in still)
        words = ", ".join(f"{item.text} ({item.state})" for item in still[:3])
        if len(still) > 3:
            words = f"{words} and {len(still) - 3} more"
        return self._open(planned, f"{failing} failing: {words}" if failing else words)

    def _after_training(self, planned: Planned) -> tuple[EventState, str]:
        if self._absent and self._decided is None and self._moment >= planned.until:
            return "not_applicable", "there is no run"
        decided = self._decided
        if planned.checklist == "escalation" and self._signed("cto_decision"):
            return "done", self._signed("cto_decision")
        verdict = ""
        if decided is not None and decided.result is not None:
            verdict = f"{decided.result.decision_text}, {decided.result.generated_at}"
        if planned.checklist == "":
            return ("done", verdict) if verdict else self._open(planned, "no decision yet")
        if planned.checklist == "preparation":
            looked = self._preparation
            known = {} if looked is None else {item.id: item for item in looked.items}
            items = [known[item] for item in planned.items if item in known]
            if verdict and not (items and all(item.state in _GOOD for item in items)):
                return "not_applicable", f"decided without it: {verdict}"
            if looked is None:
                return self._open(planned, "see ppo-console checklist preparation")
        else:
            known = self._list(planned.checklist, planned.at.date())
        return self._by_items(planned, [known[item] for item in planned.items if item in known])

    def _signed(self, phase: str) -> str:
        signature = self._phases[phase].signature if phase in self._phases else None
        if signature is None or signature.void:
            return ""
        return f"{signature.verdict} by {signature.name} ({signature.role}), {signature.at}"

    def _signature(self, planned: Planned) -> tuple[EventState, str]:
        deployment = planned.day > 5
        if signed := self._signed("live_deployment" if deployment else "cto_decision"):
            return "done", signed
        result = self._decided.result if self._decided is not None else None
        if deployment and result is not None and result.decision == "NO-GO":
            return "not_applicable", "the decision is NO-GO"
        if result is None and self._absent and self._moment >= planned.until:
            return "not_applicable", "there is no run"
        cto = self._phases.get("cto_decision")
        if deployment and cto is not None and cto.status == "rejected":
            return "not_applicable", f"the CTO has rejected the decision: {self._signed('cto_decision')}"
        if deployment and not self._signed("cto_decision"):
            if self._moment >= planned.until:
                return "not_applicable", "the CTO has not approved a decision"
            return self._open(planned, "waits for the CTO's approval")
        return self._open(planned, "no decision yet" if result is None else "not signed")

    def _day(self, day: Date) -> dict[str, ItemResult]:
        if day not in self._days:
            if self._transitions is None:
                from core.alerts.replay import replay

                self._transitions = replay(self._workspace.settings.alerts, self._run)
            result = run_daily(
                self._workspace,
                self._run,
                self._health,
                self._alerts,
                self._records,
                day,
                self._seen,
                transitions=self._transitions,
            )
            self._days[day] = {item.id: item for item in result.items}
        return self._days[day]

    def _list(self, name: str, day: Date) -> dict[str, ItemResult]:
        if name not in self._late:
            result = run_day_list(
                name,
                self._workspace,
                self._records,
                day,
                self._seen,
                started_at=self._started,
                run_id=self._run.info.id,
            )
            self._late[name] = {item.id: item for item in result.items}
        return self._late[name]


def _as_known(
    workspace: Workspace, run: Run, health: Health, moment: datetime, now: datetime
) -> tuple[Run, Health]:
    """The run and its health as they were known at an earlier moment."""
    if moment >= now or health.status == "ABSENT":
        return run, health
    from core.operations.facts import gather
    from core.telemetry.as_of import run_at
    from core.telemetry.model import Run as EmptyRun

    info = run.info
    if info.started_at is not None and info.started_at > moment:
        before = msgspec.structs.replace(info, started_at=None, ended_at=None, outcome=None, pid=None)
        return EmptyRun(before), Health("ABSENT", f"the run started later, {iso(info.started_at)}")
    facts = gather(workspace, run, health, None, moment, now)
    cut = run_at(run, moment, now).run
    if info.ended_at is not None and info.ended_at > moment:
        cut.info = msgspec.structs.replace(info, ended_at=None, outcome=None)
    status: RunStatus = "SILENT" if facts.status == "UNKNOWN" else cast("RunStatus", facts.status)
    return cut, Health(status, facts.reason)
