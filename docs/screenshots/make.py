"""Draws the pictures of the documents: ``python docs/screenshots/make.py WORKSPACE [PICTURE …]``.

Each is what the program shows at 120x40 cells, reached by keys. `WORKSPACE` holds a run that has ended and
was judged; a second one is started in it for the pictures of a live run, and stopped.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from console.app import ConsoleApp
from console.session import ConsoleSession
from core.clock import utc_now
from core.telemetry.reader import RunReader
from core.workspace import Workspace, open_workspace

ENDED = {
    "rules": ("2", "tab"),
    "checklist": ("3",),
    "logs": ("4",),
    "revalidate": ("5",),
    "gate": ("5", "down", "down", "enter"),
    "signoff": ("5", "S"),
    "standup": ("6",),
    "timeline": ("7",),
    "help": ("1", "question_mark"),
    "training": ("1", "T", "f"),
}
LIVE = {
    "alerts": ("2",),
    "runbook": ("2", "r"),
    "dashboard": ("1",),
    "sources": ("1", "i"),
    "metric": ("1", "enter", "h", "h", "h", "h"),
}
LIVE_FROM = 45_000
"""Steps of the live run before it is drawn."""
SETTLE = 4.0
"""Seconds for the workers to read the run and evaluate the lists."""
LOOKING = "being&#160;looked&#160;at"
"""What a list says of itself until its items are evaluated, however slow the machine is."""
SHOWN_ROOT = "/srv/week9"


def elsewhere(picture: str, root: str) -> str:
    """The picture as of a workspace at `SHOWN_ROOT`; each text keeps its number of cells.

    A folder whose path is as long is broken into lines in the same places, and is found whole.
    """
    blank = "&#160;" * max(0, len(root) - len(SHOWN_ROOT))

    def moved(text: re.Match[str]) -> str:
        return text.group().replace(root, SHOWN_ROOT) + blank * text.group().count(root)

    return re.sub(f"[^<>]*{re.escape(root)}[^<>]*", moved, picture)


async def draw(workspace: Workspace, pictures: dict[str, tuple[str, ...]]) -> None:
    """Write `NAME.svg` beside this file for each of `pictures`, which are keys from any screen."""
    session = ConsoleSession(workspace, None)
    session.start()
    app = ConsoleApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(SETTLE)
        await pilot.press("2")
        for name, keys in pictures.items():
            for key in keys:
                await pilot.press(key)
                await pilot.pause(SETTLE if key in "3567rT" else 0.5)
            path = Path(__file__).with_name(f"{name}.svg")
            picture = app.export_screenshot(title="ppo-console", simplify=True)
            while LOOKING in picture:
                await pilot.pause(0.5)
                picture = app.export_screenshot(title="ppo-console", simplify=True)
            path.write_text(elsewhere(picture, str(workspace.root)), encoding="utf-8")
            print(path)
            while len(app.screen_stack) > 1:
                await pilot.press("escape")
    session.close()


def start_live(root: Path) -> None:
    """A new training, far enough for its charts to tell something."""
    console: tuple[Any, ...] = (sys.executable, "-m", "console", "--workspace", root)
    subprocess.run((*console, "train", "--fresh", "--detach", "--tag", "week9", "--timestamp"), check=True)
    workspace = open_workspace(root, root)
    reader = RunReader(workspace.logs, checkpoints=None, now=utc_now())
    while (reader.run.timestep or 0) < LIVE_FROM:
        asyncio.run(asyncio.sleep(0.5))
        reader.poll(utc_now())
    reader.close()


def main(root: Path, names: list[str]) -> None:
    def wanted(pictures: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {name: keys for name, keys in pictures.items() if not names or name in names}

    asyncio.run(draw(open_workspace(root, root), wanted(ENDED)))
    if live := wanted(LIVE):
        start_live(root)
        try:
            asyncio.run(draw(open_workspace(root, root), live))
        finally:
            subprocess.run((sys.executable, "-m", "console", "--workspace", root, "stop"), check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
