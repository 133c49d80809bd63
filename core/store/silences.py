"""Silences: alerts that nobody is told of for a while, with who asked for it and why.

A silence hides no alert, it only stops its notifications; it ends by itself, and can be ended early. Trap
avoided: a silence without an end, an author or a reason.
"""

from __future__ import annotations

import fnmatch
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.clock import iso, parse_iso
from core.errors import UsageError
from core.store.audit import append_entry
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity
from core.text import visible
from core.units import duration, duration_apart

FIELDS = ("rule", "severity", "run")
_LONGEST = 7 * 86_400.0
_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Silence:
    id: int
    matcher: str
    """`rule=kl_* severity=warning run=*`: globs, all of which must match."""
    starts_at: datetime
    ends_at: datetime
    creator: str
    comment: str
    created_at: datetime
    ended_at: datetime | None = None
    """When a person ended it early."""
    ended_by: str = ""

    @property
    def until(self) -> datetime:
        return self.ends_at if self.ended_at is None else min(self.ends_at, self.ended_at)

    def active(self, now: datetime) -> bool:
        return self.starts_at <= now < self.until

    def matches(self, rule: str, severity: str, run_id: str) -> bool:
        have = {"rule": rule, "severity": severity, "run": run_id}
        return all(
            fnmatch.fnmatchcase(have[field], pattern)
            for field, pattern in parse_matcher(self.matcher).items()
        )

    def meets(self, rules: Iterable[tuple[str, str]]) -> bool:
        """Whether it can match any of these rules, name and severity each, in whatever run."""
        fields = parse_matcher(self.matcher)
        name, severity = fields.get("rule", "*"), fields.get("severity", "*")
        return any(
            fnmatch.fnmatchcase(rule, name) and fnmatch.fnmatchcase(of, severity) for rule, of in rules
        )


def parse_matcher(text: str) -> dict[str, str]:
    """Field → glob. A bare word is a rule. Raises UsageError for an unknown field or an empty matcher."""
    found: dict[str, str] = {}
    for word in visible(text, _LIMIT).split():
        field, equals, pattern = word.partition("=")
        if not equals:
            field, pattern = "rule", word
        if field not in FIELDS or not pattern or field in found:
            expected = ", ".join(f"{name}=GLOB" for name in FIELDS)
            raise UsageError(
                f"matcher {visible(text, _LIMIT)!r}: expected {expected}, each once; got {word!r}",
                hint="For example: rule=kl_* severity=warning",
            )
        found[field] = pattern
    if not found:
        raise UsageError("a silence needs a matcher; got none", hint="For example: rule=kl_*")
    return found


def silencing(
    silences: list[Silence], rule: str, severity: str, run_id: str, now: datetime
) -> Silence | None:
    """The silence in force for this alert that lasts longest, or None."""
    active = [each for each in silences if each.active(now) and each.matches(rule, severity, run_id)]
    return max(active, key=lambda each: each.until, default=None)


def write_silence(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    matcher: str,
    starts_at: datetime,
    ends_at: datetime,
    comment: str,
    now: datetime,
) -> Silence:
    """Inside the open transaction, with its audit entry. Raises UsageError for one that cannot be."""
    comment = visible(comment.strip())
    fields = parse_matcher(matcher)
    text = " ".join(f"{field}={fields[field]}" for field in FIELDS if field in fields)
    if not comment:
        raise UsageError("a silence needs a comment; got none", hint="Say why nobody need be told.")
    if ends_at <= starts_at or ends_at <= now:
        raise UsageError(
            f"a silence ends after its start and after now; got {iso(starts_at)} to {iso(ends_at)}"
        )
    length = (ends_at - starts_at).total_seconds()
    if length > _LONGEST:
        raise UsageError(
            f"a silence lasts at most {duration(_LONGEST)}; got {duration_apart(length, _LONGEST)}",
            hint="Switch the rule off in config.toml instead: enabled = false.",
        )
    cursor = connection.execute(
        "INSERT INTO silences (matcher, starts_at, ends_at, creator, comment, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (text, iso(starts_at), iso(ends_at), operator.name, comment, iso(now)),
    )
    number = int(cursor.lastrowid or 0)
    detail = {"matcher": text, "starts_at": iso(starts_at), "ends_at": iso(ends_at), "comment": comment}
    append_entry(connection, operator, "silence", str(number), detail, now)
    return Silence(
        number,
        text,
        parse_iso(iso(starts_at)),
        parse_iso(iso(ends_at)),
        operator.name,
        comment,
        parse_iso(iso(now)),
    )


def end_silence(
    connection: sqlite3.Connection, operator: OperatorIdentity, number: int, now: datetime
) -> Silence:
    """Inside the open transaction. Raises UsageError where no such silence is in force or to come."""
    silence = next((each for each in read_silences(connection) if each.id == number), None)
    if silence is None or silence.until <= now:
        state = "is over already" if silence is not None else "is not known"
        raise UsageError(f"silence {number} {state}", hint="`ppo-console alerts silences` lists them.")
    connection.execute(
        "UPDATE silences SET ended_at = ?, ended_by = ? WHERE id = ?", (iso(now), operator.name, number)
    )
    append_entry(connection, operator, "silence_end", str(number), {"matcher": silence.matcher}, now)
    return next(each for each in read_silences(connection) if each.id == number)


@reads_rows
def read_silences(connection: sqlite3.Connection) -> list[Silence]:
    """All of them, oldest first."""
    rows = connection.execute(
        "SELECT id, matcher, starts_at, ends_at, creator, comment, created_at, ended_at, ended_by "
        "FROM silences ORDER BY id"
    )
    return [
        Silence(
            number,
            matcher,
            parse_iso(starts),
            parse_iso(ends),
            creator,
            comment,
            parse_iso(created),
            None if ended is None else parse_iso(ended),
            ended_by or "",
        )
        for number, matcher, starts, ends, creator, comment, created, ended, ended_by in rows
    ]
