"""`docs/coverage.md` points to what exists."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from core.checklist.build import items_of
from core.checklist.daily import items_of_day
from core.config.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`]+)`", TEXT)
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| requirement")]


def test_every_module_named_exists() -> None:
    named = {code for code in CODE if code.startswith("core/")}
    assert len(named) > 15
    assert sorted(path for path in named if not (ROOT / path).is_file()) == []


def test_every_item_named_exists() -> None:
    known = {item.id for item in items_of("preflight", Settings())}
    for day in (date(2026, 2, 23), date(2026, 2, 24)):
        known |= {item.id.replace(day.isoformat(), "DATE") for item in items_of_day(Settings(), day)}
    named = {code for code in CODE if re.match(r"(preflight\.|(daily|launch|check_in|second)\.DATE)", code)}
    assert sorted(named - known) == []
    assert {item for item in known if item.startswith("preflight.")} <= named, "an item the table forgets"


def test_every_alert_rule_and_key_named_exists() -> None:
    settings = Settings()
    rules = {code for code in CODE if code.startswith("[alerts.")}
    assert {rule[len("[alerts.") : -1] for rule in rules} <= set(settings.alerts)
    for code in CODE:
        if re.fullmatch(r"(checks|decision)\.[a-z_]+", code):
            section, key = code.split(".")
            assert hasattr(getattr(settings, section), key), code


def test_every_row_says_whether_it_works() -> None:
    assert len(ROWS) > 120
    for row in ROWS:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 3, row
        assert re.fullmatch(r"(yes|partly: .+|not yet(: .+)?)", cells[2]) or set(cells[2]) == {"-"}, row
