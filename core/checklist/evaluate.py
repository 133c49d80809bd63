"""From items, readings and ticks to results.

Owns the rules of an airliner's electronic checklist: sensed items judge themselves, manual ones wait for a
person, an override stays visible, and a ticked item that goes bad un-ticks itself. Trap avoided: one sensor
that hangs or raises taking the whole list with it; each is bounded in time and its failure is its own item's
UNKNOWN.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist.item import Item, Reading, unknown
from core.checklist.model import ItemResult, ItemState
from core.clock import iso
from core.errors import ConsoleError
from core.text import visible
from core.units import age, duration
from core.wording.say import say

if TYPE_CHECKING:
    from core.store.ticks import Tick
    from core.store.view import Records

Sense = Callable[[Item], Reading]
SENSOR_SECONDS = 5.0


def evaluate(
    items: Sequence[Item],
    sense: Sense,
    store: Records | None,
    now: datetime,
    *,
    tick_valid_seconds: float | None = None,
    sensor_seconds: float = SENSOR_SECONDS,
) -> tuple[ItemResult, ...]:
    """The state of each item now, in order.

    Without a store nothing is ticked. A tick older than `tick_valid_seconds` counts no more. Un-ticks, in
    the store, what is ticked and sensed to fail.
    """
    ticks = store.ticks() if store is not None else {}
    return tuple(
        evaluate_item(
            item,
            sense_within(sense, item, item.seconds or sensor_seconds) if item.sensor else None,
            ticks,
            store,
            now,
            tick_valid_seconds,
        )
        for item in items
    )


def sense_within(sense: Sense, item: Item, seconds: float) -> Reading:
    """The sensor's reading, or UNKNOWN with the reason when it raises or takes longer than `seconds`."""
    box: list[Reading] = []

    def look() -> None:
        try:
            box.append(sense(item))
        except ConsoleError as error:
            box.append(unknown(visible(error.title, 300)))
        except Exception as error:  # noqa: BLE001 - whatever a sensor meets is this item's UNKNOWN
            box.append(unknown(visible(f"could not be looked at: {type(error).__name__}: {error}", 300)))

    thread = threading.Thread(target=look, name=f"sensor {item.id}", daemon=True)
    thread.start()
    thread.join(seconds)
    return box[0] if box else unknown(f"no answer within {duration(seconds)}")


def evaluate_item(
    item: Item,
    reading: Reading | None,
    ticks: Mapping[str, Tick],
    store: Records | None,
    now: datetime,
    tick_valid_seconds: float | None = None,
) -> ItemResult:
    """One item from its reading (None: nothing can be sensed of it) and its tick."""
    reading = _not_stale(reading) if reading is not None else None
    tick = ticks.get(item.id)
    if tick is not None and tick.state in ("overridden", "not_applicable"):
        return _passed_over(item, reading, tick)
    notes = [reading.message] if reading is not None and reading.message else []
    ticked = tick is not None and tick.state == "ticked"
    unticked: datetime | None = None
    if ticked and tick is not None and tick_valid_seconds is not None:
        since = (now - tick.at).total_seconds()
        if since > tick_valid_seconds:
            ticked = False
            if not tick.sensed:
                notes.append(f"ticked {age(since)} ago by {tick.operator}: too long ago, look again")
    elif tick is not None and tick.state == "unticked" and tick.note:
        notes.append(f"un-ticked {iso(tick.at)}: {tick.note}")
        unticked = tick.at
    if ticked and tick is not None and (reason := _why_void(reading, tick)):
        if store is not None:
            store.untick(item.id, now, reason, tick)
        who = "the preflight" if tick.sensed else tick.operator
        notes.append(f"was ticked by {who}, {iso(tick.at)}; un-ticked itself: {reason}")
        ticked, unticked = False, now
    by_person = ticked and tick is not None and not tick.sensed
    state = _state(item, reading, by_person)
    if item.kind == "sensed_look" and state == "pending" and reading is not None and reading.state != state:
        notes.append("sensed good; needs a look and a tick")
    said = "; ".join(say(note, item.language) for note in notes)
    return _result(item, reading, state, said, tick if by_person else None, unticked)


def _why_void(reading: Reading | None, tick: Tick) -> str:
    """Why a tick no longer holds, or empty."""
    if reading is None:
        return ""
    if reading.state == "fail":
        return f"sensed to fail: {reading.message or reading.value}"
    if tick.evidence and reading.evidence and tick.evidence != reading.evidence:
        return f"it rested on {tick.evidence}, now it is {reading.evidence}"
    return ""


def _state(item: Item, reading: Reading | None, ticked: bool) -> ItemState:
    if reading is None:
        return "pass" if ticked else "pending"
    if item.kind == "manual":
        if ticked or reading.state == "pass":
            return "pass"
        return reading.state if reading.state in ("not_applicable", "fail") else "pending"
    if item.kind == "sensed_look" and reading.state in ("pass", "warn"):
        return reading.state if ticked else "pending"
    return reading.state


def _not_stale(reading: Reading) -> Reading:
    if (
        reading.stale_after is not None
        and reading.age_seconds is not None
        and reading.age_seconds > reading.stale_after
        and reading.state in ("pass", "warn", "fail")
    ):
        return Reading(
            "unknown",
            reading.value,
            reading.limit,
            reading.source,
            reading.age_seconds,
            message=f"stale: the value is {age(reading.age_seconds)} old",
            evidence=reading.evidence,
        )
    return reading


def _passed_over(item: Item, reading: Reading | None, tick: Tick) -> ItemResult:
    """An override or not applicable: a person's word, with what is sensed beside it."""
    words = f"{tick.operator}: {tick.note}"
    if reading is not None and item.kind != "manual":
        words += f"; {say(f'sensed: {reading.state}', item.language)}"
        words += f" ({say(reading.message, item.language)})" if reading.message else ""
    if tick.state == "overridden":
        return _result(item, reading, "overridden", f"{say('overridden by', item.language)} {words}", tick)
    message = f"{say('not applicable, says', item.language)} {words}"
    return _result(item, reading, "not_applicable", message, tick)


def _result(
    item: Item,
    reading: Reading | None,
    state: ItemState,
    message: str,
    tick: Tick | None,
    unticked: datetime | None = None,
) -> ItemResult:
    who = visible(tick.operator) if tick is not None else None

    def in_words(value: str | float | None) -> str | float | None:
        return say(value, item.language) if isinstance(value, str) else value

    return ItemResult(
        id=item.id,
        text=item.text,
        group=item.group,
        kind=item.kind,
        on_fail=(reading.on_fail if reading is not None else None) or item.on_fail,
        state=state,
        value=in_words(reading.value) if reading is not None else None,
        limit=in_words(reading.limit) if reading is not None else None,
        source=(say(reading.source, item.language) if reading is not None and reading.source else who),
        age_seconds=reading.age_seconds if reading is not None else None,
        message=visible(message, 600),
        ticked_by=who,
        ticked_at=iso(tick.at) if tick is not None else None,
        unticked_at=iso(unticked) if unticked is not None else None,
        owner=item.owner,
        due=iso(item.due) if item.due is not None else None,
        action=item.action,
        key=item.key,
        evidence=reading.evidence if reading is not None else "",
    )
