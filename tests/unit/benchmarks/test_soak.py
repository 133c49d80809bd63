"""The soak's verdict can be bad, its week is known row by row, and its plot is a picture."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.runs import make_run
from benchmarks.soak.plot import plot
from benchmarks.soak.samples import Sample, judge, limits
from benchmarks.soak.week import HISTORY, ROTATE_EVERY, Week, is_spike, rows_after, spikes


def samples(growth: float = 0.0, lag: float | None = 40.0, handles: float = 0.0) -> list[Sample]:
    """Two minutes: memory that comes into being in the warm-up and then grows by `growth` MB a second."""
    return [
        Sample(
            at=float(second),
            memory=50 + min(second, 40) * 0.5 + growth * second,
            handles=20 + int(handles * second),
            threads=10,
            count=15_000,
            lag=lag,
            store=0.1,
        )
        for second in range(120)
    ]


def missed(found: list[Sample]) -> list[str]:
    return [check.name for check in judge(found) if not check.met]


def test_a_steady_console_holds_every_limit() -> None:
    assert missed(samples()) == []


def test_a_leak_after_the_warm_up_is_a_miss() -> None:
    assert missed(samples(growth=0.1)) == ["memory after warm-up"]
    assert missed(samples(handles=0.1)) == ["open files"]


def test_slow_and_missing_answers_are_misses() -> None:
    assert missed(samples(lag=900.0)) == ["key to paint, p95"]
    assert missed(samples(lag=2000.0)) == ["key to paint, p95", "keys without an answer"]
    assert missed(samples(lag=None)) == ["key to paint, p95"]
    assert missed([]) == ["samples"]


def test_the_week_is_written_at_its_pace_with_spikes_gaps_and_a_rotated_log(tmp_path: Path) -> None:
    assert rows_after(600) - HISTORY == 20_160, "a week of rows each half minute in ten minutes"
    week = Week(make_run(tmp_path, "soak", rows=0, total_rows=20_160))
    rotated = (HISTORY // ROTATE_EVERY + 1) * ROTATE_EVERY
    week.run.rows = rotated - 10
    at = (rotated - HISTORY + 209) * 600 / 20_160
    written = week.write_until(at)
    assert 218 <= written <= 220 and week.write_until(at) == 0
    with (tmp_path / "training_metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    alarming = [is_spike(row) for row in range(rotated - 9, rotated - 9 + written)]
    assert [float(row["approx_kl"]) > 0.1 for row in rows] == alarming and any(alarming)
    assert any(row["value_loss"] == "nan" for row in rows)
    assert (tmp_path / f"training.log.{rotated}").is_file()
    counted = sum(is_spike(row) and not is_spike(row - 1) for row in range(1, HISTORY + 2001))
    assert counted == spikes(HISTORY + 2000) == 6 and spikes(HISTORY - 1) == 0


def test_the_plot_is_xml_with_a_line_for_each_measure_from_zero_and_the_limits_it_is_judged_by() -> None:
    picture = ElementTree.fromstring(plot(samples(), "2 minutes <&>"))
    drawn = [each for each in picture.iter() if each.get("class") == "line"]
    assert len(drawn) == 6 and all(each.tag.endswith("polyline") for each in drawn)
    words = [each.text or "" for each in picture.iter() if each.tag.endswith("text")]
    assert words.count("0") == 6, "each axis begins at zero"
    allowed = limits(samples())
    assert allowed is not None
    for said in (f"at most {allowed.memory:,.0f}", "p95 at most 500", "at most 30,000", "at most 23"):
        assert any(said in each for each in words)
    assert sum(each.get("class") == "limit" for each in picture.iter()) == 6 + 5
    assert ElementTree.fromstring(plot([], "nothing came")) is not None
