"""On a real pseudo-terminal: it is left as it was found, and nothing but text and its styles gets out."""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import pkgutil
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.screen import Screen

import console.screens
from core.workspace import Workspace

OPEN = """
import sys
from pathlib import Path
from console.running import run_console
from core.errors import ConsoleError
from core.workspace import open_workspace
try:
    sys.exit(run_console(open_workspace(Path.cwd(), Path(sys.argv[1])), None))
except ConsoleError as error:
    sys.stdout.write(f"{type(error).__name__}: {error.title} | {error.hint}")
    sys.exit(error.exit_code)
"""

TRAINING = (
    """
import sys
from pathlib import Path
from core.clock import utc_now
from core.training import control
from core.training.plan import TrainRequest
from core.workspace import open_workspace
control.python = lambda *given: [sys.executable, "-S", "-c", "import time; time.sleep(120)"]
control.start_training(open_workspace(Path.cwd(), Path(sys.argv[1])), TrainRequest(), utc_now())
"""
    + OPEN
)
"""A console that has started a training, with something that sleeps in the trainer's place."""


class Terminal:
    """A console in a pseudo-terminal, of 80x24 unless `size` says otherwise."""

    def __init__(
        self,
        workspace: Workspace,
        script: str = OPEN,
        *arguments: str,
        size: tuple[int, int] = (24, 80),
        **environ: str,
    ) -> None:
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "TEXTUAL"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(workspace.root), *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            env={**clean, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environ},
        )

    def read(self, seconds: float, until: bytes = b"\x00never") -> bytes:
        """What comes within `seconds`, or up to `until`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and until not in self.output:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                self.output += os.read(self.master, 65536)
            elif self.process.poll() is not None:
                break
        return self.output

    def settle(self, quiet: float = 0.08, most: float = 1.0) -> None:
        """Until nothing more is drawn for a moment."""
        end = time.monotonic() + most
        while time.monotonic() < end and select.select([self.master], [], [], quiet)[0]:
            self.output += os.read(self.master, 65536)

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)
        while select.select([self.master], [], [], 0.005)[0]:
            self.output += os.read(self.master, 65536)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def wait(self, seconds: float = 60) -> int:
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        self.read(0.2)
        assert self.process.returncode is not None, "it did not end"
        return self.process.returncode


@contextmanager
def opened(workspace: Workspace, *arguments: str, **named: Any) -> Iterator[Terminal]:
    terminal = Terminal(workspace, *arguments, **named)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.master)
        os.close(terminal.slave)


def trains(workspace: Workspace) -> bool:
    """The training that the console started lives and is not stopped."""
    pid = json.loads((workspace.logs / "run.json").read_text())["pid"]
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state in "SR"


@pytest.fixture
def training(workspace: Workspace) -> Iterator[Workspace]:
    """The workspace in which `TRAINING` starts one; it ends with the test."""
    workspace.train_data.mkdir(parents=True, exist_ok=True)
    (workspace.train_data / "OGNUSDT_4h.parquet").touch()
    yield workspace
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(json.loads((workspace.logs / "run.json").read_text())["pid"], signal.SIGKILL)


def left_as_found(terminal: Terminal) -> bool:
    """Echo and line mode are back, the first screen is shown, the cursor is visible."""
    tail = terminal.output[terminal.output.rfind(b"\x1b[?1049h") :]
    return (
        termios.tcgetattr(terminal.slave)[3] == terminal.before[3]
        and b"\x1b[?1049l" in tail
        and b"\x1b[?25h" in tail
        and b"\x1b[?1003l" in tail
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_console_restores_the_terminal_and_leaves_its_training(
    training: Workspace, number: signal.Signals, code: int
) -> None:
    """The signal goes to the whole group, as a terminal sends it."""
    with opened(training, TRAINING) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        os.killpg(terminal.process.pid, number)
        assert terminal.wait() == code
        assert left_as_found(terminal)
    assert trains(training)


def test_a_terminal_that_goes_away_leaves_no_console_behind(workspace: Workspace) -> None:
    """The other end hangs up, and no signal comes: it ends instead of reading nothing for ever."""
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        os.close(terminal.slave)
        os.close(terminal.master)
        try:
            assert terminal.process.wait(10) == 129
        finally:
            terminal.master, terminal.slave = os.openpty()


@pytest.mark.slow
def test_a_signal_ends_the_console_while_the_terminal_takes_nothing(workspace: Workspace) -> None:
    """A stalled SSH client: the pseudo-terminal's buffer is full and the event loop stands."""
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        for _ in range(400):
            os.write(terminal.master, b"123456")
            time.sleep(0.005)
        time.sleep(1)
        terminal.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 60
        while terminal.process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        assert terminal.process.returncode == 143
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]


