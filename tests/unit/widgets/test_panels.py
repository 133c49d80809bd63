"""Tiles, lines panels and flowing facts: fixed places, nothing lost."""

from __future__ import annotations

from typing import Any

from textual.geometry import Region

from widgets.flow_line import FlowLine
from widgets.lines_panel import LinesPanel
from widgets.row_list import RowList
from widgets.tiles import Tile, Tiles


async def test_tiles_are_right_aligned_and_stay_in_their_place(holding: Any) -> None:
    """A shorter number leaves the column where it was."""
    tiles = Tiles()
    async with holding(tiles).run_test(size=(40, 8)) as pilot:
        tiles.show(
            [Tile("policy_loss", "-0.0150", values=[1.0, 2.0]), Tile("clip_fraction", "0.081", values=[1.0])]
        )
        await pilot.pause()
        first, second = tiles.text_lines()[1:3]
        end = first.index("-0.0150") + 7
        assert second.index("0.081") + 5 == end
        tiles.show(
            [Tile("policy_loss", "0.1", values=[1.0, 2.0]), Tile("clip_fraction", "0.081", values=[1.0])]
        )
        await pilot.pause()
        assert tiles.text_lines()[1].index("0.1") + 3 == end


async def test_a_changed_number_repaints_its_cells_only(holding: Any, monkeypatch: Any) -> None:
    tiles = Tiles()
    async with holding(tiles).run_test(size=(40, 8)) as pilot:
        tiles.show([Tile("a", "1.00", values=[1.0]), Tile("disk free", "81 GB")])
        await pilot.pause()
        seen: list[Region] = []
        monkeypatch.setattr(tiles, "refresh", lambda *regions, **_: seen.extend(regions))
        tiles.show([Tile("a", "1.01", values=[1.0]), Tile("disk free", "81 GB")])
        assert [region.area for region in seen] == [1]


async def test_tiles_that_do_not_fit_can_be_paged_to(holding: Any) -> None:
    tiles = Tiles()
    async with holding(tiles).run_test(size=(30, 5)) as pilot:
        tiles.show([Tile(f"metric{index}", str(index)) for index in range(7)])
        await pilot.pause()
        assert "1–3 of 7" in tiles.text_lines()[0]
        seen = "\n".join(tiles.text_lines())
        while tiles.page():
            await pilot.pause()
            seen += "\n".join(tiles.text_lines())
        assert all(f"metric{index}" in seen for index in range(7))


async def test_empty_tiles_say_what_will_stand_there(holding: Any) -> None:
    tiles = Tiles(empty="after the first row")
    async with holding(tiles).run_test(size=(30, 5)) as pilot:
        tiles.show([])
        await pilot.pause()
        assert "after the first row" in "\n".join(tiles.text_lines())


async def test_a_lines_panel_wraps_and_scrolls(holding: Any) -> None:
    panel = LinesPanel("recommendation")
    async with holding(panel).run_test(size=(24, 6)) as pilot:
        panel.show(
            [
                [("one two three four five six seven eight nine ten eleven twelve", "plain")],
                [("end", "plain")],
            ]
        )
        await pilot.pause()
        assert "1–4 of 5" in panel.text_lines()[0]
        panel.move(100)
        await pilot.pause()
        assert "end" in "\n".join(panel.text_lines())
        panel.move(-100)
        assert "one two" in panel.text_lines()[1]


async def test_facts_flow_into_more_rows_instead_of_being_cut(holding: Any) -> None:
    line = FlowLine()
    async with holding(line).run_test(size=(30, 6)) as pilot:
        line.put([[("model best_model.zip", "plain")], [("data data/backtest", "plain")]])
        await pilot.pause()
        assert [text.strip() for text in line.text_lines()] == ["model best_model.zip", "data data/backtest"]
        line.put([])
        await pilot.pause()
        assert line.size.height == 0


class Hundred(RowList):
    """The item under the cursor says more."""

    def __init__(self) -> None:
        super().__init__("hundred")
        self.word = "item"
        self.drawn: list[int] = []

    @property
    def count(self) -> int:
        return 100

    def item_rows(self, index: int, width: int) -> list[Any]:
        self.drawn.append(index)
        more = [[("more", "dim")]] if index == self.cursor else []
        return [[(f"{self.word} {index}", "plain")], *more]


async def test_a_cursor_that_moves_draws_the_two_items_it_leaves_and_meets(holding: Any) -> None:
    rows = Hundred()
    async with holding(rows).run_test(size=(30, 12)) as pilot:
        rows.redraw()
        await pilot.pause()
        rows.drawn.clear()
        rows.move(1)
        await pilot.pause()
        assert rows.drawn == [0, 1]
        assert [line.strip(" │") for line in rows.text_lines()[1:5]] == [
            "item 0",
            "▸ item 1",
            "more",
            "item 2",
        ]
        rows.word = "other"
        rows.redraw()
        await pilot.pause()
        assert "other 2" in "\n".join(rows.text_lines())


def test_the_week_stands_at_an_event_that_applies_and_a_day_of_none_is_no_zero_of_zero() -> None:
    from widgets.event_list import EventList, EventRow

    def row(at: int, state: str, *, ahead: bool) -> EventRow:
        return EventRow(f"e{at}", "Mon", "10:00", "check", "ML", state, ahead)

    events = EventList()
    events.events = (*(row(at, "n/a", ahead=at > 0) for at in range(3)), row(3, "later", ahead=True))
    assert events.here == 3
    events.events = (row(0, "done", ahead=True), row(1, "due", ahead=True))
    assert events.here == 1
    events.events = (row(0, "done", ahead=False), row(1, "n/a", ahead=True))
    assert events.here == 0
    events.events = (row(0, "n/a", ahead=True),)
    heading = "".join(text for line in events.heading_rows(0, 80) for text, _tone in line)
    assert "n/a" in heading and "0 of 0" not in heading
