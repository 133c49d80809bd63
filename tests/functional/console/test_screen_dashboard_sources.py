"""What the Dashboard says of the run's files and the machine: the tile, and every detail behind `i`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.screens.dashboard_host import gpu_tiles, host_facts
from console.screens.dashboard_sources import details, source_tile
from core.telemetry.gpu import Gpu, Gpus
from core.telemetry.host import Disk, Host, ProcessUse
from core.telemetry.model import Run, RunInfo, Source

FOLDER = Path("/runs/one")
GB = 10**9
CARD = Gpu(0, "NVIDIA H100", 47.0, 12 * GB, 80 * GB, 61, 300.0, 2 * GB)


def source(name: str = "progress.csv", **changes: Any) -> Source:
    return Source(FOLDER / name, "progress", rows=120, metrics=("reward",), **changes)


def run_of(*sources: Source, **changes: Any) -> Run:
    return Run(RunInfo(id="one", directory=FOLDER, **changes), sources=list(sources))


def host(**changes: Any) -> Host:
    disks = (Disk(Path("logs"), 76 * GB, 271 * GB), Disk(Path("checkpoints"), 76 * GB, 271 * GB))
    return replace(Host(55.0, 16, 1 * GB, 25 * GB, 24 * GB, disks), **changes)


def words(run: Run, make: Any, **changes: Any) -> str:
    return "\n".join(text for _, text, _ in details(make.snapshot(run, **changes), "here"))


def test_the_tile_says_the_worst_of_the_files(make: Any) -> None:
    assert source_tile(run_of(), make.now) is None

    def tile(*sources: Source) -> str:
        found = source_tile(run_of(*sources), make.now)
        assert found is not None
        return found.value

    assert tile(source()) == "1 file"
    assert tile(source(), source("b.csv", malformed=3)) == "3 malformed rows"
    assert tile(source(malformed=3), source("b.csv", events=["corrupt"])) == "b.csv corrupt"
    assert tile(source(events=["corrupt"]), source("b.csv", trouble="missing")) == "b.csv missing"
    assert tile(source(trouble="denied"), source("b.csv", trouble="missing")) == "progress.csv denied +1"


def test_what_happened_to_a_file_is_told_with_its_time(make: Any) -> None:
    at = [make.now, make.now + timedelta(minutes=1)]
    one = source(events=["rewritten", "truncated"], events_at=at)
    run = run_of(one, source("b.csv", events=["resumed"], events_at=at[:1]))
    found = source_tile(run, make.now)
    assert found is not None and found.value == "2 files, truncated 10:01Z"
    one.malformed = 3
    found = source_tile(run, make.now)
    assert found is not None and found.value == "truncated 10:01Z, 3 malformed"
    found = source_tile(run, make.now + timedelta(minutes=12))
    assert found is not None and found.value == "3 malformed rows", "then it is no news"
    assert "rewritten 10:00:00Z, truncated 10:01:00Z" in words(run_of(one), make)


def test_malformed_rows_are_told_with_file_and_place(make: Any) -> None:
    text = words(run_of(source(malformed=9, malformed_at=[120, 4096])), make)
    assert "progress.csv  progress, 120 rows: reward" in text
    assert "9 malformed rows, at byte 120, 4,096 and more" in text


def test_hostile_names_are_made_visible(make: Any) -> None:
    text = words(run_of(source("a\x1b]52;c;x\x07.csv", trouble="denied")), make)
    assert "\x1b" not in text and "␛]52" in text


def test_cards_are_shown_or_why_there_are_none() -> None:
    seen = host(gpus=Gpus((CARD,)))
    (tile,) = gpu_tiles(seen)
    assert (tile.label, tile.value, tile.short) == ("gpu 0", "45 % 12/80 GB 61 °C", "45 % 61 °C")
    facts = {label: text for label, text, _ in host_facts(run_of(), seen, "here")}
    assert facts["gpu 0"] == "NVIDIA H100, 47 % busy, memory 12/80 GB, 61 °C, 300 W, the trainer holds 2.0 GB"
    blind = host(gpus=Gpus((Gpu(1, "Tesla", None, None, None, None, None),)))
    (tile,) = gpu_tiles(blind)
    assert "0 %" not in tile.value, "what the driver does not tell is no 0 %"
    none = host(gpus=Gpus(reason="nvidia-ml-py is not installed."))
    facts = {label: text for label, text, _ in host_facts(run_of(), none, "here")}
    assert facts["gpu"] == "nvidia-ml-py is not installed."


def test_the_training_process_is_told_where_it_can_be_seen() -> None:
    def trainer(run: Run, seen: Host) -> str:
        return next(text for label, text, _ in host_facts(run, seen, "here") if label == "trainer")

    assert trainer(run_of(), host()) == "not known: its files name no process"
    own = run_of(pid=4711, host="here")
    used = host(trainer=ProcessUse(4711, 98.0, 1 * GB))
    assert trainer(own, used) == "process 4711 on here: cpu 98 %, memory 1.0 GB"
    assert (
        trainer(run_of(pid=4711, host="far"), host())
        == "process 4711 on far: not seen from here (another host)"
    )
    own.process = "gone"
    assert trainer(own, host()) == "process 4711 on here: gone"


def test_a_volume_stands_once_with_its_folders() -> None:
    disks = [text for label, text, _ in host_facts(run_of(), host(), "here") if label == "disk"]
    assert disks == ["76 GB free of 271 GB: logs, checkpoints"]


async def test_i_opens_the_details_and_the_tiles_show_them_in_short(given: Any, make: Any) -> None:
    run = make.run(rows=60)
    run.sources = [source(malformed=2, malformed_at=[77, 99]), source("0.monitor.csv", trouble="missing")]
    run.notes = ["2 TensorBoard runs lie here."]
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot(run, host=host(gpus=Gpus((CARD,)))))
        await pilot.pause()
        text = given.text()
        assert "sources" in text and "missing" in text and "45 % 12/80 GB 61 °C" in text
        await pilot.press("i")
        await pilot.pause()
        text = given.text()
        assert "2 malformed rows, at byte 77, 99" in text and "missing now; what was read stays" in text
        assert "2 TensorBoard runs lie here." in text and "NVIDIA H100" in text
        await pilot.press("i")
        await pilot.pause()
        assert "Sources and host" not in given.text()


async def test_open_sources_follow_the_run_unless_the_display_is_held(given: Any, make: Any) -> None:
    run = make.run(rows=60)
    run.sources = [source()]
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot(run, host=host()))
        await pilot.pause()
        await pilot.press("i")
        run = make.run(rows=61)
        run.sources = [source(trouble="missing")]
        given.give(make.snapshot(run, host=host()))
        given.app._tick()
        await given.until(pilot, lambda: "missing now; what was read stays" in given.text())
        given.app.paused, given.app.held = True, given.session.snapshot
        run = make.run(rows=62)
        run.sources = [source()]
        given.give(make.snapshot(run, host=host()))
        given.app._tick()
        await pilot.pause()
        assert "missing now; what was read stays" in given.text()


async def test_the_details_are_read_at_60x15(given: Any, make: Any) -> None:
    run = make.run(rows=60)
    run.sources = [source(f"{place}.csv", malformed=1, malformed_at=[place]) for place in range(9)]
    async with given.app.run_test(size=(60, 15)) as pilot:
        given.give(make.snapshot(run, host=host()))
        await pilot.pause()
        await pilot.press("i")
        await pilot.pause()
        assert "run folder" in given.text() and "esc close" in given.text()
        await pilot.press("G")
        await pilot.pause()
        assert "gpu" in given.text() and "esc close" in given.text()


async def test_how_much_of_the_history_is_read_is_said_while_it_is_read(given: Any, make: Any) -> None:
    run = make.run(rows=60)
    run.history = 0.434
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot(run))
        await pilot.pause()
        assert "running: history 43 %, " in given.text().splitlines()[2] and "43 % read" in given.text()
        run.history = 1.0
        given.give(make.snapshot(run, revision=2))
        await pilot.pause()
        assert "history" not in given.text()


async def test_a_run_whose_file_is_away_is_not_called_healthy(given: Any, make: Any) -> None:
    run = make.run(rows=60)
    run.sources = [source(trouble="missing")]
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot(run))
        await pilot.pause()
        assert "▲ attention: progress.csv is missing; " in given.text()
        run.sources = [source(events=["missing", "replaced"])]
        given.give(make.snapshot(run, revision=2))
        await pilot.pause()
        assert "● healthy: " in given.text(), "it is back"
