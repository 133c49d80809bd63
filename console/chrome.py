"""What stands around every screen: header facts, tabs with badges, footer hints; from a snapshot, pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.keyboard import footer_keys, key_of
from console.keys import ALERTS, REVALIDATE, Key
from widgets.key_footer import KeyHint
from widgets.run_header import HeaderFacts
from widgets.screen_tabs import Tab
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import RevalidationState

SCREEN_NAMES = {
    1: ("Dashboard", "Dash"),
    2: ("Alerts", "Alerts"),
    3: ("Checklist", "Checks"),
    4: ("Logs", "Logs"),
    5: ("Revalidate", "Reval"),
    6: ("Standup", "Standup"),
    7: ("Timeline", "Week"),
    8: ("Runbook", "Runbook"),
}
"""Whole, and short for narrow terminals."""
_VERDICT_TONE: dict[str, Tone] = {"GO": "good", "PARTIAL-GO": "warning", "NO-GO": "critical"}


def header_facts(snapshot: Snapshot, upcoming: tuple[str, str] = ("", "")) -> HeaderFacts:
    """The header of a snapshot, and of the week's next event."""
    info, health = snapshot.run.info, snapshot.health
    return HeaderFacts(
        name="" if health.status == "ABSENT" else info.tag or info.id,
        symbols=info.symbols,
        mode=info.mode,
        status=health.status,
        late=health.late,
        timestep=snapshot.run.timestep,
        total=info.total_timesteps,
        steps_per_second=health.steps_per_second,
        eta_seconds=health.eta_seconds,
        upcoming=upcoming,
    )


def tabs(snapshot: Snapshot | None, revalidation: RevalidationState) -> tuple[Tab, ...]:
    """The tabs; Alerts with what waits for an acknowledgement, Revalidate with its state."""
    badges: dict[int, tuple[str, Tone]] = {}
    short_badges: dict[int, str] = {}
    if snapshot is not None:
        open_alerts = [
            alert
            for alert in snapshot.alerts
            if alert.firing and not alert.acknowledged and not alert.silenced
        ]
        if open_alerts:
            critical = any(alert.severity == "critical" for alert in open_alerts)
            badges[ALERTS] = (f"{len(open_alerts)}!", "critical" if critical else "warning")
    if revalidation.busy:
        badges[REVALIDATE] = ("judging", "accent")
        short_badges[REVALIDATE] = "busy"
    elif revalidation.phase == "done" and revalidation.result is not None:
        result = revalidation.result
        weak = result.decision == "GO" and result.evidence.strength != "strong"
        badges[REVALIDATE] = (result.decision, "warning" if weak else _VERDICT_TONE[result.decision])
        if result.decision == "PARTIAL-GO":
            short_badges[REVALIDATE] = f"{result.gates_passed}/{len(result.gates)}"
    elif revalidation.phase == "failed":
        badges[REVALIDATE] = ("failed", "critical")
    return tuple(
        Tab(
            number,
            word,
            *badges.get(number, ("", "plain")),
            short,
            short_badges.get(number, ""),
            key_of(f"screen.{word.lower()}"),
        )
        for number, (word, short) in SCREEN_NAMES.items()
    )


def hints(screen: int, words: Callable[[Key], str], *, paused: bool) -> tuple[KeyHint, ...]:
    """The footer of a screen, from the key table. `words`: what a key does there just now, empty: nothing."""
    return tuple(
        KeyHint(key.shown, "go on" if key.id == "display.pause" and paused else words(key), key.sticky)
        for key in footer_keys(screen)
        if words(key)
    )
