"""Every box and table row of the two documents points at an item, a rule, a gate, a step or an event, and
`docs/coverage.md` points at what exists."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from console.cli.app import build
from core.checklist.build import items_of
from core.checklist.catalogue import CHECKLISTS, LINE_IDS
from core.checklist.daily import items_of_day
from core.config.settings import Settings
from core.revalidation.gates import SPECS
from core.runbook.escalation import PATHS
from core.week.plan import plan

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`]+)`", TEXT)
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| requirement")]
with (Path(__file__).parent / "documents.tsv").open(encoding="utf-8", newline="") as stream:
    DOCUMENTS = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
SEEDS = sorted((ROOT.parent / "shared" / "seeds").glob("*.txt"))
SCREENS = ("Dashboard", "Alerts", "Checklist", "Logs", "Revalidate", "Standup", "Timeline", "Runbook")


def instances() -> dict[str, str]:
    """Every item's id with DATE for its date → its line's id."""
    settings = Settings()
    found = {item.id: item.key for item in items_of("preflight", settings)}
    for day in (date(2026, 2, 23), date(2026, 2, 24)):
        items = items_of_day(settings, day)
        found |= {item.id.replace(day.isoformat(), "DATE"): item.key for item in items}
    return found


def commands() -> set[str]:
    """`checklist`, `audit verify`, …: what the program can be told."""
    found: dict[str, Any] = {}
    original = typer.main.get_command
    try:
        typer.main.get_command = lambda app: found.setdefault("root", original(app))  # type: ignore[assignment]
        build()
    finally:
        typer.main.get_command = original
    return set(walk(found["root"], ""))


def walk(command: click.Command, prefix: str) -> Iterator[str]:
    for name, each in getattr(command, "commands", {}).items():
        yield f"{prefix}{name}"
        yield from walk(each, f"{prefix}{name} ")


def resolves(place: str) -> bool:
    """Whether a place of `documents.tsv` exists."""
    kind, _, name = place.partition(" ")
    match kind:
        case "list":
            return name in CHECKLISTS
        case "rule":
            return name in Settings().alerts
        case "gate":
            return name == "passed" or name in {spec.name for spec in SPECS}
        case "step":
            path, step = name.split()
            return any(each.id == step for each in PATHS[path].steps)
        case "event":
            return any(event.id.startswith(f"{name}.") for event in plan(Settings()))
    return place in LINE_IDS


def named_in_coverage(place: str) -> bool:
    kind, _, name = place.partition(" ")
    match kind:
        case "list" | "gate":
            return True
        case "rule":
            return f"alerts.{name}" in TEXT
        case "step":
            return "runbook --escalate" in TEXT
        case "event":
            return bool(re.search(rf"events? [^|]*`{name}`", TEXT))
    shown = {item for item, line in instances().items() if line == place} | {place}
    return bool(shown & named_items())


def named_items() -> set[str]:
    """Items that the document names; `, `.kl`` after a whole id stands for its siblings."""
    found: set[str] = set()
    for row in ROWS:
        whole = ""
        for code in re.findall(r"`([^`]+)`", row):
            if re.match(r"(preflight|launch|daily|check_in|second)\.", code) or code in LINE_IDS:
                whole = code
                found.add(code)
            elif re.fullmatch(r"\.[a-z_]+", code) and whole:
                found.add(whole.rpartition(".")[0] + code)
    return found


@pytest.mark.parametrize("row", DOCUMENTS, ids=lambda row: f"{row['document']} {row['text'][:40]}")
def test_every_box_and_row_of_the_documents_points_at_something(row: dict[str, str]) -> None:
    assert resolves(row["place"]), f"{row['text']!r} points nowhere: {row['place']}"
    assert named_in_coverage(row["place"]), f"docs/coverage.md does not tell where {row['text']!r} is"


def test_no_box_and_no_row_of_the_documents_is_left_out() -> None:
    """Against the documents themselves, where they lie beside the project."""
    if len(SEEDS) != 2:
        pytest.skip("the two documents (../shared/seeds) are not here")
    for document, path in zip(("000", "001"), SEEDS, strict=True):
        text = path.read_text(encoding="utf-8")
        boxes = re.findall(r"^\s*(?:- |\d+\. )\[ \] (.+?)\s*$", text, flags=re.M)
        known = [row["text"] for row in DOCUMENTS if (row["document"], row["part"]) == (document, "box")]
        assert boxes == known
        tables = [list(rows_of(block)) for block in re.findall(r"(?:^\|.*\n?)+", text, flags=re.M)]
        known = [row["text"] for row in DOCUMENTS if (row["document"], row["part"]) == (document, "row")]
        assert [row for rows in tables for row in rows] == known


def rows_of(block: str) -> Iterator[str]:
    """The first two cells of each row below a table's head."""
    for line in block.splitlines()[1:]:
        if not set(line) <= set("|-: "):
            cells = [cell.strip().strip("*") for cell in line.strip("|").split("|")]
            yield " | ".join(cells[:2])


def test_every_line_of_the_catalogue_is_named() -> None:
    named = named_items()
    lines = instances()
    by_line = {lines.get(code, code) for code in named}
    assert sorted(LINE_IDS - by_line) == [], "lines that docs/coverage.md forgets"


def test_every_item_named_exists() -> None:
    assert sorted(named_items() - set(instances()) - LINE_IDS) == []


def test_every_command_named_exists() -> None:
    known = commands()
    assert {"checklist", "audit verify", "model backup", "timeline"} <= known
    told = "\n".join(line for line in TEXT.splitlines() if not re.search(r"\| (partly|not yet)", line))
    for code in re.findall(r"`([^`]+)`", told):
        if code.startswith("ppo-console "):
            words = [word for word in code.split()[1:] if not word.startswith(("-", "["))]
            first, two = words[0] if words else "", " ".join(words[:2])
            groups = {name.split()[0] for name in known if " " in name}
            assert not words or first in known, code
            if first in groups and len(words) > 1 and first != "alerts":
                assert two in known, code


def test_every_screen_named_exists() -> None:
    from console.modes import SCREENS as MODES

    named = set(re.findall(r"\b([A-Z][a-z]+) screen\b", TEXT))
    assert named <= set(SCREENS)
    assert len(MODES) >= 6


def test_every_module_named_exists() -> None:
    named = {code for code in CODE if code.startswith("core/")}
    assert len(named) > 15
    assert sorted(path for path in named if not (ROOT / path).is_file()) == []


def test_every_alert_rule_and_key_named_exists() -> None:
    settings = Settings()
    rules = {code for code in CODE if code.startswith("[alerts.")}
    assert {rule[len("[alerts.") : -1] for rule in rules} <= set(settings.alerts)
    for code in CODE:
        if re.fullmatch(r"(checks|decision)\.[a-z_]+", code):
            section, key = code.split(".")
            assert hasattr(getattr(settings, section), key), code


def test_every_row_says_whether_it_works_and_where() -> None:
    assert len(ROWS) > 120
    for row in ROWS:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 3, row
        if set(cells[2]) == {"-"}:
            continue
        assert re.fullmatch(r"(yes|partly: .+|not yet(: .+)?)", cells[2]), row
        assert cells[1] not in ("", "–") or cells[2].startswith("not yet"), f"points nowhere: {row}"
