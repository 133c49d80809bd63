"""The answers of the standup template, each from the facts of the run, with the documents' marks."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from core.clock import iso
from core.text import visible
from core.training.evaluation_rows import FILE_NAME
from core.units import apart, number, steps

if TYPE_CHECKING:
    from core.config.settings import Checks, Gates, Settings
    from core.operations.facts import RunFacts
    from core.revalidation.result import RevalidationResult
    from core.telemetry.model import Run
    from core.training.evaluation_rows import Evaluation

Mark = Literal["good", "attention", "bad", "unknown"]
GLYPHS: dict[Mark, str] = {"good": "✅", "attention": "⚠️", "bad": "❌", "unknown": "❔"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the template."""

    text: str
    mark: Mark
    source: str = ""
    """Where it was read."""

    def __str__(self) -> str:
        return f"{self.text} {GLYPHS[self.mark]}"


def training_entry(facts: RunFacts, run: Run) -> Entry:
    """`213k / 500k timesteps (42.6%)`, the status word, and what the last 24 hours added."""
    if facts.timestep is None:
        return Entry(text=f"no timestep known ({facts.status})", mark="unknown")
    total = facts.total_timesteps
    share = f" ({min(100.0, 100 * facts.timestep / total):.1f}%)" if total else ""
    added = "" if facts.steps_last_day is None else f", +{steps(facts.steps_last_day)} in 24 h"
    mark: Mark = "good" if facts.status in ("RUNNING", "FINISHED") else "bad"
    if facts.status in ("STOPPED", "SILENT", "UNKNOWN"):
        mark = "attention"
    text = f"{steps(facts.timestep)} / {steps(total)} timesteps{share}, {facts.status}{added}"
    return Entry(text=text, mark=mark, source=str(run.info.directory))


def reward_entry(facts: RunFacts) -> Entry:
    """positive, flat or negative: the sign of the trend."""
    words: dict[str, tuple[str, Mark]] = {
        "INCREASING": ("positive", "good"),
        "STABLE": ("flat", "attention"),
        "DECREASING": ("negative", "bad"),
    }
    if facts.reward_trend not in words:
        return Entry(text="unknown (needs at least 4 rows and 5,000 steps)", mark="unknown")
    word, mark = words[facts.reward_trend]
    warm = ", expected in the first 100k steps" if facts.warm_up and mark == "bad" else ""
    text = f"{word} ({facts.reward_trend}, last {number(facts.last_reward, 4)}{warm})"
    return Entry(text=text, mark=mark, source="reward")


def kl_entry(facts: RunFacts, checks: Checks) -> Entry:
    """The last value in the documents' three classes."""
    value = facts.kl_last
    if value is None:
        return Entry(text="unknown (no finite newest value)", mark="unknown")
    if value < checks.kl_good:
        word, mark = f"< {checks.kl_good:g}", "good"
    elif value <= checks.kl_alert:
        word, mark = f"{checks.kl_good:g}-{checks.kl_alert:g}", "attention"
    else:
        word, mark = f"> {checks.kl_alert:g}", "bad"
    near = checks.kl_good if value < checks.kl_good else checks.kl_alert
    text = f"{apart(value, near, 4)}, {word} (median {number(facts.kl_median, 4)})"
    return Entry(text=text, mark="good" if mark == "good" else "bad" if mark == "bad" else "attention")


def checkpoint_entry(facts: RunFacts, settings: Settings) -> Entry:
    """Name and age in hours; none is unknown only where nothing could have been saved."""
    if facts.checkpoint is None or facts.checkpoint_age is None:
        early = facts.timestep is not None and facts.timestep < settings.training.checkpoint_every
        due = f", the first is due at {settings.training.checkpoint_every:,} steps" if early else ""
        return Entry(text=f"none found{due}", mark="attention" if early else "unknown")
    hours = facts.checkpoint_age / 3600
    fresh = hours < settings.checks.checkpoint_hours or facts.status in ("FINISHED", "STOPPED")
    return Entry(
        text=f"{facts.checkpoint.path.name} (age: {hours:.1f} hours)",
        mark="good" if fresh else "attention" if hours <= 24 else "bad",
        source=str(facts.checkpoint.path),
    )


def plan_entry(facts: RunFacts, settings: Settings, decision: RevalidationResult | None = None) -> Entry:
    """How many steps the measured pace makes until the next standup, at most what is left.

    Once the run has ended and was judged: what follows from the decision.
    """
    if decision is not None and facts.status in ("FINISHED", "STOPPED"):
        from core.revalidation.text import next_steps_seen

        following = next_steps_seen(decision, facts.moment)
        follows = f"; next: {following}" if following else ""
        text = f"Judged {decision.decision}: {decision.recommendation}{follows}"
        return Entry(text=visible(text, 300), mark=_DECIDED[decision.decision], source=_report(decision))
    if facts.status == "FINISHED":
        return Entry(text="Training is complete: prepare the revalidation", mark="good")
    if facts.status not in ("RUNNING", "STALLED"):
        return Entry(
            text=f"Training is {facts.status}: find the cause, then resume or restart", mark="attention"
        )
    if not facts.steps_per_second or facts.timestep is None:
        return Entry(text="Continue training (target: unknown, no pace measured yet)", mark="unknown")
    until = _next_standup(facts.moment, settings)
    more = facts.steps_per_second * (until - facts.moment).total_seconds()
    note = ""
    if facts.total_timesteps is not None:
        left = max(0, facts.total_timesteps - facts.timestep)
        if more >= left:
            more, note = left, ", to the end"
    pace = f"{number(facts.steps_per_second)} steps/s until {iso(until)}"
    return Entry(text=f"Continue training (target: {steps(more)} more steps{note})", mark="good", source=pace)


