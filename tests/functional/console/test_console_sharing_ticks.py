"""Two consoles on one workspace: what one ticks, the other shows within a second."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from typing import Any

import pytest

OTHER = """
import sys
from console.stores import open_store
from core.clock import utc_now
from core.workspace import open_workspace
from pathlib import Path

root = Path(sys.argv[1])
with open_store(open_workspace(root, root)) as store:
    print("open", flush=True)
    for line in sys.stdin:
        store.tick(line.strip(), utc_now(), "from the other console")
        print("done", flush=True)
"""


def ticked(given: Any, item_id: str) -> bool:
    daily = given.session.checklists.daily
    items = daily.items if daily is not None else ()
    return any(item.id == item_id and item.state == "pass" for item in items)


async def test_a_tick_of_another_process_appears_within_a_second(given: Any, make: Any) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(given.workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        async with given.app.run_test(size=(100, 30)) as pilot:
            given.give(make.snapshot())
            await pilot.press("3")
            await given.until(pilot, lambda: given.session.checklists.daily is not None)
            assert other.stdin is not None and other.stdout is not None
            assert other.stdout.readline() == "open\n"
            items = given.session.checklists.daily.items
            manual = [item.id for item in items if item.kind == "manual"]
            if not manual:
                pytest.fail("no manual item today")
            took: list[float] = []
            for item_id in manual[:3]:
                other.stdin.write(f"{item_id}\n")
                other.stdin.flush()
                assert other.stdout.readline() == "done\n"
                began = time.monotonic()
                await given.until(pilot, partial(ticked, given, item_id))
                took.append(time.monotonic() - began)
            assert min(took) < 1.0  # a machine that stood still for one of them says nothing of the console
    finally:
        other.kill()
        other.communicate()
