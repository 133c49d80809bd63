"""What the shell's completion offers as values: the names that a command takes.

Called in a process of its own at each press of tab: imports stand in the functions, and of files only the
workspace's config.toml and the names of its candles are read. Trap avoided: an error on the line being typed;
where a name cannot be told, none is offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import ConsoleError

Offer = tuple[str, str]
"""A value, and a word about it."""


def _fitting(offers: Iterable[Offer], typed: str) -> list[Offer]:
    return [offer for offer in offers if offer[0].startswith(typed)]


def scenario_names(incomplete: str) -> list[Offer]:
    from core.runbook.scenario import scenarios

    return _fitting(((each.id, each.title) for each in scenarios().values()), incomplete)


def escalation_names(incomplete: str) -> list[Offer]:
    from core.runbook.escalation import PATHS

    return _fitting(((each.id, each.title) for each in PATHS.values()), incomplete)


def checklist_names(incomplete: str) -> list[Offer]:
    from core.checklist.catalogue import CHECKLISTS

    return _fitting(((name, each.title.of("en")) for name, each in CHECKLISTS.items()), incomplete)


def item_actions(incomplete: str) -> list[Offer]:
    offers = (
        ("tick", "It is done"),
        ("untick", "It is not done after all"),
        ("override", "It fails and may, with a reason"),
        ("na", "It does not apply, with a reason"),
    )
    return _fitting(offers, incomplete)


def phase_names(incomplete: str) -> list[Offer]:
    from core.checklist.signoff import PHASES

    return _fitting(((name, "") for name in PHASES), incomplete)


def rule_names(incomplete: str) -> list[Offer]:
    """Of the workspace around the current folder, else the documents'."""
    from core.config.settings import Settings
    from core.workspace import open_workspace

    try:
        rules = open_workspace(Path.cwd(), None).settings.alerts
    except (ConsoleError, OSError):
        rules = Settings().alerts
    return _fitting(((name, rule.severity) for name, rule in rules.items()), incomplete)


def training_symbols(incomplete: str) -> list[Offer]:
    from core.market.candles import candle_files, symbol_of
    from core.workspace import open_workspace

    try:
        files = candle_files(open_workspace(Path.cwd(), None).train_data)
        return _fitting(((symbol_of(path), "") for path in files), incomplete)
    except (ConsoleError, OSError):
        return []
