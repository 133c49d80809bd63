"""Reading a long run in passes: the newest values first, then the whole history, every row for the rules."""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.alerts.rows import RowStream
from core.telemetry import assembly, follower, ledger, reader
from core.telemetry.model import Run
from core.telemetry.reader import RunReader

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
NOW = datetime.fromisoformat("2026-02-24T10:00:00+00:00")
TURNED = "policy_entropy,value_loss,timestep,kl_divergence,reward\n"


@contextlib.contextmanager
def small(*, full: int = 24_576, exact: int = 8192, buckets: int = 4096, tail: int = 300) -> Iterator[None]:
    """Everything that happens to a million rows happens to a hundred."""
    with (
        mock.patch.object(reader, "READ_AT_ONCE", 100),
        mock.patch.object(reader, "TAIL_BYTES", tail),
        mock.patch.object(reader, "_RULES_SLICE", 10 << 18),
        mock.patch.object(follower, "_CHUNK", 200),
        mock.patch.object(ledger, "FULL_POINTS", full),
        mock.patch.object(ledger, "EXACT_ROWS", exact),
        mock.patch.object(ledger, "BUCKETS", buckets),
    ):
        yield


def told(run: Run) -> dict[str, Any]:
    """What of a run must not depend on how it was read."""
    return {
        "series": {
            name: (list(one.timestep), list(map(repr, one.value)), list(map(repr, one.time)), one.segments)
            for name, one in run.series.items()
        },
        "sources": [
            (source.path.name, source.rows, source.malformed, source.malformed_at, source.metrics)
            for source in run.sources
        ],
        "step": run.step,
        "last": (run.last_step_at, run.last_row_at),
        "log": (run.log_tail[-3:], run.traceback),
    }


def at_once(folder: Path) -> Run:
    """All of it, by one poll without a budget."""
    reading = RunReader(folder, now=NOW)
    reading.poll(NOW)
    reading.close()
    return reading.run


def finish(reading: RunReader, now: datetime, budget: float = 0.0) -> int:
    polls = 1
    reading.poll(now, budget)
    while reading.reading:
        reading.poll(now, budget)
        polls += 1
        assert polls < 5000, "it ends"
    reading.poll(now, budget)
    return polls


CELLS = st.one_of(
    st.floats(-1e3, 1e3).map(lambda value: f"{value:.6g}"),
    st.sampled_from(["nan", "inf", "", "0", "x", "1_0", "1e999"]),
)


