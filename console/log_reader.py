"""The Logs screen's own thread: reads windows, searches and counts, and tells the screen what it found.

It runs only while there is a Logs screen. Traps avoided: a file on a slow disk read on the UI thread;
messages that pile up behind a stalled terminal (one is under way at a time, the screen takes the newest
picture); a search that makes the keys wait (requests come before the next block).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from console.log_news import At, LogNews, LogOpened, LogPicture, LogSaid
from console.mailbox import Post
from core.clock import utc_now
from core.errors import UsageError
from core.logs.book import LogBook
from core.logs.file import Moved
from core.logs.lines import step
from core.logs.target import Target, parse_target
from core.logs.viewer import LogViewer
from core.logs.whole import read_whole
from core.logs.window import Window, line_time
from core.text import visible
from widgets.tone import Tone

_TELL_EVERY = 0.4
"""Seconds between two pictures while files are gone through."""
_LARGE = 50_000_000
"""Bytes of logs in which a step is not found at once."""
_SLICE = 0.02
"""Seconds of searching between two looks for a request."""

Request = Callable[[], None]


class LogReader:
    """Its methods return at once; `post` takes its messages from the reader's thread."""

    def __init__(self, folder: Path, post: Post) -> None:
        self.picture = LogPicture()
        self.at = At()
        """Where the screen is; set whenever that changes, and before a request."""
        self._viewer = LogViewer(LogBook(folder))
        self._post = post
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._looking = False
        self._under_way = False
        self._told = 0.0
        self._dirty = False
        self._unsaid = False
        self._more = False
        """There is more to search or count."""
        self._jump: tuple[Callable[[], bool | None], str] | None = None
        """Where to go as soon as the search knows, and the words when it finds nothing."""
        self._asked = 0
        self._serving = 0
        self._thread = threading.Thread(target=self._work, name="log-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._asked += 1
        self._requests.put(None)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def received(self) -> LogPicture:
        """The screen handles a `LogNews`: the newest picture; a later one is a new message."""
        self._under_way = False
        return self.picture

    # Requests.

    def look(self) -> None:
        """The files may have changed."""
        if not self._looking:
            self._looking = True
            self._requests.put(self._look)

    def choose(self, name: str | None) -> None:
        """Show one file, or (None) all that carry times."""
        self._ask(lambda: self._viewer.choose(name))

    def to_end(self) -> None:
        self._ask(self._viewer.to_end)

    def to_start(self) -> None:
        self._ask(self._viewer.to_start)

    def extend(self, direction: int) -> None:
        """The screen comes near the window's last line (+1) or its first (-1)."""
        self._requests.put(lambda: self._viewer.extend(direction))

    def go_to(self, target: Target) -> None:
        """To a step or a time; says where no line names such a step."""
        self._ask(lambda: self._go_to(target))

    def go_to_typed(self, text: str) -> None:
        """As `go_to`, what a person typed; a time of day is of the day of the line at the cursor."""

        def go() -> None:
            line = self._viewer.line
            near = (line_time(line) if line is not None else None) or utc_now()
            try:
                self._go_to(parse_target(text, near))
            except UsageError as error:
                self._say(f"{error.title}. {error.hint}", "warning")

        self._ask(go)

    def find(self, text: str) -> None:
        """Look for `text` everywhere and go to the newest line with it, from the cursor back."""

        def go() -> None:
            self._viewer.find(text)
            if text:
                self._jump = (lambda: self._viewer.jump_found(-1, here=True), f"not found: {text}")

        self._ask(go)

    def filter(self, text: str) -> None:
        """Show only lines with `text`, and what belongs to them; empty: all."""
        self._ask(lambda: self._viewer.filter(text))

    def next_found(self, direction: int) -> None:
        def go() -> None:
            self._jump = (lambda: self._viewer.jump_found(direction), "not found")

        self._ask(go)

    def next_fault(self, direction: int) -> None:
        """To the next or previous error, traceback or alert."""
        where = "later" if direction > 0 else "earlier"

        def go() -> None:
            self._jump = (lambda: self._viewer.jump_fault(direction), f"no {where} error or alert")

        self._ask(go)

    def open(self, order: int, start: int) -> None:
        """Read a line and what belongs to it in full; it comes as `LogOpened`."""

        def go() -> None:
            for file in self._viewer.files:
                if file.order == order:
                    self._post(LogOpened(read_whole(file, start)))

        self._requests.put(go)

    def _ask(self, job: Request) -> None:
        """A request that depends on where the screen is; it replaces a search that is under way."""
        at = self.at
        self._asked += 1
        asked = self._asked

        def work() -> None:
            self._serving = asked
            self._take(at)
            self._jump = None
            job()

        self._requests.put(work)

    # The thread.

    def _work(self) -> None:
        while True:
            try:
                request = self._requests.get(block=not self._more)
            except queue.Empty:
                request = self._search
            if request is None:
                break
            self._guarded(request)
        self._viewer.book.close()

    def _guarded(self, request: Request) -> None:
        """A file that changes under the reading is looked at again; nothing ends the thread."""
        try:
            request()
            if request != self._search:
                self._more = True
                self._dirty |= request != self._look
            if self._jump is not None:
                self._try_jump()
        except Moved:
            self.look()
        except Exception as error:  # noqa: BLE001 - the thread must outlive any file
            self._more = False
            self._say(
                visible(f"the logs could not be read: {type(error).__name__}: {error}", 200), "critical"
            )
        if self._dirty:
            self._tell()

    def _look(self) -> None:
        self._looking = False
        self._take(self.at)
        if self._viewer.refresh(time.monotonic(), utc_now()) or not self.picture.looked:
            self._dirty = True

    def _search(self) -> None:
        """A slice of going through the files; tells now and then how far it is."""
        until = time.monotonic() + _SLICE
        searched = False
        self._more = True
        while self._more and time.monotonic() < until and self._requests.empty():
            self._more = self._viewer.work()
            searched |= self._more
            time.sleep(0)
        if self._more and time.monotonic() - self._told < _TELL_EVERY:
            self._unsaid |= searched
            return
        if searched or self._unsaid:
            self._unsaid = False
            if self._viewer.filling:
                self._take(self.at)
                self._viewer.fill()
            self._viewer.count()
            self._dirty = True

    def _go_to(self, target: Target) -> None:
        asked = self._serving
        if target.time is None and self._viewer.scan.bytes > _LARGE:
            self._say(f"looking for step {target.step:,}", "accent")
        if not self._viewer.go_to(target, lambda: self._asked != asked):
            self._say(f"no line names step {target.step:,} or an earlier one", "warning")
            return
        self._say(_place(target, self._viewer.window), "good")

    def _try_jump(self) -> None:
        """Go where the search leads, once that is known."""
        assert self._jump is not None
        jump, words = self._jump
        went = jump()
        if went is None:
            return
        self._jump = None
        self._dirty = True
        if not went:
            self._say(words, "warning")
        elif self._viewer.wrapped:
            self._say("went on around the end", "accent")

    def _take(self, at: At) -> None:
        """Where the screen is. While it has not drawn the last jump yet, it knows less than the viewer: then
        all that counts is that its reader left the end."""
        window = self._viewer.window
        if at.jump == window.jump or not at.following:
            self._viewer.following = at.following
        if (at.epoch, at.jump) == (window.epoch, window.jump):
            self._viewer.cursor = at.number

    def _say(self, words: str, tone: Tone) -> None:
        self._post(LogSaid(words, tone))

    def _tell(self) -> None:
        viewer = self._viewer
        self._told = time.monotonic()
        self._dirty = False
        self.picture = LogPicture(
            window=viewer.window,
            following=viewer.following,
            sources=viewer.sources,
            scan=viewer.scan,
            found=viewer.found,
            filtered=viewer.filtered,
            chosen=viewer.name,
            searching=self._jump is not None,
            looked=True,
        )
        if not self._under_way:
            self._under_way = True
            self._post(LogNews())


def _place(target: Target, window: Window) -> str:
    wanted = f"step {target.step:,}" if target.time is None else target.time.strftime("%Y-%m-%d %H:%M:%SZ")
    if window.target is None or not window.lines:
        return f"{wanted}: no line"
    line = window.lines[window.target - window.base]
    if target.time is None:
        named = step(line.text.encode())
        return f"at {wanted}" if named == target.step else f"{wanted}: the line before it"
    found = line_time(line)
    if found is None:
        return f"at {wanted}"
    return f"at {wanted}" if found >= target.time else f"{wanted} is after the last line"
