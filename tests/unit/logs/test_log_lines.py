"""What a line says of itself, and what a person types to go somewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.logs.lines import level, stamp, step, steps
from core.logs.target import Target, parse_target

NEAR = datetime(2026, 2, 24, 9, 45, tzinfo=UTC)


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"2026-02-23 14:00:00 [INFO] x", utc(2026, 2, 23, 14)),
        (b"2026-02-23T14:00:00Z x", utc(2026, 2, 23, 14)),
        (b"2026-02-23 14:00:00,250 - root - INFO", utc(2026, 2, 23, 14) + 0.25),
        (b"[2026-02-23 14:00:00+02:00] x", utc(2026, 2, 23, 12)),
        (b"2026-02-23", utc(2026, 2, 23)),
        (b"2026-13-99 14:00:00 x", None),
        (b"2026-02-231 x", None),
        (b"Traceback (most recent call last):", None),
        (b"", None),
        (b"  2026-02-23 14:00:00", None),
    ],
)
def test_the_stamp_of_a_line(line: bytes, expected: float | None) -> None:
    assert stamp(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"2026-02-23 14:00:00 [ERROR] no", "error"),
        (b"2026-02-23 14:00:00 [CRITICAL] no", "error"),
        (b"2026-02-23 14:00:00,1 - root - WARNING - x", "warning"),
        (b"ERROR: x", "error"),
        (b"Traceback (most recent call last):", "error"),
        (b"2026-02-23 14:00:00 [INFO] 0 ERRORS", "plain"),
        (b"2026-02-23 14:00:00 [INFO] " + b"x" * 100 + b" [ERROR]", "plain"),
        (b"warnings: none", "plain"),
    ],
)
def test_the_level_of_a_line(line: bytes, expected: str) -> None:
    assert level(line) == expected


def test_the_steps_a_line_names() -> None:
    assert step(b"2026-02-23 14:00:00 [INFO] Step 2048/500000 x") == 2048
    assert step(b"kl_high firing: 0.06 > 0.05 at step 61,440. Lower it") == 61_440
    assert step(b"Footstep 3, steps_per_second=4") is None
    assert steps(b"Step 1/9\nnothing\nat step 2,000\n") == [(0, 1), (20, 2000)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:30", Target(time=datetime(2026, 2, 24, 14, 30, tzinfo=UTC))),
        ("9:05:07", Target(time=datetime(2026, 2, 24, 9, 5, 7, tzinfo=UTC))),
        ("2026-02-23", Target(time=datetime(2026, 2, 23, tzinfo=UTC))),
        ("2026-02-23T14:30:05Z", Target(time=datetime(2026, 2, 23, 14, 30, 5, tzinfo=UTC))),
        ("-15m", Target(time=datetime(2026, 2, 24, 9, 30, tzinfo=UTC))),
        ("-1d", Target(time=datetime(2026, 2, 23, 9, 45, tzinfo=UTC))),
        ("2048", Target(step=2048)),
        ("61,440", Target(step=61_440)),
        ("step 61_440", Target(step=61_440)),
        ("200k", Target(step=200_000)),
        ("1.5M", Target(step=1_500_000)),
    ],
)
def test_what_a_person_types(text: str, expected: Target) -> None:
    assert parse_target(text, NEAR) == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "14:61", "2026-02-30", "1e9", "9" * 30, "-5", "１２"])
def test_what_is_neither_a_time_nor_a_step_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(text, NEAR)
    assert "14:30" in refused.value.hint


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_place_or_refused(text: str) -> None:
    try:
        target = parse_target(text, NEAR)
    except UsageError:
        return
    assert (target.step is None) != (target.time is None)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_line(data: bytes) -> None:
    stamp(data)
    level(data)
    step(data)
