"""Finding and filtering: in the whole file, around its end, in lines that arrive."""

from __future__ import annotations

import re
from typing import Any


async def test_find_goes_to_the_newest_and_on_around_the_end(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("slash", *"step 4", "enter")
        text = await logs.until(pilot, "/step 4 6 found")
        assert "▸training 2026-02-24 09:24:00 [INFO] Step 49152/" in text
        await pilot.press("N")
        await logs.until(pilot, "▸training 2026-02-24 09:23:00 [INFO] Step 47104/")
        await pilot.press("n", "n")
        await logs.until(pilot, lambda text: "▸training" in text and "Step 4096/" in text)
        assert "went on around the end" in given.text()
        await pilot.press("escape")
        await logs.until(pilot, lambda text: "/step 4" not in text)
        assert given.app.open_screen.number == 4
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.open_screen.number == 1


async def test_find_looks_through_the_whole_file_not_only_the_window(logs: Any, given: Any) -> None:
    logs.write("training.log", ["2026-02-23 00:00:00 [INFO] the needle", *logs.training * 400])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        assert len(given.app.open_screen._view.window.lines) < 2_000
        await pilot.press("slash", *"NEEDLE", "enter")
        await logs.until(pilot, "▸training 2026-02-23 00:00:00 [INFO] the needle")
        assert "line 1 of 24,001" in given.text()
        await pilot.press("slash", *"no such thing", "enter")
        await logs.until(pilot, "not found: no such thing")


async def test_lines_that_arrive_are_found_too(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("slash", *"boom", "enter")
        await logs.until(pilot, "/boom 1 found")
        logs.write("training.log", ["2026-02-24 10:00:00 [INFO] boom again"])
        await logs.look()
        await logs.until(pilot, "/boom 2 found")


async def test_filter_shows_only_matching_lines_with_their_tracebacks(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("ampersand", *"value_loss", "enter")
        text = await logs.until(pilot, "&value_loss 1 line")
        assert "[ERROR] nan in value_loss" in text and "boom" in text and "[INFO]" not in text
        await pilot.press("ampersand", *"boom", "enter")
        text = await logs.until(pilot, "&boom 1 line")
        assert "[ERROR] nan in value_loss" in text, "a match in the traceback shows its line"
        await pilot.press("ampersand", *"nothing like it", "enter")
        await logs.until(pilot, "No line with “nothing like it”")
        await pilot.press("escape")
        await logs.until(pilot, lambda text: "Step 118784" in text and "&" not in text.splitlines()[4])


async def test_find_within_a_filter_stays_within_it(logs: Any, given: Any) -> None:
    logs.write(
        "training.log",
        [f"2026-02-24 09:00:{n % 60:02d} [INFO] {'odd' if n % 2 else 'even'} x{n}" for n in range(60)],
    )
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("ampersand", *"odd", "enter")
        await logs.until(pilot, "&odd 30 lines")
        await pilot.press("slash", *"x3", "enter")
        await logs.until(pilot, "odd x39")
        for number in (37, 35, 33, 31, 3):
            await pilot.press("N")
            await logs.until(pilot, lambda text, n=number: re.search(rf"▸.* odd x{n}\s", text) is not None)
