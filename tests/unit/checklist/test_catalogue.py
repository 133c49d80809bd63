"""The catalogue: the documents' lists in both languages, changed by a workspace, each item keeping its id."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.checklist.build import items_of
from core.checklist.catalogue import CHECKLISTS, LINE_IDS
from core.checklist.catalogue_preflight import SETUP_SENSORS
from core.checklist.lists import ListInfo, find_item, list_infos
from core.checklist.model import ChecklistResult, ItemResult
from core.config.loader import ConfigError, parse_settings
from core.config.settings import Settings
from core.errors import UsageError
from core.workspace import Workspace

DAY = date(2026, 2, 24)


def settings(text: str, tmp_path: Any) -> Settings:
    return parse_settings(text, tmp_path / "config.toml")


def test_every_line_has_both_languages_and_one_id() -> None:
    for checklist in CHECKLISTS.values():
        ids = checklist.line_ids()
        assert len(set(ids)) == len(ids)
        assert checklist.title.en and checklist.title.pt
        for section in checklist.sections:
            assert section.title.en and section.title.pt and section.owner
            for line in section.lines:
                assert line.text.en and line.text.pt, line.id
                assert bool(line.action.en) == bool(line.action.pt), line.id
                assert line.kind == "manual" or line.sensor, line.id


def test_one_setting_switches_the_language_and_keeps_the_ids(tmp_path: Any) -> None:
    portuguese = settings('[checklist]\nlanguage = "pt"', tmp_path)
    for name in CHECKLISTS:
        english, other = items_of(name, Settings(), DAY), items_of(name, portuguese, DAY)
        assert [item.id for item in english] == [item.id for item in other]
    texts = {item.key: item.text for item in items_of("launch", portuguese)}
    assert texts["launch.1h.loss_falling"] == "Loss diminuindo?"
    assert texts["launch.4h.no_anomaly"] == "Nenhuma anomalia até agora?"
    assert items_of("check_in", portuguese)[3].action == "Reduzir a LR se houver spike"


def test_a_workspace_changes_text_owner_time_and_severity_but_no_id(tmp_path: Any) -> None:
    changed = settings(
        "[checklist.items.launch.1h.speed]\n"
        'text = "Speed {as} ever"\nowner = "Data"\ntime = "15:20"\non_fail = "block"\n'
        '[checklist.items."preflight.disk_free"]\nowner = "SWE"\n',
        tmp_path,
    )
    before = {item.key: item for item in items_of("launch", Settings())}
    item = {item.key: item for item in items_of("launch", changed)}["launch.1h.speed"]
    assert (item.text, item.owner, item.on_fail) == ("Speed {as} ever", "Data", "block")
    assert item.due == datetime(2026, 2, 23, 15, 20, tzinfo=UTC)
    assert item.id == before["launch.1h.speed"].id
    disk = {item.key: item for item in items_of("preflight", changed)}["preflight.disk_free"]
    assert (disk.owner, disk.text) == ("SWE", "Disk space available")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[checklist.items.preflight.disk_fre]\ntext='x'",
            "checklist.items.preflight.disk_fre: expected the id of a checklist's line, got an unknown one "
            "(did you mean checklist.items.preflight.disk_free?)",
        ),
        (
            "[checklist.items.preflight.disk_free]\ntime='25:00'",
            "checklist.items.preflight.disk_free.time: expected a time of day like 09:30, got '25:00'",
        ),
        (
            "[checklist.items.preflight.disk_free]\ntxt='x'",
            "(did you mean checklist.items.preflight.disk_free.text?)",
        ),
        ("[checklist]\nlanguage='de'", "checklist.language: expected en or pt, got 'de'"),
        ("[checklist.checks.a]\ntext='x'", "expected one of imports, file and command, got none of them"),
        ("[checklist.checks.a]\nfile='x'\nimports='y'", "got imports and file"),
        ("[checklist.checks.a]\ncommand='ls -l'", "checklist.checks.a.command: expected"),
        ("[checklist.checks.a]\nimports='os; x'", "expected package.module or package.module:Name"),
        ("[checklist.checks.a]\nfile='x'\nseconds=600", "checklist.checks.a.seconds"),
        ("[checklist.checks.'a b']\nfile='x'", "expected a name of letters, digits, - and _"),
        ("[checklist]\nitems = 3", "checklist.items: expected a table, got 3"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(text: str, words: str, tmp_path: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(text, tmp_path)
    assert words in caught.value.title


def test_each_list_is_told_with_its_first_time_and_its_owners(workspace: Workspace) -> None:
    infos = {info.name: info for info in list_infos(workspace)}
    assert list(infos) == list(CHECKLISTS)
    assert infos["check_in"] == ListInfo(
        name="check_in",
        title="Daily check-in, five points",
        items=5,
        first_due="10:00",
        owners=("On-call ML Engineer",),
        date=None,
        sources=("001",),
    )


def test_an_item_is_found_by_number_id_line_and_ending() -> None:
    items = tuple(
        ItemResult(id=item.id, key=item.key, text=item.text, kind=item.kind, on_fail="fix", state="pass")
        for item in items_of("launch", Settings())
    )
    result = ChecklistResult(name="launch", title="", status="READY", items=items)
    assert find_item(result, "13").id == "launch.2026-02-23.18:00.running"
    assert find_item(result, "launch.2026-02-23.18:00.running") is items[12]
    assert find_item(result, "launch.4h.running") is items[12]
    assert find_item(result, "running") is items[12]
    with pytest.raises(UsageError, match="names 2 items"):
        find_item(result, "speed")
    with pytest.raises(UsageError, match="has no item 14"):
        find_item(result, "14")


def test_the_changed_lines_of_the_configuration_are_the_catalogues() -> None:
    assert "preflight.disk_free" in LINE_IDS and "launch.1h.speed" in LINE_IDS
    assert {"all_checks", "no_blockers", "ready"} == SETUP_SENSORS


@pytest.mark.parametrize(("times", "starts"), [([], []), (["18:00", "10:00", "10:00"], ["10:00", "18:00"])])
def test_times_that_are_none_doubled_or_unsorted_make_each_item_once(
    tmp_path: Any, times: list[str], starts: list[str]
) -> None:
    changed = settings(f"[schedule]\nhourly = {times}\ndaily = {times}\n", tmp_path)
    for name in ("launch", "daily"):
        items = items_of(name, changed, DAY)
        assert len({item.id for item in items}) == len(items)
        assert sorted({f"{item.due:%H:%M}" for item in items if item.due}) == starts