@st.composite
def files(draw: st.DrawFn) -> dict[str, bytes]:
    """A run folder: CSVs with resumes, malformed rows and headers in the middle, monitors, a log."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    hostile = draw(st.booleans())
    lines, step, turned = [DASHBOARD], 0, False
    for _ in range(draw(st.integers(1, 120))):
        step = max(0, step + rng.choice([64, 64, 64, 64, 64, 64, 0, -500]))
        if rng.random() < 0.02:
            turned = not turned
            lines.append(TURNED if turned else DASHBOARD)
        cells = [str(step), *(f"{rng.uniform(-5, 5):.6f}" for _ in range(4))]
        if hostile and rng.random() < 0.2:
            cells[rng.randrange(1, 5)] = rng.choice(["nan", "inf", "", "x", "1_0", "1e999", "1,2"])
        lines.append(",".join([cells[4], cells[3], cells[0], cells[2], cells[1]] if turned else cells) + "\n")
    found = {"convergence_dashboard.csv": "".join(lines).encode()}
    if draw(st.booleans()):
        rows = [
            f'{{"time/total_timesteps": {64 * row}, "train/clip_fraction": {row / 7}}}\n' for row in range(60)
        ]
        found["progress.json"] = "".join(rows).encode()
    for env in range(draw(st.integers(0, 3))):
        elapsed, body = 0.0, '#{"t_start": 1771848000.0}\nr,l,t\n'
        for _ in range(rng.randrange(60)):
            elapsed += rng.random()
            body += f"{rng.uniform(-1, 1):.5f},{rng.randrange(1, 300)},{elapsed:.6f}\n"
        found[f"{env}.monitor.csv"] = body.encode()
    if draw(st.booleans()):
        found["training.log"] = b"".join(
            b"2026-02-23 14:%02d:%02d [INFO] Step %d/99999 reward 1\n" % (row // 60, row % 60, row * 64)
            for row in range(0, 120, 3)
        )
    return found


LATE = DASHBOARD + "64,,-4.6,-1.6,-4.1\n128,2.4,-2.2,1.2,3.6\n192,4.7,2.9,3.6,-0.9\n256,-0.8,4.5,1e999,2.6\n"
"""A metric whose first value comes late, and a row that is refused."""


@settings(max_examples=60)
@given(content=files())
@example(content={"convergence_dashboard.csv": (LATE + LATE.splitlines()[2] + "\n").encode()})
def test_reading_in_passes_ends_with_what_reading_at_once_tells(
    content: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for name, data in content.items():
        (folder / name).write_bytes(data)
    now, whole = NOW, at_once(folder)
    with small():
        passes = RunReader(folder, now=now)
        finish(passes, now)
    assert told(passes.run) == told(whole)
    assert passes.run.history == 1.0 and passes.rules_run is passes.run
    passes.close()


@settings(max_examples=60)
@given(content=files(), more=st.integers(0, 40))
def test_the_first_look_shows_the_newest_rows_and_no_others(
    content: dict[str, bytes], more: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "convergence_dashboard.csv").write_bytes(content["convergence_dashboard.csv"])
    now, whole = NOW, at_once(folder)
    with small(tail=200 + more):
        first = RunReader(folder, now=now)
        first.poll(now, 0.0)
    for name, series in first.run.series.items():
        true = whole.series[name]
        assert list(series.timestep) == list(true.timestep)[len(true) - len(series) :]
        assert list(map(repr, series.value)) == list(map(repr, true.value))[len(true) - len(series) :]
    assert first.run.step == whole.step or not first.run.series
    first.close()


@settings(max_examples=60)
@given(content=files(), seed=st.integers(0, 10**6))
def test_every_row_passes_the_rules_once_and_in_order_while_the_run_is_reduced(
    content: dict[str, bytes], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through the alert engine's own row stream, with rows that arrive in between."""
    folder = tmp_path_factory.mktemp("run")
    path = folder / "convergence_dashboard.csv"
    path.write_bytes(content[path.name])
    now = NOW
    metrics = ("reward", "approx_kl")
    rng = random.Random(seed)
    step = 10**6
    seen: dict[str, list[Any]] = {}
    with small(full=16, exact=8, buckets=16):
        passes = RunReader(folder, now=now)
        stream = RowStream(metrics)
        idle = 0
        while idle < 3:
            changed = passes.poll(now, rng.choice([0.0, 10.0]))
            if passes.rules_run is not None:
                assert not stream.rewound(passes.rules_run)
                take_all(stream, passes.rules_run, seen)
            idle = 0 if changed or passes.reading else idle + 1
            if rng.random() < 0.3 and step < 10**6 + 64 * 50:
                step += 64
                with path.open("a") as stream_out:
                    stream_out.write("\n" + DASHBOARD + f"{step},1.5,{rng.random():.4f},0.5,1.6\n")
                idle = 0
        assert len(passes.run.series.get("reward", ())) <= 16 + 3 * 16 + 2 * 16 + 400
    whole = at_once(folder)
    truth = RowStream(metrics)
    expected: dict[str, list[Any]] = {}
    take_all(truth, whole, expected)
    assert seen == expected
    passes.close()


@settings(max_examples=60)
@given(content=files(), budget=st.sampled_from([0.0, 10.0]))
def test_a_far_past_that_is_reduced_while_it_is_read_keeps_count_extremes_and_ends(
    content: dict[str, bytes], budget: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "convergence_dashboard.csv").write_bytes(content["convergence_dashboard.csv"])
    now, whole = NOW, at_once(folder)
    with (
        small(full=16, exact=8, buckets=256),
        mock.patch.object(assembly, "_NEAR_PAST", 300),
        mock.patch.object(assembly, "BUCKETS", 8),
    ):
        passes = RunReader(folder, now=now)
        passes.poll(now, budget)
        while passes.run.history < 1.0:
            passes.poll(now, budget)
    assert set(passes.run.series) == set(whole.series) and passes.run.step == whole.step
    assert told(passes.run)["sources"] == told(whole)["sources"]
    for name, series in passes.run.series.items():
        true = whole.series[name]
        assert (series.rows, series.last, series.last_finite) == (true.rows, true.last, true.last_finite)
        assert (series.minimum, series.maximum) == (true.minimum, true.maximum)
        assert {series.minimum, series.maximum} - {None} <= set(series.value)
        for at in range(len(series)):
            row = series.row_of(at)
            assert series.timestep[at] == true.timestep[row]
            assert repr(series.value[at]) == repr(true.value[row])
    passes.close()


