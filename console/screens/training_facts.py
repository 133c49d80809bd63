"""What the training's dialogs say: what runs, what is offered, what a deed will do. Pure.

Trap avoided: numbers of another run beside a key that acts on the workspace's own; the picture on the screen
counts only where it is of that run.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from core import units
from core.checklist.model import START_MEANS
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from console.snapshot import Snapshot
    from console.states import TrainingState
    from core.checklist.model import ChecklistResult
    from core.training.operate import Deed, Situation
    from core.training.plan import TrainRequest

Fact = tuple[str, str, Tone]
"""Label, words, tone."""

_STATUS_TONE: dict[str, Tone] = {
    "RUNNING": "good",
    "FINISHED": "good",
    "STOPPED": "warning",
    "SILENT": "warning",
    "STALLED": "critical",
    "CRASHED": "critical",
}
_READY_TONE: dict[str, Tone] = {"READY": "good", "FIX": "warning", "BLOCKED": "critical"}
NAMES: dict[Deed, str] = {
    "start": "start",
    "resume": "resume",
    "fresh": "start afresh",
    "stop": "stop",
    "force": "force stop",
}
_STEPS = re.compile(r"([0-9][0-9,_ ]*(?:\.[0-9]+)?)\s*([kM]?)", re.IGNORECASE)


def own_snapshot(session: ConsoleSession) -> Snapshot | None:
    """The picture on the screen where it is of the workspace's own run."""
    workspace = session.workspace
    own = workspace is not None and session.target == workspace.logs
    return session.snapshot if own else None


def now_facts(session: ConsoleSession, state: TrainingState, now: datetime) -> list[Fact]:
    """What is there now."""
    situation, snapshot = state.situation, own_snapshot(session)
    if situation is None:
        return [("now", "looking at the training", "plain")]
    facts = [_status(situation, snapshot)]
    record = situation.record
    if record is not None:
        parts = [record.tag or record.id, ", ".join(record.symbols) or "all symbols", record.mode]
        facts.append(("run", "  ".join(parts), "plain"))
        facts.append(("steps", _steps(situation, snapshot), "plain"))
    if snapshot is not None and snapshot.run.checkpoints:
        newest = snapshot.run.checkpoints[-1]
        age = units.age((now - newest.written_at).total_seconds())
        at = f"step {units.number(newest.timestep)}, " if newest.timestep is not None else ""
        facts.append(("checkpoint", f"{at}{age} ago", "plain"))
    facts += [("", note, "warning") for note in situation.notes if note]
    return facts


def _status(situation: Situation, snapshot: Snapshot | None) -> Fact:
    record = situation.record
    if record is None:
        words = "no run of this trainer in the run folder" if situation.offers != ("start",) else "no run yet"
        return ("now", words, "unknown")
    where = f"process {record.pid} on {record.host}" if record.pid is not None else "its process"
    if situation.process == "alive":
        status = snapshot.health.status if snapshot is not None else "RUNNING"
        return ("now", f"{status}, {where}", _STATUS_TONE.get(status, "unknown"))
    if situation.process == "unseen":
        return ("now", f"{where} cannot be seen from here", "unknown")
    if record.outcome is None:
        return ("now", f"not running: {where} is gone and left no word how it ended", "critical")
    tone: Tone = {"finished": "good", "stopped": "warning", "crashed": "critical"}[record.outcome]  # type: ignore[assignment]
    at = f" at {record.ended_at}" if record.ended_at else ""
    return ("now", f"not running: {record.outcome}{at}", tone)


def _steps(situation: Situation, snapshot: Snapshot | None) -> str:
    record = situation.record
    assert record is not None
    of_snapshot = (
        snapshot.run.timestep if snapshot is not None and snapshot.run.info.id == record.id else None
    )
    step = record.timestep if of_snapshot is None else max(record.timestep, of_snapshot)
    total = record.total_timesteps
    words = f"{units.number(step)} of {units.number(total)}"
    return f"{words} ({units.percent(min(100.0, 100 * step / total))})" if total else words


