"""Which rows need no look: the first one that could change a rule, found without judging each before it.

Most rows of a long history change nothing: a rule at rest stays at rest, a firing one goes on firing. Trap
avoided: a short way that ends elsewhere than the long one; what is passed over leaves exactly what judging it
row by row would.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping

from core.alerts.evaluate import FALLING, RowJudge, applies, judge, whole
from core.alerts.machine import Mark, State, seconds_passed, steps_passed, still_firing
from core.alerts.rule import Rule
from core.telemetry.model import Series

_CHUNK = 1024
_MOST = sys.float_info.max
_RESTING = ("inactive", "resolved")


def windowed(
    own: RowJudge, state: State, series: Series, start: int, started: float | None
) -> tuple[int, State]:
    """For a rule with a window: (the first index from `start` whose row must be judged, the state after the
    rows before it, which the window then holds).

    That is, at rest, a row that is breached; blind (`nodata`), one that is finite; firing, one that may end
    it or has no value; and always the first row of a segment and one that is not finite.
    """
    if own.scanned is not None or own.rule.within_seconds or state.name == "pending":
        return start, state
    end = _segment_end(series, start)
    if state.name == "firing":
        return _firing(own, state, series, start, end, started)
    return _resting(own, state.name == "nodata", series, start, end, started), state


def _resting(own: RowJudge, blind: bool, series: Series, start: int, end: int, started: float | None) -> int:
    rule, window = own.rule, own.window
    assert window is not None
    falling, edge = _edge(rule)
    warm = not (rule.warm_up_steps or rule.warm_up_seconds)
    for index, timestep, raw, time in _rows(series, start, end):
        if not math.isfinite(raw):
            return index
        found = window.add(timestep, raw, time)
        if not warm:
            warm = 0 < rule.warm_up_steps <= timestep
            if not warm and not blind and not _applies(rule, timestep, time, started):
                continue
        if found is None:
            fills = own.fills(time)
            if (fills and not blind) or (blind and warm and not fills):
                continue
        elif not blind and not (found < edge if falling else found > edge):
            continue
        own.scanned = math.nan if found is None else found
        return index
    return end


def _firing(
    own: RowJudge, state: State, series: Series, start: int, end: int, started: float | None
) -> tuple[int, State]:
    rule, window = own.rule, own.window
    assert window is not None
    falling, edge = _edge(rule)
    warm = not (rule.warm_up_steps or rule.warm_up_seconds)
    segment = bisect_right(series.segments, start) - 1
    value, clearing = state.value, state.clearing
    stop = end
    for index, timestep, raw, time in _rows(series, start, end):
        stop = index
        if not math.isfinite(raw):
            break
        found = window.add(timestep, raw, time)
        warm = warm or 0 < rule.warm_up_steps <= timestep
        if found is not None and (warm or _applies(rule, timestep, time, started)):
            if found < edge if falling else found > edge:
                value, clearing = found, None
                continue
            if not judge(rule, found)[1]:
                clearing = None
                continue
            if clearing is not None and timestep - (clearing.timestep or 0) < rule.keep_firing_steps:
                continue
            here = Mark(whole(timestep), time if math.isfinite(time) else None, segment)
            since = clearing or here
            if (
                steps_passed(since, here) < rule.keep_firing_steps
                or seconds_passed(since, here) < rule.keep_firing_seconds
            ):
                clearing = since
                continue
        own.scanned = math.nan if found is None else found
        break
    else:
        stop = end
    return stop, still_firing(state, value, clearing) if stop > start else state


def banded(
    rules: Mapping[str, Rule],
    states: Mapping[str, State],
    judges: Mapping[str, RowJudge],
    waiting: Collection[str],
    series: Series,
    start: int,
    started: float | None,
) -> int:
    """For rules that hold the values of one series against thresholds: the first index from `start` whose row
    must be judged. `waiting`: the rules that wait behind a worse one that is firing.

    Of rows at which rules go on firing or waiting, the last is judged: it leaves its value.
    """
    if start >= len(series):
        return start
    if not math.isfinite(series.value[start]):
        return _blind(rules, states, series, start, started)
    low, high, held = -_MOST, _MOST, False
    segment = bisect_right(series.segments, start) - 1
    early: list[Rule] = []
    for name, rule in rules.items():
        state = states[name]
        if state.name in _RESTING:
            if judges[name].bad:
                return start
            if rule.within_seconds:
                early.append(rule)
            else:
                low, high = _quiet(rule, low, high)
        elif _lasts(rule) and (state.name == "firing" or (name in waiting and _began(state) == segment)):
            if rule.condition == "not_finite":
                return start
            held = True
            low, high = _breached(rule, low, high)
        else:
            return start
    end = _segment_end(series, start) if held else len(series)
    for begin in range(start, end, _CHUNK):
        last = min(begin + _CHUNK, end)
        least, most = low, high
        for rule in early:
            if _in_force(rule, series, begin, last, started):
                least, most = _quiet(rule, least, most)
        values = series.value[begin:last]
        if least <= min(values) and max(values) <= most and math.isfinite(sum(values)):
            continue
        loud = next((index for index, value in enumerate(values, begin) if not least <= value <= most), last)
        if loud < last:
            end = loud
            break
    return max(start, end - 1) if held else end


def unmoved(own: RowJudge, state: State, series: Series, start: int) -> int:
    """For a rule that watches for values that are not finite: the first index from `start` whose row must be
    judged: at rest one that is not finite, firing one that is another than the newest of its series."""
    if state.name in _RESTING and not own.bad:
        return _while_all(math.isfinite, series, start, len(series))
    if state.name != "firing" or not own.bad or not _lasts(own.rule):
        return start
    newest = own.bad[min(own.bad)]
    if state.value is None or not _same(state.value, newest) or state != still_firing(state, state.value):
        return start
    bad = own.bad.get(series.name)
    test = math.isfinite if bad is None else math.isnan if math.isnan(bad) else bad.__eq__
    return _while_all(test, series, start, _segment_end(series, start))


def _blind(
    rules: Mapping[str, Rule], states: Mapping[str, State], series: Series, start: int, started: float | None
) -> int:
    """The first index from `start` with a value, where rows without one leave all rules as they are."""
    early: list[Rule] = []
    for name, rule in rules.items():
        state = states[name]
        if rule.condition == "not_finite":
            return start
        if rule.within_seconds and state.name == "inactive":
            early.append(rule)
        elif state.name != "resolved" and not (_lasts(rule) and _without_data(state)):
            return start
    for begin in range(start, len(series), _CHUNK):
        last = min(begin + _CHUNK, len(series))
        if any(_in_force(rule, series, begin, last, started) for rule in early):
            return begin
        if (stop := _while_all(math.isnan, series, begin, last)) < last:
            return stop
    return len(series)


def _began(state: State) -> int | None:
    """The segment in which the state began."""
    return None if state.since is None else state.since.segment


def _without_data(state: State) -> bool:
    """One more row without data changes nothing."""
    return state.name == "nodata" or (state.no_data and state.clearing is None)


def _quiet(rule: Rule, low: float, high: float) -> tuple[float, float]:
    """The values between `low` and `high` at which the rule stays at rest."""
    if rule.condition == "above":
        return low, min(high, rule.threshold)
    return (max(low, rule.threshold), high) if rule.condition == "below" else (low, high)


def _breached(rule: Rule, low: float, high: float) -> tuple[float, float]:
    """The values between `low` and `high` at which the rule is breached."""
    if rule.condition == "above":
        return max(low, math.nextafter(rule.threshold, math.inf)), high
    return low, min(high, math.nextafter(rule.threshold, -math.inf))


def _lasts(rule: Rule) -> bool:
    """It is in force at every row."""
    return not (rule.within_seconds or rule.warm_up_steps or rule.warm_up_seconds)


def _in_force(rule: Rule, series: Series, begin: int, end: int, started: float | None) -> bool:
    """At one of these rows at least, a rule of the run's first seconds may be in force."""
    within = rule.within_seconds
    return started is not None and any(0 <= time - started <= within for time in series.time[begin:end])


