"""Header, tabs, footer, answer, lists: what fits is shown whole, what does not leaves by importance."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from core.alerts.rule import Rule
from widgets import key_footer, tone
from widgets.alert_table import value_text
from widgets.answer import Answer
from widgets.detail_pane import fact_rows, wrapped
from widgets.entry_list import EntryList, FormEntry
from widgets.key_footer import KeyHint
from widgets.run_header import HeaderFacts, fitted, progress_bar
from widgets.screen_tabs import ScreenTabs, Tab

FACTS = HeaderFacts(
    name="F12-phase4-final",
    symbols=("OGNUSDT",),
    mode="paper",
    status="RUNNING",
    timestep=212_992,
    total=500_000,
    steps_per_second=2310.0,
    eta_seconds=124.0,
)


# The header.


def test_the_header_at_80_columns_says_name_status_steps_percent_and_eta() -> None:
    line = fitted(FACTS, 68).plain
    assert len(line) <= 68
    for part in ("F12-phase4-final", "● RUNNING", "212,992/500,000", "42.6%", "ETA 2m04s"):
        assert part in line


def test_the_full_header_is_the_documented_line() -> None:
    line = fitted(FACTS, 120).plain
    assert line.split() == [
        *("F12-phase4-final", "OGNUSDT", "paper", "●", "RUNNING", "212,992/500,000", "▕████▎", "▏"),
        *("42.6%", "pace", "2,310/s", "ETA", "2m04s"),
    ]


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (120, "Evening checkpoint validation in 1h22m"),
        (68, "Evening checkpoint va… in 1h22m"),
        (60, "Evening check… in 1h22m"),
        (54, ""),
    ],
)
def test_a_time_until_the_next_event_never_stands_without_the_event(width: int, said: str) -> None:
    facts = HeaderFacts(
        name="phase4",
        mode="paper",
        status="FINISHED",
        timestep=500,
        total=500,
        upcoming=("Evening checkpoint validation in 1h22m", "in 1h22m"),
    )
    line = fitted(facts, width).plain
    assert line.endswith(said) if said else "1h22m" not in line, line


def test_the_bar_makes_room_for_the_events_whole_name() -> None:
    event = "Pre-revalidation checklist in 4d06h"
    facts = msgspec.structs.replace(FACTS, status="FINISHED", eta_seconds=None, upcoming=(event, "in 4d06h"))
    roomy, close = fitted(facts, 140).plain, fitted(facts, 108).plain
    assert event in roomy and "▕" in roomy
    assert event in close and "▕" not in close and "%" in close


@given(st.integers(0, 200), st.text(max_size=90), st.integers(0, 10**9))
def test_the_header_never_exceeds_its_width_and_always_keeps_the_status(
    width: int, name: str, step: int
) -> None:
    line = fitted(msgspec.structs.replace(FACTS, name=name, timestep=step), width)
    assert line.cell_length <= width
    if width >= 20:
        assert "RUNNING" in line.plain


def test_a_growing_step_keeps_its_place() -> None:
    """Nothing jumps: the numbers before and after it stand in the same columns."""
    early, late = (
        fitted(msgspec.structs.replace(FACTS, timestep=step), 120).plain for step in (998, 412_992)
    )
    assert early.index("/500,000") == late.index("/500,000") and early.index("ETA") == late.index("ETA")


def test_an_ended_run_has_no_eta_and_no_pace() -> None:
    line = fitted(msgspec.structs.replace(FACTS, status="CRASHED"), 120).plain
    assert "ETA" not in line and "pace" not in line and "■ CRASHED" in line


def test_a_run_without_a_total_has_steps_but_no_bar() -> None:
    line = fitted(msgspec.structs.replace(FACTS, total=None), 120).plain
    assert "212,992 steps" in line and "%" not in line and "▕" not in line


@given(st.floats(-1, 2))
def test_the_bar_is_always_twelve_cells(fraction: float) -> None:
    assert progress_bar(fraction).cell_length == 12


# The tabs.


async def test_tabs_shorten_words_but_keep_numbers_and_badges_at_40_columns() -> None:
    tabs = tuple(Tab(n, word) for n, word in enumerate(("Dashboard", "Alerts", "Checklist"), 1))
    tabs = (*tabs[:1], Tab(2, "Alerts", "2!", "critical"), *tabs[2:])

    class Host(App[None]):
        def compose(self) -> ComposeResult:
            yield ScreenTabs()

    for width in (80, 40, 24):
        app = Host()
        async with app.run_test(size=(width, 3)) as pilot:
            app.query_one(ScreenTabs).show(tabs, 1)
            await pilot.pause()
            text = app.query_one(ScreenTabs).text_lines()[0]
            assert len(text) <= width
            assert all(str(number) in text for number in (1, 2, 3)) and "2!" in text


NAMES = (
    ("Dashboard", "Dash"),
    ("Alerts", "Alerts"),
    ("Checklist", "Checks"),
    ("Logs", "Logs"),
    ("Revalidate", "Reval"),
    ("Standup", "Standup"),
    ("Timeline", "Week"),
    ("Runbook", "Runbook"),
)


@pytest.mark.parametrize(
    ("verdict", "short"),
    [("", ""), ("NO-GO", ""), ("PARTIAL-GO", "4/6"), ("judging", "busy"), ("failed", "")],
)
async def test_eight_tabs_with_their_badges_have_whole_names_at_80_and_120_columns(
    verdict: str, short: str
) -> None:
    badges = {2: ("2!", ""), 5: (verdict, short)}
    tabs = tuple(
        Tab(n, word, badges.get(n, ("", ""))[0], "critical", brief, badges.get(n, ("", ""))[1])
        for n, (word, brief) in enumerate(NAMES, 1)
    )

    class Host(App[None]):
        def compose(self) -> ComposeResult:
            yield ScreenTabs()

    for width, column in ((80, 1), (120, 0)):
        app = Host()
        async with app.run_test(size=(width, 3)) as pilot:
            app.query_one(ScreenTabs).show(tabs, 5)
            await pilot.pause()
            text = app.query_one(ScreenTabs).text_lines()[0]
            assert len(text) <= width and "…" not in text
            assert [f"{n} {names[column]}" for n, names in enumerate(NAMES, 1)] == re.findall(
                r"\d [A-Z][a-z]+", text
            )
            assert (short if width == 80 and short else verdict) in text


async def test_at_60_columns_only_the_open_screen_has_its_name_and_no_number_leaves() -> None:
    class Host(App[None]):
        def compose(self) -> ComposeResult:
            yield ScreenTabs()

    app = Host()
    async with app.run_test(size=(60, 3)) as pilot:
        tabs = tuple(Tab(n, word, short=brief) for n, (word, brief) in enumerate(NAMES, 1))
        app.query_one(ScreenTabs).show(tabs, 7)
        await pilot.pause()
        text = app.query_one(ScreenTabs).text_lines()[0]
        assert re.findall(r"[A-Z]\w+", text) == ["Week"]
        assert re.findall(r"\d", text) == [str(n) for n in range(1, 9)]


async def test_a_click_on_a_tab_names_its_number() -> None:
    chosen: list[int] = []

    class Host(App[None]):
        def compose(self) -> ComposeResult:
            yield ScreenTabs()

        def on_screen_tabs_chosen(self, event: ScreenTabs.Chosen) -> None:
            chosen.append(event.number)

    app = Host()
    async with app.run_test(size=(80, 3)) as pilot:
        tabs = app.query_one(ScreenTabs)
        tabs.show((Tab(1, "Dashboard"), Tab(2, "Alerts", "2!"), Tab(3, "Checklist")), 1)
        await pilot.pause()
        line = tabs.text_lines()[0]
        for word in ("Alerts", "Checklist", "Dashboard"):
            await pilot.click(ScreenTabs, offset=(line.index(word) + 1, 0))
        assert chosen == [2, 3, 1]


# The footer.


HINTS = (
    KeyHint("space", "tick"),
    KeyHint("O", "override"),
    KeyHint("?", "help", sticky=True),
    KeyHint("q", "quit", sticky=True),
)


@pytest.mark.parametrize(
    ("room", "kept"),
    [(80, ["space", "O", "?", "q"]), (30, ["space", "?", "q"]), (20, ["?", "q"]), (14, ["?", "q"]), (3, [])],
)
def test_the_footer_drops_hints_from_the_end_and_keeps_help_and_quit(room: int, kept: list[str]) -> None:
    assert [hint.key for hint in key_footer._fitting(HINTS, room)] == kept


@given(st.integers(0, 60))
def test_the_footer_never_exceeds_its_room(room: int) -> None:
    shown = key_footer._fitting(HINTS, room)
    assert sum(len(hint.key) + 1 + len(hint.words) for hint in shown) + 2 * max(0, len(shown) - 1) <= room


# The answer.


async def test_an_answer_takes_a_second_line_where_it_needs_one_and_never_jumps_back() -> None:
    class Host(App[None]):
        def compose(self) -> ComposeResult:
            yield Answer()

    app = Host()
    async with app.run_test(size=(30, 24)) as pilot:
        answer = app.query_one(Answer)
        for words, height in (
            ("short", 1),
            ("a much longer answer than thirty cells", 2),
            ("short again", 2),
        ):
            answer.say(words, "warning")
            await pilot.pause()
            assert answer.size.height == height
        answer.say("x " * 100)
        await pilot.pause()
        assert answer.text_lines()[-1].endswith("…")


# Lists and words.


@given(st.text(alphabet="ab ", max_size=120), st.integers(8, 40))
def test_wrapping_loses_no_word_and_fits(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_facts_stand_beside_their_labels_and_a_paragraph_hangs_in() -> None:
    facts = [("value", "0.12 against 0.1", "plain"), ("", "words that go on here", "dim"), ("", "end", "dim")]
    texts = ["".join(text for text, _tone in row) for row in fact_rows(facts, 16)]
    assert texts == ["value  0.12", "       against", "       0.1", "words that go", "  on here", "end"]


@pytest.mark.parametrize(
    ("value", "metric", "condition", "text"),
    [
        (0.12, "approx_kl", "above", "0.1200"),
        (-0.001, "reward", "slope_below", "−0.001"),
        (43_200.0, "", "checkpoint_age", "12h00m"),
        (81.2e9, "", "disk_free", "81 GB"),
        (9.6, "", "memory_free", "10 %"),
        (None, "approx_kl", "above", "–"),
        (float("nan"), "value_loss", "above", "nan"),
    ],
)
def test_a_value_is_written_as_its_rule_measures_it(
    value: float | None, metric: str, condition: Any, text: str
) -> None:
    assert value_text(value, Rule(condition=condition, severity="info", metric=metric)) == text


def test_a_value_of_a_rule_that_is_gone_is_the_bare_number() -> None:
    assert value_text(43_200.0, None) == "43,200" and value_text(None, None) == "–"


class Listed(App[None]):
    def compose(self) -> ComposeResult:
        yield EntryList("list")

    def entries(self, count: int, answer: str = "answer") -> tuple[FormEntry, ...]:
        return tuple(FormEntry(f"e{n}", f"group {n // 5}", f"label {n}", answer) for n in range(count))


async def test_every_row_of_a_list_can_be_reached_and_is_then_seen() -> None:
    app = Listed()
    async with app.run_test(size=(50, 8)) as pilot:
        rows = app.query_one(EntryList)
        rows.show(app.entries(23), "")
        await pilot.pause()
        for number in range(23):
            assert any(f"▸   label {number} " in line for line in rows.text_lines()), rows.text_lines()
            assert len(rows.text_lines()) == 8
            rows.move(1)
            await pilot.pause()
        assert "of 32 lines" in rows.text_lines()[-1]
        rows.to(0)
        await pilot.pause()
        assert "group 0" in rows.text_lines()[1], "going back to the first shows its heading"


async def test_an_answer_longer_than_the_row_wraps_in_the_list() -> None:
    app = Listed()
    async with app.run_test(size=(40, 12)) as pilot:
        rows = app.query_one(EntryList)
        rows.show(app.entries(1, "one two three four five six seven eight"), "")
        await pilot.pause()
        text = " ".join(line.strip("│ ") for line in rows.text_lines())
        assert all(word in text for word in ["one", "two", "three", "four", "five", "six", "seven", "eight"])


async def test_an_empty_list_says_what_will_stand_there() -> None:
    app = Listed()
    async with app.run_test(size=(40, 6)) as pilot:
        app.query_one(EntryList).show((), "the template is being filled")
        await pilot.pause()
        assert "the template is being filled" in "\n".join(app.query_one(EntryList).text_lines())


async def test_a_list_that_shrinks_keeps_its_cursor_inside() -> None:
    app = Listed()
    async with app.run_test(size=(50, 8)) as pilot:
        rows = app.query_one(EntryList)
        rows.show(app.entries(20), "")
        rows.to(19)
        rows.show(app.entries(2), "")
        await pilot.pause()
        assert rows.selected is not None and rows.selected.id == "e1"


async def test_the_wheel_and_a_click_move_the_cursor() -> None:
    app = Listed()
    async with app.run_test(size=(50, 12)) as pilot:
        rows = app.query_one(EntryList)
        rows.show(app.entries(5), "")
        await pilot.pause()
        await pilot.click(EntryList, offset=(5, 4))
        assert rows.cursor == 2


def test_in_ascii_every_status_has_a_glyph_of_its_own() -> None:
    tone.use_ascii(True)
    try:
        glyphs = [tone.glyph(each) for each in ("good", "warning", "critical", "unknown")]
        assert len(set(glyphs)) == 4 and all(glyph.isascii() for glyph in glyphs)
        assert progress_bar(0.5).plain.isascii()
    finally:
        tone.use_ascii(False)