@pytest.mark.slow
def test_alerting_and_telling_go_on_while_the_terminal_takes_nothing(workspace: Workspace) -> None:
    """Whoever closed the lid was told, and finds the alert in `alerts.log`, with its time."""
    got: list[bytes] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_given: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Told)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = f'[notify]\nenabled = true\n[notify.targets]\nops = "json://127.0.0.1:{server.server_port}/"\n'
    workspace.config.write_text(target)
    rows = workspace.logs / "convergence_dashboard.csv"
    rows.write_text("timestep,reward,kl_divergence,value_loss,policy_entropy\n2048,1.0,0.01,0.5,1.2\n")
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        terminal.read(2)
        for _ in range(400):
            os.write(terminal.master, b"123456")
            time.sleep(0.005)
        with rows.open("a") as stream:
            stream.write("4096,1.0,0.2,0.5,1.2\n")
        journal, end = workspace.logs / "alerts.log", time.monotonic() + 60
        while time.monotonic() < end and not (journal.exists() and "kl_spike" in journal.read_text()):
            time.sleep(0.1)
        assert "[CRITICAL] kl_spike #1 firing" in journal.read_text()
        while time.monotonic() < end and not any(b"kl_spike" in each for each in got):
            time.sleep(0.05)
        assert any(b"kl_spike" in each for each in got), "the outbox delivers without the terminal"
        assert terminal.process.poll() is None
    server.shutdown()


def test_a_stop_gives_the_terminal_back_going_on_draws_all_again_and_q_quits_with_zero(
    training: Workspace,
) -> None:
    """SIGTSTP to the group, what the shell then shows, SIGCONT: header, tabs and footer too stand there
    again; the training goes on meanwhile."""
    with opened(training, TRAINING) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        os.killpg(terminal.process.pid, signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(terminal.process.pid, os.WUNTRACED)[1])
        assert trains(training)
        terminal.read(0.1)
        assert left_as_found(terminal)
        terminal.output = b""
        terminal.process.send_signal(signal.SIGCONT)
        again = terminal.read(60, b"quit")
        assert b"\x1b[?1049h" in again and b"Dash" in again and b"quit" in again
        terminal.press("q")
        assert terminal.wait() == 0
        assert left_as_found(terminal)


def test_after_a_storm_of_sizes_the_picture_is_whole(workspace: Workspace) -> None:
    """From no cell at all to 500x500, and back."""
    sizes = [(0, 0), (500, 500), (15, 60), (1, 1), (5, 20), (50, 200), (0, 80), (24, 0)]
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        for size in [*sizes * 4, (24, 80)]:
            terminal.resize(*size)
        terminal.settle(0.4, 5.0)
        terminal.output = b""
        terminal.press("2")
        assert b"quit" in terminal.read(5, b"quit") and b"Alerts" in terminal.output
        terminal.press("\x03")
        assert terminal.wait() == 130


def test_the_terminals_size_counts_not_the_one_that_was_exported(workspace: Workspace) -> None:
    """A shell's exported `COLUMNS` and `LINES` stay as they are when the window does not."""
    exported = {"COLUMNS": "80", "LINES": "24"}
    with opened(workspace, size=(30, 132), **exported) as terminal:
        terminal.read(60, b"quit")
        terminal.settle(0.4, 5.0)
        assert _lines_reached(terminal) == 30
        terminal.output = b""
        terminal.resize(40, 132)
        terminal.settle(0.4, 5.0)
        assert _lines_reached(terminal) == 40


def _lines_reached(terminal: Terminal) -> int:
    """The lowest line that anything was placed on."""
    return max(int(line) for line in re.findall(rb"\x1b\[(\d+);\d+H", terminal.output))


class Look(NamedTuple):
    """Keys; the screen or box that then stands on top; the places of `poison` and the words then drawn."""

    keys: str
    top: str
    places: str = ""
    words: str = ""

    def missing(self, drawn: bytes, told: str) -> str:
        """What is not yet so, in words."""
        top = told.rpartition("on top: ")[2].partition("\n")[0]
        wanted = [self.words, *(f"{place}~" for place in self.places.split())]
        absent = [each for each in wanted if each.encode() not in drawn]
        return f"{top} is on top; not drawn: {absent}" if absent or top != self.top else ""


