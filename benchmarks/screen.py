"""What a terminal would show: text and styles in cells, from the bytes a program writes.

Knows the sequences full-screen programs use and skips the others. Trap avoided: searching a marker in the raw
bytes, where a moved cursor or a style change may stand in the middle of it; and counting a paint that the
terminal still holds back (synchronised output).
"""

from __future__ import annotations

import codecs
import re
from unicodedata import combining, east_asian_width

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]P_^X](?P<string>.*?)(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-Z\\`-~]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)
_BLANK = (" ", "")

Cell = tuple[str, str]


class Screen:
    """`feed` takes bytes; `text`, `row` and `cells` say what is seen."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.cells: list[list[Cell]] = []
        self.held = False
        """A synchronised update is under way: the terminal does not show it yet."""
        self.bytes_by_row = [0] * rows
        """Bytes written while the cursor stood in each row, the moves to it included."""
        self._x = self._y = 0
        self._saved = (0, 0)
        self._style = ""
        self._top, self._bottom = 0, rows - 1
        self._waiting = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._clear()

    def feed(self, data: bytes) -> list[str]:
        """Take in bytes; returns the questions among them (`[?2026$p`, `[c`, …) that wait for an answer."""
        text = self._waiting + self._decode.decode(data)
        questions = []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                if text[at] == "\x1b" and len(text) - at < 4096:
                    break  # the rest of the sequence has not come yet
                at += 1
                continue
            at = token.end()
            if token["text"] is not None:
                self._write(token["text"])
            elif token["control"] is not None:
                self._control(token["control"])
            elif token["final"] is not None:
                self._sequence(token["arguments"], token["final"])
                if token["final"] in "cnpq" and not token["between"].strip("$"):
                    questions.append(token[0][1:])
            elif token["string"] is not None and token["string"].endswith("?"):
                questions.append(token[0][1:])
            self.bytes_by_row[self._y] += len(token[0].encode())
        self._waiting = text[at:]
        return questions

    def row(self, y: int) -> str:
        return "".join(char for char, _ in self.cells[y])

    def text(self) -> str:
        """All rows, joined by newlines."""
        return "\n".join(map(self.row, range(self.rows)))

    def below(self, y: int) -> tuple[tuple[Cell, ...], ...]:
        """The cells of all rows from `y` on, to compare with later ones."""
        return tuple(map(tuple, self.cells[y:]))

    def _clear(self) -> None:
        self.cells = [[_BLANK] * self.columns for _ in range(self.rows)]

    def _write(self, text: str) -> None:
        for char in text:
            if char.isascii():
                width = 1
            elif combining(char):
                continue
            else:
                width = 2 if east_asian_width(char) in "WF" else 1
            if self._x + width > self.columns:
                self._x = 0
                self._down()
            line = self.cells[self._y]
            line[self._x] = (char, self._style)
            if width == 2:
                line[self._x + 1] = ("", self._style)
            self._x += width

    def _down(self) -> None:
        if self._y == self._bottom:
            del self.cells[self._top]
            self.cells.insert(self._bottom, [_BLANK] * self.columns)
        else:
            self._y = min(self.rows - 1, self._y + 1)

    def _control(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\n":
            self._down()
        elif char == "\b":
            self._x = max(0, self._x - 1)
        elif char == "\t":
            self._x = min(self.columns - 1, self._x // 8 * 8 + 8)

    def _sequence(self, arguments: str, final: str) -> None:
        if arguments[:1] in ("?", ">", "<", "="):
            self._mode(arguments, final)
            return
        numbers = [int(part) if part.isdecimal() else 0 for part in arguments.split(";")]
        first = max(1, numbers[0])
        if final in "Hf":
            self._y, self._x = first - 1, max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif final == "A":
            self._y -= first
        elif final == "B":
            self._y += first
        elif final == "C":
            self._x += first
        elif final == "D":
            self._x -= first
        elif final == "G":
            self._x = first - 1
        elif final == "d":
            self._y = first - 1
        elif final == "m":
            self._style = "" if arguments in ("", "0") else arguments.removeprefix("0;")
        elif final in "JKX":
            self._erase(final, numbers[0], first)
        elif final in "LMST":
            self._shift(final, first)
        elif final == "r":
            self._top, self._bottom = first - 1, (numbers[1] if len(numbers) > 1 else self.rows) - 1
        self._x, self._y = min(max(0, self._x), self.columns), min(max(0, self._y), self.rows - 1)

    def _mode(self, arguments: str, final: str) -> None:
        if final not in "hl":
            return
        if arguments == "?2026":
            self.held = final == "h"
        elif arguments in ("?1049", "?47", "?1047"):
            self._clear()

    def _erase(self, what: str, how: int, count: int) -> None:
        line = self.cells[self._y]
        if what == "J" and how >= 2:
            self._clear()
            return
        start = 0 if what != "X" and how in (1, 2) else self._x
        end = self._x + 1 if how == 1 and what != "X" else self.columns
        if what == "X":
            end = min(self.columns, self._x + count)
        for x in range(start, end):
            line[x] = _BLANK
        if what == "J":
            for y in range(self._y + 1, self.rows) if how == 0 else range(self._y):
                self.cells[y] = [_BLANK] * self.columns

    def _shift(self, what: str, count: int) -> None:
        top = self._y if what in "LM" else self._top
        for _ in range(min(count, self.rows)):
            gone, new = (self._bottom, top) if what in "LT" else (top, self._bottom)
            del self.cells[gone]
            self.cells.insert(new, [_BLANK] * self.columns)
