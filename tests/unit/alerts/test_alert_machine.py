"""The state machine alone: every move is legal, waits as long as it should, and `step` is pure."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.alerts.machine import INITIAL, Sample, State, step
from core.alerts.rule import Rule

LEGAL = {
    "inactive": {"pending", "firing"},
    "nodata": {"pending", "firing"},
    "pending": {"firing", "inactive"},
    "firing": {"resolved"},
    "resolved": {"pending", "firing"},
}


rules = st.builds(
    Rule,
    condition=st.just("above"),
    severity=st.just("warning"),
    for_steps=st.sampled_from([0, 0, 5, 20]),
    for_seconds=st.sampled_from([0.0, 0.0, 7.0]),
    keep_firing_steps=st.sampled_from([0, 0, 10]),
)


samples = st.builds(
    lambda state, kind, gap, segment, inhibited, clock: (state, kind, gap, segment, inhibited, clock),
    st.sampled_from(["ok", "ok", "ok", "ok", "nodata", "off"]),
    st.sampled_from(["breached", "between", "cleared"]),
    st.integers(0, 12),
    st.booleans(),
    st.sampled_from([None, None, None, "worse"]),
    st.booleans(),
)


def walk(history: list[Any]) -> list[Sample]:
    timestep, segment = 0, 0
    out = []
    for index, (state, kind, gap, new_segment, inhibited, clock) in enumerate(history):
        timestep += gap
        if new_segment and index % 7 == 6:
            segment, timestep = segment + 1, 0
        out.append(
            Sample(
                state,
                timestep=timestep,
                time=float(index) if clock else None,
                value=1.0,
                breached=kind == "breached" and state == "ok",
                cleared=kind == "cleared" and state == "ok",
                segment=segment,
                inhibited_by=inhibited,
            )
        )
    return out


@given(rules, st.lists(samples, max_size=60))
def test_moves_are_legal_and_alternate(rule: Rule, history: list[Any]) -> None:
    state, generation, last_alert = INITIAL, 0, "resolved"
    for sample in walk(history):
        before = state
        state, change = step("r", rule, state, sample)
        if state.name != before.name:
            allowed = LEGAL[before.name] | ({"inactive"} if before.name == "nodata" else set())
            allowed |= {"nodata"} if before.name == "inactive" else set()
            assert state.name in allowed, (before.name, state.name)
        assert state.generation >= generation
        assert state.generation - generation == (state.name == "firing" and before.name != "firing")
        generation = state.generation
        if change is not None:
            assert change.state == state.name
            assert change.state != before.name or before.inhibited_by is not None, "a wait that was hidden"
            if change.state in ("firing", "resolved"):
                assert change.state != last_alert, "firing and resolved alternate"
                last_alert = change.state
            assert change.generation == state.generation
        elif state.name != before.name:
            assert "firing" not in (state.name, before.name), "no firing begins or ends unsaid"


@given(rules, st.lists(samples, max_size=60))
def test_only_a_cleared_sample_or_the_rule_s_end_resolves(rule: Rule, history: list[Any]) -> None:
    state = INITIAL
    for sample in walk(history):
        before = state
        state, _ = step("r", rule, state, sample)
        if before.name == "firing" and state.name != "firing":
            assert sample.state == "off" or (sample.state == "ok" and sample.cleared)
        if sample.state == "nodata":
            assert state.name == before.name or (before.name, state.name) == ("inactive", "nodata")
        if state.name == "firing" != before.name:
            assert sample.breached and sample.inhibited_by is None


@given(rules, st.lists(samples, max_size=40))
def test_step_is_pure(rule: Rule, history: list[Any]) -> None:
    first = second = INITIAL
    for sample in walk(history):
        copy = State(**{name: getattr(first, name) for name in State.__slots__})
        first, change = step("r", rule, first, sample)
        second, again = step("r", rule, copy, sample)
        assert first == second and change == again


def ok(timestep: int, kind: str, time: float | None = None, segment: int = 0) -> Sample:
    return Sample(
        "ok", timestep, time, 1.0, breached=kind == "breached", cleared=kind == "cleared", segment=segment
    )


def run_through(rule: Rule, *history: Sample) -> list[str]:
    state, names = INITIAL, []
    for sample in history:
        state, _ = step("r", rule, state, sample)
        names.append(state.name)
    return names


def rule(**changes: Any) -> Rule:
    return msgspec.structs.replace(Rule(condition="above", severity="warning"), **changes)


def test_pending_for_steps() -> None:
    history = [ok(0, "breached"), ok(9, "breached"), ok(10, "breached")]
    assert run_through(rule(for_steps=10), *history) == ["pending", "pending", "firing"]


def test_pending_for_seconds() -> None:
    history = [ok(0, "breached", 0.0), ok(0, "breached", 9.9), ok(0, "breached", 10.0)]
    assert run_through(rule(for_seconds=10.0), *history) == ["pending", "pending", "firing"]


def test_pending_ends_with_the_condition_and_starts_afresh() -> None:
    history = [
        ok(0, "breached"),
        ok(9, "between"),
        ok(10, "breached"),
        ok(15, "breached"),
        ok(20, "breached"),
    ]
    assert run_through(rule(for_steps=10), *history) == [
        "pending",
        "inactive",
        "pending",
        "pending",
        "firing",
    ]


def test_pending_starts_afresh_in_a_resumed_run() -> None:
    history = [ok(90, "breached"), ok(50, "breached", segment=1), ok(60, "breached", segment=1)]
    assert run_through(rule(for_steps=10), *history) == ["pending", "pending", "firing"]


def test_unknown_duration_fires_early_rather_than_never() -> None:
    assert run_through(rule(for_seconds=600.0), ok(0, "breached"), ok(1, "breached"))[-1] == "firing"


def test_keep_firing_needs_a_calm_stretch_without_gaps() -> None:
    gap = Sample("nodata", 25)
    history = [
        ok(0, "breached"),
        ok(10, "cleared"),
        ok(29, "cleared"),
        gap,
        ok(35, "cleared"),
        ok(54, "cleared"),
    ]
    assert set(run_through(rule(keep_firing_steps=20), *history)) == {"firing"}
    assert run_through(rule(keep_firing_steps=20), *history, ok(55, "cleared"))[-1] == "resolved"


def test_calm_stretch_is_not_carried_over_a_resume() -> None:
    """Steps of an old segment say nothing about how long the new one has been calm."""
    history = [
        ok(0, "breached"),
        ok(10, "cleared"),
        ok(40, "cleared", segment=1),
        ok(59, "cleared", segment=1),
    ]
    assert set(run_through(rule(keep_firing_steps=20), *history)) == {"firing"}
    assert run_through(rule(keep_firing_steps=20), *history, ok(60, "cleared", segment=1))[-1] == "resolved"


def test_inhibited_condition_waits_and_fires_when_the_worse_ends() -> None:
    hidden = Sample("ok", 0, breached=True, inhibited_by="worse")
    assert run_through(rule(), hidden, ok(1, "breached")) == ["pending", "firing"]
    state, change = step("r", rule(), INITIAL, hidden)
    assert change is None, "a hidden wait is nobody's news"
    _, change = step("r", rule(), state, ok(1, "cleared"))
    assert change is None