LOOKS = (
    Look("1", "Dashboard", "tag symbol column rule"),
    Look("i", "WideDetails"),
    Look("esc", "Dashboard"),
    Look("o", "Dashboard", "earlier outcome"),
    Look("enter esc z h z", "Dashboard"),
    Look("A", "HandoverPanel", "comment tick other acknowledge.name"),
    Look("space space space", "HandoverPanel", "standup.subject decided"),
    Look("esc", "Dashboard"),
    Look("T", "TrainingDialog", "host mode"),
    Look("f", "TrainingForm"),
    Look("esc", "TrainingDialog"),
    Look("esc", "Dashboard"),
    Look("2", "Alerts", "target"),
    Look("d", "Details"),
    Look("esc", "Alerts"),
    Look("a", "AskText", "operator"),
    Look("[/b]taken enter", "Alerts"),
    Look("s", "AskSilence"),
    Look("esc", "Alerts"),
    Look("tab G", "Alerts", "action runbook"),
    Look("enter", "AskThreshold"),
    Look("esc", "Alerts"),
    Look("tab d", "Details"),
    Look("esc", "Alerts"),
    Look("enter", "Confirm"),
    Look("esc", "Alerts"),
    Look("tab", "Alerts", "id"),
    Look("3", "Checklist", "item.text"),
    Look("G", "Checklist", "own.text own.owner"),
    Look("enter", "Details"),
    Look("esc", "Checklist"),
    Look("4", "Logs", "alerts.log daily_summary.log line megabyte"),
    Look("/", "Logs", words="in all lines"),
    Look("red enter", "Logs", words="/red"),
    Look("tab", "Logs", "training.log"),
    Look("enter", "LogDetail"),
    Look("esc", "Logs"),
    Look("&", "Logs", words="only lines"),
    Look("red enter", "Logs", words="&red"),
    Look("5", "Revalidate", "decision evidence gate.reason missing next warning why judged"),
    Look("enter", "Details"),
    Look("esc", "Revalidate"),
    Look("tab tab enter", "SymbolTrades", "entry trade.reason"),
    Look("esc", "Revalidate"),
    Look("R", "StartJudgement"),
    Look("esc", "Revalidate"),
    Look("S", "SignOff", "sign.name"),
    Look("j", "SignOff", "sign.what"),
    Look("j enter", "SignForm"),
    Look("esc", "SignOff"),
    Look("esc", "Revalidate"),
    Look("6", "StandupScreen", "file"),
    Look("e", "AskText"),
    Look("esc", "StandupScreen"),
    Look("7", "TimelineScreen", "decision"),
    Look("d", "Details"),
    Look("esc", "TimelineScreen"),
    Look("8", "Runbook"),
    Look("?", "HelpScreen"),
    Look("esc", "Runbook"),
    Look("g j j enter", "Runbook", words="the newest checkpoint"),
    Look("n j j j j enter", "AskDeed"),
    Look("esc", "Runbook"),
    Look(":", "CommandPalette"),
    Look("[/red", "CommandPalette"),
    Look("esc", "Runbook"),
)
KEYS = {"esc": "\x1b", "enter": "\r", "tab": "\t", "space": " "}
WATCHED = (
    """
import sys
from console.line_filter import NeutralFilter
from textual.screen import Screen

told, neutral, resumed = open(sys.argv[2], "a", buffering=1), NeutralFilter._neutral, Screen._on_screen_resume

def filtered(self, segment):
    out, style = neutral(self, segment), segment.style
    if out.text != segment.text or style and (style.link or "@click" in style.meta):
        told.write(f"slipped: {segment!r}\\n")
    return out

def on_top(self, *given):
    told.write(f"on top: {type(self).__name__}\\n")
    return resumed(self, *given)

NeutralFilter._neutral, Screen._on_screen_resume = filtered, on_top
"""
    + OPEN
)
"""A console that tells which screen stands on top, and what only the line filter kept from the terminal."""


def test_every_screen_and_every_question_is_in_the_session_with_hostile_text() -> None:
    """A new one needs its row in `LOOKS`."""
    found: set[type] = set()
    for module in pkgutil.iter_modules(console.screens.__path__):
        members = vars(importlib.import_module(f"console.screens.{module.name}")).values()
        found |= {each for each in members if isinstance(each, type) and issubclass(each, Screen)}
    own = {each for each in found if each.__module__.startswith("console.")}
    shared = {"ConsoleScreen", "ListScreen", "Reading", "StandsAlone"}
    assert {each.__name__ for each in own} - shared == {look.top for look in LOOKS} - {"CommandPalette"}


