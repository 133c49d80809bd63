"""What stands around every screen: header facts, tabs with badges, footer hints; from a snapshot, pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.keys import ALERTS, REVALIDATE, Key, footer_keys
from widgets.key_footer import KeyHint
from widgets.run_header import HeaderFacts
from widgets.screen_tabs import Tab
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import RevalidationState

SCREEN_NAMES = {
    1: "Dashboard",
    2: "Alerts",
    3: "Checklist",
    4: "Logs",
    5: "Revalidate",
    6: "Standup",
    8: "Runbook",
}
_VERDICT_TONE: dict[str, Tone] = {"GO": "good", "PARTIAL-GO": "warning", "NO-GO": "critical"}


def header_facts(snapshot: Snapshot) -> HeaderFacts:
    """The header of a snapshot."""
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
    )


def tabs(snapshot: Snapshot | None, revalidation: RevalidationState) -> tuple[Tab, ...]:
    """The tabs; Alerts with what waits for an acknowledgement, Revalidate with its state."""
    badges: dict[int, tuple[str, Tone]] = {}
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
    elif revalidation.phase == "done" and revalidation.result is not None:
        badges[REVALIDATE] = (revalidation.result.decision, _VERDICT_TONE[revalidation.result.decision])
    elif revalidation.phase == "failed":
        badges[REVALIDATE] = ("failed", "critical")
    return tuple(
        Tab(number, word, *badges.get(number, ("", "plain"))) for number, word in SCREEN_NAMES.items()
    )


def hints(screen: int, words: Callable[[Key], str], *, paused: bool) -> tuple[KeyHint, ...]:
    """The footer of a screen, from the key table. `words`: what a key does there just now, empty: nothing."""
    return tuple(
        KeyHint(key.shown, "go on" if key.id == "display.pause" and paused else words(key), key.sticky)
        for key in footer_keys(screen)
        if words(key)
    )
