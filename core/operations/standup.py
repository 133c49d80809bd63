"""The daily standup: the checklist document's template, filled from the run.

Trap avoided: a standup written from memory. What the run does not tell is said to be unknown, and the
confidence comes from the validation slice or is unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
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
from core.text import markdown, visible
from core.wording.say import say

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
    tuning_known: bool = True
    """False: neither KL nor the reward's trend is known, so that nobody measured that none is needed."""
    blockers: tuple[str, ...] = ()
    confidence: Entry
    note: str = ""
    missing: tuple[str, ...] = ()
    """What the run did not tell."""
    language: str = "en"
    """Of its words: `[checklist] language`."""

    def text(self) -> str:
        """The document's layout, in the language of the lists."""
        lines = [
            f"DATE: {self.date}",
            f"TIME: {self.time} UTC",
            f"RESPONSIBLE: {self.responsible}",
            "",
            "YESTERDAYS PROGRESS:",
            *(f"- {line}" for line in self._progress()),
            "",
            "TODAYS PLAN:",
            *(f"- {line}" for line in self._plan()),
            "",
            "BLOCKERS:",
            *(f"- {blocker}" for blocker in self._blockers()),
            "",
            "CONFIDENCE LEVEL:",
            f"- {self._confidence()}",
        ]
        if self.note:
            lines += ["", f"NOTE: {self.note}"]
        if self.missing:
            lines += ["", "NOT KNOWN:", *(f"- {what}" for what in self.missing)]
        return "\n".join(line if line.startswith("- ") else self.say(line) for line in lines) + "\n"

    def markdown(self) -> str:
        """As a Markdown document, its texts escaped."""
        blocks = [
            f"# {self.say('Daily standup')} {self.date} {self.time} UTC",
            f"{self.say('Responsible')}: {_escape(self.responsible)}  "
            f"\n{self.say('Run')}: `{self.run_id.replace('`', '')}`",
        ]
        sections = (
            ("Yesterday's progress", self._progress()),
            ("Today's plan", self._plan()),
            ("Blockers", self._blockers()),
            ("Confidence level", (self._confidence(),)),
            ("Note", (self.note,) if self.note else ()),
            ("Not known", self.missing),
        )
        for title, lines in sections:
            if lines:
                blocks.append(f"## {self.say(title)}\n\n" + "\n".join(f"- {_escape(line)}" for line in lines))
        who = f", confirmed by {_escape(self.operator)}" if self.operator else ""
        blocks.append(self.say(f"_Filled from the run at {self.generated_at}{who}._"))
        return "\n\n".join(blocks) + "\n"

    def say(self, words: str) -> str:
        """Words of the template in this standup's language."""
        return say(words, self.language)

    def _progress(self) -> tuple[str, ...]:
        none = "None" if self.issues_known else "unknown"
        issues = "; ".join(self.issues)
        lines = (
            ("Training status", str(self.training)),
            ("Reward trend", str(self.reward)),
            ("KL divergence", str(self.kl)),
            ("Last checkpoint", str(self.checkpoint)),
            ("Issues", f"{GLYPHS['attention']} {issues}" if issues else self.say(none)),
        )
        known = self.issues_known or self.issues
        end = "" if known else f" {GLYPHS['unknown']}"
        return tuple(
            f"{self.say(label)}: {answer}{end if label == 'Issues' else ''}" for label, answer in lines
        )

    def _plan(self) -> tuple[str, ...]:
        none = self.say("No") if self.tuning_known else f"{self.say('unknown')} {GLYPHS['unknown']}"
        tuning = f"{self.say('Yes')} ({self.tuning})" if self.tuning else none
        return (
            self.own_plan or self.plan.text,
            self.own_monitoring or self.monitoring,
            f"{self.say('Any tuning needed?')} {tuning}",
        )

    def _blockers(self) -> tuple[str, ...]:
        return self.blockers or (self.say("None"),)

    def _confidence(self) -> str:
        label = self.say("On track for 5-6/6 gates")
        return f"{label}: {GLYPHS[self.confidence.mark]} {self.confidence.text}"


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
    language = settings.checklist.language

    def said(entry: Entry) -> Entry:
        source = say(entry.source.removeprefix(f"{workspace.root}/"), language)
        return msgspec.structs.replace(entry, text=say(entry.text, language), source=source)

    def all_said(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(say(text, language) for text in texts)

    return Standup(
        generated_at=iso(now),
        date=facts.moment.date().isoformat(),
        time=facts.moment.strftime("%H:%M"),
        responsible=visible(settings.operator.role),
        run_id=run.info.id,
        training=said(training),
        reward=said(reward),
        kl=said(kl),
        checkpoint=said(checkpoint),
        issues=all_said((*(facts.issues or ()), *facts.warnings)),
        issues_known=facts.issues is not None,
        plan=said(plan_entry(facts, settings, decision)),
        monitoring=say(monitoring(facts), language),
        tuning=say(tuning(facts, settings.checks, decision), language),
        tuning_known=decision is not None or facts.kl_last is not None or facts.reward_trend != "UNKNOWN",
        blockers=all_said(blockers(facts)),
        confidence=said(trust),
        note=visible(note),
        missing=all_said(missing),
        language=language,
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


def _escape(text: str) -> str:
    """Text that Markdown or HTML would interpret, made literal; one line. The documents' glyphs stay."""
    return GLYPHS["attention"].join(markdown(part) for part in text.split(GLYPHS["attention"]))