def monitoring(facts: RunFacts) -> str:
    """The template's line while there is something to monitor; after a crash the manual's escalation."""
    if facts.status == "FINISHED":
        return "No more monitoring: the training is complete"
    if facts.status == "CRASHED":
        return (
            "Nothing to monitor: go through the crash runbook, escalate to the SWE Lead; "
            "do not restart before the cause is known"
        )
    if facts.status in ("STOPPED", "ABSENT"):
        return f"Nothing to monitor while the training is {facts.status}"
    return "Monitor convergence every 4 hours"


def tuning(facts: RunFacts, checks: Checks, decision: RevalidationResult | None = None) -> str:
    """What a decision asks for, and the documents' tables for what is seen; empty: nothing."""
    found = []
    if decision is not None and decision.decision != "GO":
        found.append(f"judged {decision.decision}: {decision.recommendation}")
    if facts.kl_last is not None and facts.kl_last > checks.kl_alert:
        found.append(
            f"KL {facts.kl_last:.3g} > {checks.kl_alert:g}: reduce the learning rate, check the data"
        )
    if facts.reward_trend == "DECREASING" and not facts.warm_up:
        found.append("reward falling: check the reward function")
    return "; ".join(found)


def blockers(facts: RunFacts) -> tuple[str, ...]:
    """What keeps the training from going on."""
    if facts.status in ("CRASHED", "STALLED", "ABSENT", "SILENT"):
        return (f"training is {facts.status}" + (f": {facts.reason}" if facts.reason else ""),)
    return ()


def decided_entry(decision: RevalidationResult) -> Entry:
    """No confidence any more but the result: how many of the six gates were passed."""
    text = f"judged: {decision.gates_passed} of {len(decision.gates)} gates, {decision.decision}"
    return Entry(text=text, mark=_DECIDED[decision.decision], source=_report(decision))


def confidence_entry(
    evaluation: Evaluation | None, validation_candles: int | None, settings: Settings
) -> Entry:
    """High, Medium or Low from the six gates on the validation slice, as far as they can be judged there.

    Five of six needs at most one miss: none missed is High, one Medium, more Low. Where an evaluation tells
    nothing of consecutive losses or Calmar, that is said, and four passed are at most Medium. On fewer
    candles than a gate needs it is at most Medium. Without an evaluation, or with fewer trades than a gate
    needs, it is unknown.
    """
    if evaluation is None:
        return Entry(text="unknown: no evaluation on the validation slice yet", mark="unknown")
    at = f"validation at step {steps(evaluation.timestep)}"
    need = settings.evidence.min_trades
    if evaluation.trades is None or evaluation.trades < need:
        text = f"unknown: {number(evaluation.trades)} trades of the {need} a gate needs ({at})"
        return Entry(text=text, mark="unknown", source=FILE_NAME)
    judged, untold = _judged(evaluation, settings.gates)
    missed = [name for name, good in judged if not good]
    why = f"; missed: {', '.join(missed)}" if missed else ""
    why += f"; not evaluated there: {', '.join(untold)}" if untold else ""
    worst = min(len(missed), 2)
    if len(judged) - len(missed) < _ON_TRACK:
        worst = max(worst, 1)
    enough = settings.evidence.min_candles
    if validation_candles is None or validation_candles < enough:
        worst = max(worst, 1)
        held = "an unknown number of" if validation_candles is None else number(validation_candles)
        why += f"; on {held} candles of the {enough} a gate needs"
    word, mark = _CONFIDENCE[worst]
    text = f"{word} ({len(judged) - len(missed)} of {len(judged) + len(untold)} gates passed, {at}{why})"
    return Entry(text=text, mark=mark, source=FILE_NAME)


def _judged(evaluation: Evaluation, gates: Gates) -> tuple[list[tuple[str, bool]], list[str]]:
    """Whether each gate was passed, and the gates that this evaluation tells nothing of.

    Consecutive losses and Calmar may be absent (too few trades in a stream, nothing ever lost, a file
    without their columns) and are then not judged; of the others a missing value is a miss.
    """
    sharpe, drawdown = evaluation.sharpe, evaluation.max_drawdown_pct
    wins, factor = evaluation.win_rate_pct, evaluation.profit_factor
    losses, calmar = evaluation.consecutive_losses, evaluation.calmar_ratio
    judged = [
        ("Sharpe", sharpe is not None and sharpe >= gates.sharpe_ratio),
        ("max drawdown", drawdown is not None and drawdown <= gates.max_drawdown_pct),
        ("win rate", wins is not None and wins >= gates.win_rate_pct),
        ("profit factor", factor is not None and factor >= gates.profit_factor),
    ]
    untold = []
    if losses is None:
        untold.append("consecutive losses")
    else:
        judged.append(("consecutive losses", losses <= gates.consecutive_losses))
    if calmar is None:
        untold.append("Calmar")
    else:
        judged.append(("Calmar", calmar >= gates.calmar_ratio))
    return judged, untold


def _report(decision: RevalidationResult) -> str:
    return f"revalidation of {decision.generated_at}"


_DECIDED: dict[str, Mark] = {"GO": "good", "PARTIAL-GO": "attention", "NO-GO": "bad"}
_ON_TRACK = 5
"""Gates passed that the documents call on track."""
_CONFIDENCE: tuple[tuple[str, Mark], ...] = (("High", "good"), ("Medium", "attention"), ("Low", "bad"))


def _next_standup(moment: datetime, settings: Settings) -> datetime:
    """Tomorrow's first daily check; a standup shortly before today's plans for tomorrow too."""
    hour, minute = settings.schedule.daily[0].split(":") if settings.schedule.daily else ("10", "00")
    return datetime.combine(moment.date() + timedelta(days=1), time(int(hour), int(minute)), moment.tzinfo)