def test_a_metric_that_ends_in_the_far_past_has_all_its_rows(tmp_path: Path, now: datetime) -> None:
    rows = [f"{row * 64},1.5,{'0.01' if row < 900 else ''},0.5,1.6\n" for row in range(3000)]
    (tmp_path / "convergence_dashboard.csv").write_text(DASHBOARD + "".join(rows))
    with (
        small(),
        mock.patch.object(assembly, "_NEAR_PAST", 300),
        mock.patch.object(assembly, "BUCKETS", 8),
    ):
        passes = RunReader(tmp_path, now=now)
        passes.poll(now, 10.0)
        passes.poll(now, 10.0)
    kl = passes.run.series["approx_kl"]
    assert passes.run.history == 1.0 and kl.rows == 900 and len(kl) < 900
    assert (kl.last, kl.last_timestep) == (0.01, 899 * 64)
    passes.close()


def take_all(stream: RowStream, run: Run, seen: dict[str, list[Any]]) -> None:
    while stream.waiting(run):
        for row in stream.take(run):
            for name, value in row.values.items():
                seen.setdefault(name, []).append((row.timestep, repr(value)))


def big_csv(path: Path, rows: int) -> None:
    with path.open("w") as stream:
        stream.write(DASHBOARD)
        for row in range(1, rows + 1):
            kl = 9.25 if row == rows // 3 else 0.01 + (row % 13) / 1000
            stream.write(f"{row * 64},{row % 501 - 250}.5,{kl:.6f},0.5000{row % 89:02d},1.6{row % 97:02d}\n")


