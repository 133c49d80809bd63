"""One object: from a firing alert to its chart, log lines, runbook and acknowledgement, and back."""

from __future__ import annotations

from typing import Any

from console.screens.modals import AskText
from core.store.audit import verify


async def test_the_whole_walk_leads_by_keys_to_one_record_and_back(live: Any) -> None:
    app, text = live.app, live.text
    spike = live.hold_back(4)
    async with app.run_test(size=(100, 30)) as pilot:
        await live.until(pilot, lambda: live.session.snapshot is not None and live.session.snapshot.judged)
        await pilot.press("2")
        await live.until(pilot, lambda: "1 firing" in text() and "kl_spike" not in text())
        live.append(spike)
        await live.until(pilot, lambda: "2 firing" in text())
        await pilot.press("g")
        await live.until(pilot, lambda: "▸ ■ critical kl_spike" in text())

        await pilot.press("enter")
        await live.until(pilot, lambda: live.number == 1 and f"at step {live.spike:,}" in text())
        assert "approx_kl 0.12" in text() and "critical kl_spike 0.1" in text()
        assert "kl_spike fired" in text(), "the mark under the cursor"
        assert f"kl_spike firing at step {live.spike:,}, limit 0.1000: c logs, r runbook" in text()
        assert "a ack  r runbook  c logs" in text().splitlines()[-1]

        await pilot.press("c")
        await live.until(pilot, lambda: live.number == 4 and f"Step {live.spike}/500000" in text())

        await pilot.press("r")
        await live.until(pilot, lambda: live.number == 8 and "approx_kl 0.12, highest 0.12" in text())
        assert "kl_spike fires, nobody has it" in text()
        assert "too many samples hit the clip" in text(), "the causes are ranked by the clip fraction"

        await pilot.press("a")
        await live.until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press(*"rate lowered", "enter")
        await live.until(pilot, lambda: "has it" in text() and "nobody has it" not in text())

        await pilot.press("escape")
        await live.until(pilot, lambda: live.number == 4)
        await pilot.press("escape")
        await live.until(pilot, lambda: live.number == 1 and f"at step {live.spike:,}" in text())
        await pilot.press("escape")
        await live.until(pilot, lambda: live.number == 2 and "rate lowered" in text())
        await pilot.press("escape")
        await live.until(pilot, lambda: live.number == 1)
        assert not app.open_screen._studied and app.open_screen._replay.moment is None
        (entry,) = app.session.clerk.require_store().entries("acknowledge")
    (line,) = [line for line in live.journal.splitlines() if "[ACK]" in line]
    assert "kl_spike" in line and "rate lowered" in line
    assert f"[CRITICAL] kl_spike #1 firing: approx_kl 0.12 > 0.1 at step {live.spike:,}" in live.journal
    assert "kl_spike" in entry.subject and entry.detail["note"] == "rate lowered"
    assert verify(live.workspace.store).whole


async def test_the_dashboard_is_as_it_was_after_a_visit(live: Any) -> None:
    async with live.app.run_test(size=(120, 40)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("j", "h", "plus")
        await pilot.pause()
        dashboard = live.app.open_screen
        before = (dashboard._grid.selected, dashboard._look.cursor, dashboard._look.span)
        await pilot.press("2")
        await live.until(pilot, lambda: "kl_spike" in live.text())
        await pilot.press("enter")
        await live.until(pilot, lambda: live.number == 1 and dashboard._studied)
        assert dashboard._grid.selected == "approx_kl" and dashboard._look.cursor == live.spike
        await pilot.press("l", "escape")
        await live.until(pilot, lambda: live.number == 2)
        await pilot.press("1")
        await live.until(pilot, lambda: live.number == 1)
        assert (dashboard._grid.selected, dashboard._look.cursor, dashboard._look.span) == before
        assert not dashboard._studied


async def test_a_screen_by_its_number_begins_a_new_way(live: Any) -> None:
    async with live.app.run_test(size=(100, 30)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("2", "r")
        await live.until(pilot, lambda: live.number == 8)
        await pilot.press("3")
        await live.until(pilot, lambda: live.number == 3)
        assert live.app.trail.empty and not live.app.trail.alert
        await pilot.press("escape")
        await live.until(pilot, lambda: live.number == 1)


async def test_r_on_the_dashboard_is_the_runbook_of_the_worst_alert_and_q_leads_back(live: Any) -> None:
    async with live.app.run_test(size=(80, 24)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("r")
        await live.until(pilot, lambda: live.number == 8 and "The KL divergence spikes" in live.text())
        await pilot.press("q")
        await live.until(pilot, lambda: live.number == 1)


async def test_an_alert_without_a_metric_says_what_leads_on(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert(rule="crash", metric="", runbook="crash")]))
        await pilot.press("2", "enter")
        await pilot.pause()
        assert given.app.open_screen.number == 2
        assert "crash is about no metric" in given.text() and "r what to do" in given.text()