def _applies(rule: Rule, timestep: float, time: float, started: float | None) -> bool:
    return applies(rule, timestep, time - started if started is not None and math.isfinite(time) else None)


def _edge(rule: Rule) -> tuple[bool, float]:
    """(whether values below are breached, the value past which they are)"""
    if rule.condition == "flat":
        return True, math.nextafter(rule.threshold, math.inf)
    return rule.condition in FALLING, rule.threshold


def _same(one: float, two: float) -> bool:
    return one == two or (math.isnan(one) and math.isnan(two))


def _segment_end(series: Series, start: int) -> int:
    """Where the next segment begins, `start` itself when one begins there."""
    place = bisect_left(series.segments, start)
    return series.segments[place] if place < len(series.segments) else len(series)


def _rows(series: Series, start: int, end: int) -> Iterator[tuple[int, float, float, float]]:
    """(index, timestep, value, time)"""
    for begin in range(start, end, _CHUNK):
        last = min(begin + _CHUNK, end)
        columns = (column[begin:last] for column in (series.timestep, series.value, series.time))
        yield from zip(range(begin, last), *columns, strict=True)


def _while_all(test: Callable[[float], bool], series: Series, start: int, end: int) -> int:
    """The first index from `start` whose value fails the test."""
    for begin in range(start, end, _CHUNK):
        values = series.value[begin : min(begin + _CHUNK, end)]
        if not all(map(test, values)):
            return next(index for index, value in enumerate(values, begin) if not test(value))
    return end