@pytest.mark.slow
def test_a_long_csv_shows_its_newest_values_at_once_and_its_history_soon(
    tmp_path: Path, now: datetime
) -> None:
    """The bounds are of CPU time, whatever else the machine does; benchmarks measure the real figures."""
    rows = 300_000
    big_csv(tmp_path / "convergence_dashboard.csv", rows)
    opened = RunReader(tmp_path, now=now)
    began = time.process_time()
    opened.poll(now, 0.05)
    first = time.process_time() - began
    reward = opened.run.series["reward"]
    assert reward.last == rows % 501 - 250 + 0.5 and 1000 < len(reward) < 3000
    assert opened.run.history < 1 and opened.rules_run is None and opened.reading
    shares = []
    while opened.run.history < 1:
        opened.poll(now, 0.05)
        shares.append(opened.run.history)
    history = time.process_time() - began
    assert shares == sorted(shares)
    kl = opened.run.series["approx_kl"]
    assert (kl.rows, kl.maximum, kl.timestep[kl.value.index(9.25)]) == (rows, 9.25, rows // 3 * 64)
    assert len(kl) < 40_000
    assert first < 0.5 and history < 5
    polls = finish(opened, now, 0.05)
    assert polls > 3 and opened.rules_run is opened.run
    opened.close()


def test_the_first_look_finds_whole_records_at_the_end_of_event_files(
    tmp_path: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    """Of several files only the newest one's end: what lies between two ends is not known yet."""
    for number in (1, 2):
        with (tmp_path / f"events.out.tfevents.{number}.host.1.0").open("wb") as stream:
            for row in range(60):
                step = (number - 1) * 6000 + row * 100
                stream.write(scalar_record("train/approx_kl", step, row / 64, 1_771_848_000.0 + step))
    with small():
        opened = RunReader(tmp_path, now=now)
        opened.poll(now, 0.0)
        kl = opened.run.series["approx_kl"]
        assert 2 < len(kl) < 10 and kl.timestep[-1] == 11_900 and kl.last == 59 / 64
        assert kl.timestep[0] > 6000 and opened.run.history < 1
        assert not any(source.malformed or source.events for source in opened.run.sources)
        finish(opened, now)
    assert opened.run.series["approx_kl"].rows == 120
    opened.close()


def test_the_first_look_at_long_monitors_invents_no_timesteps(tmp_path: Path, now: datetime) -> None:
    for env in (0, 1):
        body = "".join(f"{row}.5,20,{row}.25\r\n" for row in range(200 if env else 3))
        (tmp_path / f"{env}.monitor.csv").write_text('#{"t_start": 1000.0}\nr,l,t\n' + body, newline="")
    with small():
        opened = RunReader(tmp_path, now=now)
        opened.poll(now, 0.0)
        assert opened.run.series == {} and opened.run.step is None and opened.run.history < 1
        finish(opened, now)
    assert opened.run.step == 203 * 20
    assert list(opened.run.series["reward"].timestep) == [20.0 * row for row in range(1, 204)]
    opened.close()


def test_a_short_run_needs_no_passes(tmp_path: Path, now: datetime) -> None:
    big_csv(tmp_path / "convergence_dashboard.csv", 100)
    opened = RunReader(tmp_path, now=now)
    assert opened.poll(now, 0.05)
    assert opened.run.history == 1.0 and not opened.reading and opened.rules_run is opened.run
    assert len(opened.run.series["reward"]) == 100
    opened.close()


def test_rows_that_come_while_the_history_is_read_are_shown_at_once(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    big_csv(path, 300)
    with small():
        opened = RunReader(tmp_path, now=now)
        opened.poll(now, 0.0)
        with path.open("a") as stream:
            stream.write("999936,77.5,0.01,0.5,1.6\n")
        opened.poll(now, 0.0)
        assert opened.run.history < 1
        assert opened.run.series["reward"].last == 77.5 and opened.run.step == 999936
        assert opened.run.growing
        finish(opened, now)
    assert opened.run.series["reward"].rows == 301 and opened.run.growing
    opened.close()


def test_a_burst_is_read_in_slices_and_the_share_says_so(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    big_csv(path, 1)
    opened = RunReader(tmp_path, now=now)
    opened.poll(now, 0.0)
    with mock.patch.object(follower, "_CHUNK", 200):
        with path.open("a") as stream:
            stream.writelines(f"{row * 64},1.5,0.01,0.5,1.6\n" for row in range(2, 100))
        opened.poll(now, 0.0)
        assert opened.reading and 0 < opened.run.history < 1 and opened.rules_run is opened.run
        assert 1 < opened.run.series["reward"].rows < 99
        while opened.reading:
            opened.poll(now, 0.0)
    assert opened.run.series["reward"].rows == 99 and opened.run.history == 1.0
    opened.close()


def test_a_fresh_run_in_the_middle_of_a_pass_starts_over(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    big_csv(path, 300)
    (tmp_path / "run.json").write_text('{"id": "one"}')
    with small():
        opened = RunReader(tmp_path, now=now)
        opened.poll(now, 0.0)
        opened.poll(now, 0.0)
        path.write_text(DASHBOARD + "64,5.5,0.01,0.5,1.6\n")
        (tmp_path / "run.json").write_text('{"id": "two"}')
        finish(opened, now)
    assert opened.run.info.id == "two"
    assert list(opened.run.series["reward"].value) == [5.5]
    opened.close()


def test_times_of_the_log_before_its_tail_reach_the_rows(tmp_path: Path, now: datetime) -> None:
    big_csv(tmp_path / "convergence_dashboard.csv", 6000)
    with (tmp_path / "training.log").open("w") as stream:
        for row in range(0, 6000, 2):
            moment = datetime.fromtimestamp(1_771_848_000 + row).strftime("%Y-%m-%d %H:%M:%S")
            stream.write(f"{moment} [INFO] Step {row * 64}/400000 reward 1.0 and more words to be read\n")
    opened = RunReader(tmp_path, now=now)
    opened.poll(now, 0.0)
    finish(opened, now)
    reward = opened.run.series["reward"]
    assert len(reward) == 6000
    assert sum(map(math.isfinite, reward.time)) == 5998
    assert reward.time[1] - reward.time[0] == pytest.approx(1.0)
    opened.close()