def preflight_facts(state: TrainingState) -> list[Fact]:
    """Whether a start would pass the gate, and what fails."""
    result = state.preflight
    if result is None:
        looking = state.phase == "looking"
        return [("preflight", "looking" if looking else "looked at before the start", "plain")]
    passed = sum(item.state in ("pass", "overridden", "not_applicable", "warn") for item in result.items)
    facts: list[Fact] = [
        ("preflight", f"{result.status}: {passed} of {len(result.items)}", _READY_TONE[result.status])
    ]
    if result.status == "FIX":
        facts.append(("", START_MEANS["FIX"], "warning"))
    failing = blocking(result)
    facts += [("", words, "critical") for words in failing[:4]]
    if len(failing) > 4:
        facts.append(("", f"and {len(failing) - 4} more: see the Checklist", "critical"))
    return facts


def blocking(result: ChecklistResult) -> list[str]:
    """What keeps a training from starting."""
    return [
        f"{item.text}: {item.message or item.value}"
        for item in result.items
        if item.state == "fail" and item.on_fail == "block" and not item.id.startswith("preflight.setup_")
    ]


def deed_words(session: ConsoleSession, deed: Deed, situation: Situation) -> str:
    """What a deed does, beside its key."""
    workspace = session.workspace
    if deed == "start":
        return "a new run"
    if deed == "resume":
        return f"go on from the checkpoint at step {units.number(situation.checkpoint)}"
    if deed == "fresh":
        where = workspace.relative(workspace.archive) if workspace is not None else "logs/runs"
        return f"the old run moves to {where}, a new one starts"
    if deed == "stop":
        return "it finishes its step, saves and ends clean"
    return "kill it where it hangs; unsaved steps are lost"


def start_facts(
    session: ConsoleSession, request: TrainRequest, *, fresh: bool
) -> tuple[tuple[str, str], ...]:
    """What is about to start, for the confirmation."""
    state, workspace = session.training.state, session.workspace
    situation, record = state.situation, state.situation.record if state.situation is not None else None
    facts = []
    if request.resume and record is not None and situation is not None:
        facts.append(("run", record.tag or record.id))
        facts.append(("from", f"the checkpoint at step {units.number(situation.checkpoint)}"))
    else:
        facts.append(("tag", request.tag or "none"))
        facts.append(("symbols", ", ".join(request.symbols) or "as configured"))
    steps = units.number(request.timesteps) if request.timesteps is not None else "as configured"
    facts.append(("up to" if request.resume else "timesteps", steps))
    if fresh and workspace is not None:
        name = record.id if record is not None else "a folder of its own"
        facts.append(("old run", f"moves to {workspace.relative(workspace.archive)}/{name}"))
    preflight = state.preflight
    facts.append(("preflight", preflight.status if preflight is not None else "looked at before the start"))
    if preflight is not None and preflight.status == "FIX":
        facts.append(("", START_MEANS["FIX"]))
    if request.override:
        facts.append(("override", request.override))
    facts.append(("", "It runs in a process of its own, and goes on when this console is closed."))
    return tuple(facts)


def stop_facts(session: ConsoleSession, *, force: bool) -> tuple[tuple[str, str], ...]:
    """What is about to end, for the confirmation."""
    from core.training.operate import CLEAN_AFTER, FORCE_AFTER

    situation, snapshot = session.training.state.situation, own_snapshot(session)
    record = situation.record if situation is not None else None
    facts = []
    if record is not None and situation is not None:
        facts.append(("run", record.tag or record.id))
        facts.append(("process", f"{record.pid} on {record.host}"))
        facts.append(("steps", _steps(situation, snapshot)))
    if force:
        facts.append(
            ("", f"It is asked to end, and killed when it is still there after {FORCE_AFTER:.0f} s.")
        )
        facts.append(("", "Steps since the newest checkpoint are then lost."))
    else:
        facts.append(("", f"It finishes its step, saves and ends; that is waited for {CLEAN_AFTER:.0f} s."))
        facts.append(("", "It can be resumed from where it was saved."))
    return tuple(facts)


def timesteps_of(text: str) -> int | None:
    """`500000`, `500,000`, `500k`, `1.5M`; None for anything else."""
    found = _STEPS.fullmatch(text.strip())
    if found is None:
        return None
    steps = float(re.sub(r"[,_ ]", "", found[1])) * {"": 1, "k": 1e3, "m": 1e6}[found[2].lower()]
    return round(steps) if 1 <= steps < 1e15 else None
