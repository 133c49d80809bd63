"""The daily standup: the checklist document's template, filled from the run.

Trap avoided: a standup written from memory. What the run does not tell is said to be unknown, and the
confidence comes from the validation slice or is unknown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.clock import iso
from core.files import atomic_write
from core.operations.decided import decision_on
from core.operations.facts import gather
from core.operations.standup_entries import (
    GLYPHS,
    Entry,
    blockers,
    checkpoint_entry,
    confidence_entry,
    decided_entry,
    kl_entry,
    monitoring,
    plan_entry,
    reward_entry,
    training_entry,
    tuning,
)
from core.text import visible

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.store.database import Store
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace


class Standup(msgspec.Struct, frozen=True, kw_only=True):
    """The template's fields; an edit is `msgspec.structs.replace`."""

    schema_version: int = 1
    generated_at: str
    date: str
    time: str
    responsible: str
    operator: str = ""
    """Who confirmed it."""
    run_id: str
    training: Entry
    reward: Entry
    kl: Entry
    checkpoint: Entry
    issues: tuple[str, ...]
    issues_known: bool = True
    plan: Entry
    own_plan: str = ""
    """A person's words in the place of the measured plan, which stays stored."""
    monitoring: str
    own_monitoring: str = ""
    """A person's words in the place of the template's line."""
    tuning: str = ""
    """Empty: no tuning needed."""
    blockers: tuple[str, ...] = ()
    confidence: Entry
    note: str = ""
    missing: tuple[str, ...] = ()
    """What the run did not tell."""

    def text(self) -> str:
        """The document's layout."""
        issues = _list(self.issues, "None" if self.issues_known else "unknown ❔")
        lines = [
            f"DATE: {self.date}",
            f"TIME: {self.time} UTC",
            f"RESPONSIBLE: {self.responsible}",
            "",
            "YESTERDAYS PROGRESS:",
            f"- Training status: {self.training}",
            f"- Reward trend: {self.reward}",
            f"- KL divergence: {self.kl}",
            f"- Last checkpoint: {self.checkpoint}",
            f"- Issues: {issues}",
            "",
            "TODAYS PLAN:",
            *(f"- {line}" for line in self._plan()),
            f"- Any tuning needed? {self._tuning()}",
            "",
            "BLOCKERS:",
            *(f"- {blocker}" for blocker in self.blockers or ("None",)),
            "",
            "CONFIDENCE LEVEL:",
            f"- On track for 5-6/6 gates: {self._confidence()}",
        ]
        if self.note:
            lines += ["", f"NOTE: {self.note}"]
        if self.missing:
            lines += ["", "NOT KNOWN:", *(f"- {what}" for what in self.missing)]
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """As a Markdown document, its texts escaped."""
        blocks = [
            f"# Daily standup {self.date} {self.time} UTC",
            f"Responsible: {_escape(self.responsible)}  ",
        ]
        blocks[1] += f"\nRun: `{self.run_id.replace('`', '')}`"
        issues = _list(self.issues, "None" if self.issues_known else "unknown ❔")
        sections = (
            (
                "Yesterday's progress",
                (
                    f"Training status: {self.training}",
                    f"Reward trend: {self.reward}",
                    f"KL divergence: {self.kl}",
                    f"Last checkpoint: {self.checkpoint}",
                    f"Issues: {issues}",
                ),
            ),
            ("Today's plan", (*self._plan(), f"Any tuning needed? {self._tuning()}")),
            ("Blockers", self.blockers or ("None",)),
            ("Confidence level", (f"On track for 5-6/6 gates: {self._confidence()}",)),
            ("Note", (self.note,) if self.note else ()),
            ("Not known", self.missing),
        )
        for title, lines in sections:
            if lines:
                blocks.append(f"## {title}\n\n" + "\n".join(f"- {_escape(line)}" for line in lines))
        who = f" by {_escape(self.operator)}" if self.operator else ""
        blocks.append(f"_Filled from the run at {self.generated_at}{', confirmed' + who if who else ''}._")
        return "\n\n".join(blocks) + "\n"

    def _plan(self) -> tuple[str, str]:
        return self.own_plan or self.plan.text, self.own_monitoring or self.monitoring

    def _tuning(self) -> str:
        return f"Yes ({self.tuning})" if self.tuning else "No"

    def _confidence(self) -> str:
        return f"{GLYPHS[self.confidence.mark]} {self.confidence.text}"


def build_standup(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    now: datetime,
    *,
    moment: datetime | None = None,
    note: str = "",
) -> Standup:
    """The template filled as of now (or an earlier `moment`); edit and confirm it, then `save_standup`."""
    facts = gather(workspace, run, health, alerts, moment or now, now)
    settings = workspace.settings
    training, checkpoint = training_entry(facts, run), checkpoint_entry(facts, settings)
    reward, kl = reward_entry(facts), kl_entry(facts, settings.checks)
    decision = decision_on(workspace, run, facts.moment)
    trust = (
        confidence_entry(facts.evaluation, facts.validation_candles, settings)
        if decision is None
        else decided_entry(decision)
    )
    named = (("training status", training), ("reward trend", reward), ("KL divergence", kl))
    missing = [f"{name}: {entry.text}" for name, entry in named if entry.mark == "unknown"]
    if checkpoint.mark == "unknown":
        missing.append(f"last checkpoint: {checkpoint.text}")
    if facts.issues is None:
        missing.append("issues: the alerts of that time are not known")
    if trust.mark == "unknown":
        missing.append(f"confidence: {trust.text}")
    return Standup(
        generated_at=iso(now),
        date=facts.moment.date().isoformat(),
        time=facts.moment.strftime("%H:%M"),
        responsible=visible(settings.operator.role),
        run_id=run.info.id,
        training=training,
        reward=reward,
        kl=kl,
        checkpoint=checkpoint,
        issues=(*(facts.issues or ()), *facts.warnings),
        issues_known=facts.issues is not None,
        plan=plan_entry(facts, settings, decision),
        monitoring=monitoring(facts),
        tuning=tuning(facts, settings.checks),
        blockers=blockers(facts),
        confidence=trust,
        note=visible(note),
        missing=tuple(missing),
    )


def standup_path(workspace: Workspace, standup: Standup) -> Path:
    """`reports/standups/DATE.md`, beside the revalidation reports."""
    return workspace.reports.parent / "standups" / f"{standup.date}.md"


def save_standup(workspace: Workspace, store: Store | None, standup: Standup, now: datetime) -> Path:
    """Writes `reports/standups/DATE.md` atomically and records it in the store. Raises UnreadableError.

    A second standup of a day replaces the file; the store keeps every one, with its text and the file's hash.
    """
    path = standup_path(workspace, standup)
    document = standup.markdown()
    atomic_write(path, document)
    if store is not None:
        detail = {
            "file": workspace.relative(path),
            "sha256": hashlib.sha256(document.encode()).hexdigest(),
            "standup": msgspec.to_builtins(standup),
        }
        store.record("standup", standup.date, detail, now)
    return path


def _list(texts: Sequence[str], none: str) -> str:
    return f"{GLYPHS['attention']} {'; '.join(texts)}" if texts else none


def _escape(text: str) -> str:
    """Text that Markdown or HTML would interpret, made literal; one line. The documents' glyphs stay."""
    return GLYPHS["attention"].join(_literal(part) for part in text.split(GLYPHS["attention"]))


def _literal(text: str) -> str:
    plain = visible(text).replace("\\", "\\\\")
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([`*_\[\]|#!])", r"\\\1", plain)
