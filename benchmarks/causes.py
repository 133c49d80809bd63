"""Why a budget was missed, found by looking: what was imported, which rows were sent, what is resident.

Trap avoided: a cause written down once and believed ever after.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import PATIENCE
from benchmarks.programs import Program
from benchmarks.subjects import WIDE

_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)")
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)")
_OURS = ("console", "widgets", "core")


def extra_imports(program: Program, floor: Program, cpu: float) -> str:
    """The dearest packages that `program` imports before its first values and `floor` does not.

    `cpu`: CPU seconds by which it is dearer in all.
    """
    paid, known = _imports(program), _imports(floor)
    extra: Counter[str] = Counter()
    for name, cost in paid.items():
        if name not in known:
            parts = name.split(".")
            extra[".".join(parts[: 2 if parts[0] in _OURS else 1])] += cost
    named = ", ".join(f"{name} {cost / 1000:.0f} ms" for name, cost in extra.most_common(8))
    return (
        f"{cpu * 1000:.0f} ms of CPU more than bare Textual; the dearest imports, timed apart and while the "
        f"threads compete: {named}."
    )


def _imports(program: Program) -> dict[str, int]:
    """Microseconds of each module's own import until the first values."""
    with tempfile.NamedTemporaryFile("r", suffix=".imports") as log:
        _python, _m, module, *arguments = program.command
        command = (
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "benchmarks.importlog",
            log.name,
            module,
            *arguments,
        )
        with replace(program, command=command).open(WIDE) as terminal:
            terminal.wait_text(program.marker, PATIENCE)
            terminal.run(0.3)
            text = log.read()
    return {name: int(cost) for cost, name in _IMPORT.findall(text)}


def rows_sent(by_row: Sequence[int], seconds: float) -> str:
    """Where on the screen the bytes went."""
    dearest = sorted(enumerate(by_row), key=lambda item: -item[1])[:5]
    named = ", ".join(f"row {y + 1} {count / seconds:.0f} B/s" for y, count in dearest if count)
    return f"most went to {named} (row 1 holds the header and its clock)."


def held(pid: int) -> str:
    """What the resident memory of a process is."""
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except OSError:
        return "what is resident could not be read."
    sizes: Counter[str] = Counter()
    name = ""
    for line in lines:
        if found := _MAPPING.match(line):
            name = found[1]
        elif line.startswith("Rss:"):
            own = not name or name.startswith("[")
            sizes["its own data" if own else Path(name).name] += int(line.split()[1])
    named = ", ".join(f"{what} {size / 1000:.0f} MB" for what, size in sizes.most_common(4))
    return f"resident are {named}."
