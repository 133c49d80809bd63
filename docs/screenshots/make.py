"""Draws a picture of each screen of a workspace: ``python docs/screenshots/make.py WORKSPACE [SCREEN …]``.

The pictures are what the program shows at 120x40 cells, by keys, on the run that the workspace holds.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from console.app import ConsoleApp
from console.session import ConsoleSession
from core.workspace import open_workspace

SCREENS = {
    "dashboard": "1",
    "alerts": "2",
    "checklist": "3",
    "logs": "4",
    "revalidate": "5",
    "standup": "6",
    "timeline": "7",
    "runbook": "1r",
}
SLOW = ("checklist", "standup", "revalidate", "timeline", "runbook")
SETTLE = 4.0
"""Seconds for the workers to read the run and evaluate the lists."""


SHOWN_ROOT = "/srv/week9"


def elsewhere(picture: str, root: str) -> str:
    """The picture as of a workspace at `SHOWN_ROOT`; each text keeps its number of cells."""
    blank = "&#160;" * max(0, len(root) - len(SHOWN_ROOT))
    return re.sub(re.escape(root) + "([^<]*)", rf"{SHOWN_ROOT}\1{blank}", picture)


async def draw(workspace: Path, names: list[str]) -> None:
    """Write `NAME.svg` beside this file for each of `names`."""
    session = ConsoleSession(open_workspace(workspace, workspace), None)
    session.start()
    app = ConsoleApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(SETTLE)
        for name in names:
            await pilot.press(*SCREENS[name])
            await pilot.pause(SETTLE if name in SLOW else 1.0)
            path = Path(__file__).with_name(f"{name}.svg")
            picture = app.export_screenshot(title="ppo-console")
            path.write_text(elsewhere(picture, str(workspace.resolve())), encoding="utf-8")
            print(path)
    session.close()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), sys.argv[2:] or list(SCREENS)))
