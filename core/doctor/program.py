"""Python, the packages this program needs and those it can use, and SQLite.

Versions are read from the packages' metadata: importing torch to ask for its version would take seconds.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.doctor.finding import Finding, good, limit
from core.text import visible

AREA = "program"
NAME = "ppo-console"
OPTIONAL = (("apprise", "alerts are not sent anywhere", "pip install 'ppo-console[notify]'"),)
"""(package, what does not work without it, what to do)"""


def install(package: str, otherwise: str, prefix: str = sys.prefix) -> str:
    """The command that adds `package` to this program's environment; pipx keeps one of its own for it."""
    return f"pipx inject {NAME} {package}" if "pipx" in Path(prefix).parts else otherwise


Version = Callable[[str], str]
"""A package's name to its version; raises PackageNotFoundError."""


def look(
    requirements: Sequence[str] | None = None, version: Version = importlib.metadata.version
) -> Iterator[Finding]:
    """`requirements`: as in the package's metadata; default: this program's own."""
    yield good(AREA, "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _packages(_own() if requirements is None else requirements, version)
    for name, without, do in OPTIONAL:
        try:
            yield good(AREA, name, version(name))
        except importlib.metadata.PackageNotFoundError:
            yield limit(AREA, name, f"not installed: {without}", install(name, do), "unknown")
    yield sqlite()


def _own() -> Sequence[str]:
    try:
        return importlib.metadata.requires(NAME) or ()
    except importlib.metadata.PackageNotFoundError:
        return ()


def _packages(requirements: Sequence[str], version: Version) -> Finding:
    """Every package without an extra: there, and in the range this program was tested for."""
    from packaging.requirements import Requirement

    wrong: list[str] = []
    needed = [Requirement(line) for line in requirements]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    if not needed:
        return limit(
            AREA, "packages", f"{NAME} is not installed as a package", "Install it: pip install .", "unknown"
        )
    for each in needed:
        try:
            found = version(each.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{each.name} is missing")
            continue
        if not each.specifier.contains(found, prereleases=True):
            wrong.append(f"{each.name} {visible(found, 40)} is not {each.specifier}")
    if wrong:
        do = f"Install the program again in its own environment: {sys.executable} -m pip install ppo-console"
        return limit(AREA, "packages", "; ".join(wrong), do, "bad")
    shown = ", ".join(
        f"{name} {version(name)}" for name in ("textual", "stable-baselines3", "torch", "pandas")
    )
    return good(AREA, "packages", f"{len(needed)} of {len(needed)} in range; {shown}")


def sqlite(version: str = sqlite3.sqlite_version) -> Finding:
    """The library that keeps ticks and the audit log; they need `BEGIN IMMEDIATE` and STRICT tables."""
    parts = tuple(int(part) for part in version.split(".")[:2])
    if parts < (3, 37):
        return limit(
            AREA, "sqlite", f"{version}, 3.37 or newer is needed", "Use a Python with a newer SQLite.", "bad"
        )
    return good(AREA, "sqlite", f"{version}, rollback journal, every commit synced")