def test_hostile_text_in_every_place_sends_no_control_of_its_own(poisoned: Workspace, tmp_path: Path) -> None:
    """Files, configuration, store, report, model of others; every screen and what opens over it; each seen.
    One session."""
    told = tmp_path / "told"
    told.touch()
    with opened(poisoned, WATCHED, str(told), size=(50, 160)) as terminal:
        terminal.read(60, b"quit")
        before = 0  # the first look is at what stands since the beginning
        for look in LOOKS:
            for key in look.keys.split(" "):
                terminal.press(KEYS.get(key, key))
                terminal.settle(0.15 if key == "esc" and key != look.keys else 0.01)  # Textual waits for more
            missing, end = "?", time.monotonic() + 60
            while missing:
                missing = look.missing(terminal.output[before:], told.read_text())
                assert not missing or time.monotonic() < end, f"{look}: {missing}"
                terminal.read(0.02 if missing else 0)
            before = len(terminal.output)
        assert terminal.process.poll() is None, terminal.output[-2000:]
        text = terminal.output.replace(b"\x1b]22;default\x07", b"")  # Textual's pointer shape
        terminal.press("\x03")
        assert terminal.wait() == 130, terminal.output[-3000:].decode()
    assert "slipped" not in told.read_text(), "the line filter is for what slips through; nothing did"
    for never in (
        b"\x1b]52",
        b"\x1b]0;",
        b"\x1b[2J",
        b"\x1b]8;;http",
        b"\x07",
        b"\x00",
        b"\x08",
        b"\x1b[31;5m",
    ):
        assert never not in text, never
    for char in "\x9b\x9d\x9c\u202e\u2066\u200b\u2060\ufeff\U000e0041":
        assert char.encode() not in text, hex(ord(char))
    assert re.search(rb"\x1b\](?!8;)", text) is None
    text.decode("utf-8")  # and no broken bytes


@pytest.mark.parametrize("dumb", ["dumb", ""])
def test_a_terminal_that_cannot_place_text_is_refused_in_words(workspace: Workspace, dumb: str) -> None:
    with opened(workspace, TERM=dumb) as terminal:
        assert terminal.wait() == 2
        assert b"UsageError: the console needs a terminal" in terminal.output
        assert b"\x1b" not in terminal.output


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_without_a_terminal_it_says_so_without_escape_codes(workspace: Workspace, stream: str) -> None:
    """Each of the three streams counts: Textual draws on standard error."""
    master, slave = os.openpty()
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    streams[stream] = subprocess.DEVNULL if stream == "stdin" else subprocess.PIPE
    command = [sys.executable, "-c", OPEN, str(workspace.root)]
    done = subprocess.run(command, **streams, timeout=60, check=False, env={**os.environ, "TERM": "xterm"})
    shown = (done.stdout or b"") + (done.stderr or b"")
    if stream != "stdout":
        shown += os.read(master, 65536)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert b"the console needs a terminal" in shown and b"\x1b" not in shown


def test_in_a_locale_without_utf_8_only_ascii_is_drawn(workspace: Workspace) -> None:
    with opened(workspace, LANG="en_US.ISO-8859-1") as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        terminal.press("2")
        terminal.settle(0.3)
        text = terminal.output
        terminal.press("\x03")
        terminal.wait()
    assert all(byte < 0x80 for byte in text)
    assert b"+" in text and b"|" in text


def colour_codes(text: bytes) -> list[bytes]:
    """The parameters of every SGR sequence that names a colour."""
    found = re.findall(rb"\x1b\[([0-9;:]*)m", text)
    return [codes for codes in found if re.search(rb"(?:^|;)(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;|$)", codes)]


def test_no_color_sends_no_colour_code_and_leaves_words_glyphs_and_a_cursor(workspace: Workspace) -> None:
    with opened(workspace, NO_COLOR="1", COLORTERM="truecolor") as terminal:
        assert b"ABSENT" in terminal.read(60, b"quit")
        terminal.press("2")
        terminal.settle(0.3)
        text = terminal.output
        terminal.press("\x03")
        terminal.wait()
    assert "○".encode() in text
    assert colour_codes(terminal.output) == []
    assert b"\x1b[7m" in text or b"\x1b[1;7m" in text, "the open tab or a cursor is reversed"


def test_in_gnu_screen_sixteen_colours_are_the_terminals_own_esc_comes_at_once_and_the_shell_goes_on_below(
    workspace: Workspace,
) -> None:
    """With the mouse on GNU screen keeps esc until the next key; it seldom gives back the first screen."""
    with opened(workspace, TERM="screen", STY="1.pts-0", COLORTERM="") as terminal:
        text = terminal.read(60, b"quit")
        terminal.press("\x03")
        terminal.wait()
    assert b"\x1b[?1000h" not in text and b"\x1b[?1003h" not in text
    assert terminal.output.rstrip(b"\r\n").endswith(b"\x1b[999;1H")
    assert colour_codes(text) and b"38;2;" not in text and b"38;5;" not in text
    assert b";44m" in text, "the open tab stands on another ground"


@pytest.mark.slow
def test_the_quiet_console_sends_at_most_a_hundred_bytes_a_second(workspace: Workspace) -> None:
    with opened(workspace, COLORTERM="truecolor") as terminal:
        terminal.read(60, b"quit")
        terminal.press("2")
        terminal.read(7.0)
        before = len(terminal.output)
        terminal.read(6.0)
        assert (len(terminal.output) - before) / 6.0 <= 100
        terminal.press("\x03")
        terminal.wait()
