"""What a result judged, and what would be judged now, in one line. Pure.

Trap avoided: a verdict on one model under the name, the candles or the rule of another.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from console.keyboard import key_of
from console.screens.judged import Judged, zip_of
from console.states import RevalidationState
from widgets.lines import Row, Span
from widgets.tone import ascii_only, safe

if TYPE_CHECKING:
    from core.revalidation.result import RevalidationResult

HASH_CHARS = 12
Standing = Literal["", "changed", "another", "gone"]
"""How the model that would be judged now stands to the one that a result judged: the same or not known,
changed since, another one by its name, or not there any more."""


def standing(state: RevalidationState, judged: Judged | None) -> Standing:
    result = state.result
    if result is None or state.busy or state.model_path is None or judged is None:
        return ""
    if result.hashes.model is None or judged.model_sha256 == result.hashes.model:
        return ""
    if (path := _model_of(result)) is not None and not _same(path, zip_of(state.model_path)):
        return "another"
    if judged.model_sha256 is None:
        return "gone" if judged.model_missing else ""
    return "changed"


def subject(
    state: RevalidationState, judged: Judged | None, shown: Callable[[Path], str], *, short: bool = False
) -> list[Row]:
    """Of a result: its model and hash, candles and their dates, rule, and what would be judged instead now.
    Without one, and while it is judged anew: what is or would be judged. `short`: the answer alone says
    what would be judged instead, so that the gates have room."""
    looking = Judged(model_problem="looking", data_problem="looking")
    if state.result is not None and not state.busy:
        judged = judged or looking
        instead = [] if short else _instead(state, judged, shown)
        return [*_of_result(state, state.result, judged, shown), *instead]
    if state.model_path is None or state.data_dir is None:
        return []
    judged = judged or looking
    model = _model(shown(zip_of(state.model_path)), judged.model_sha256)
    data: list[Span] = [("data ", "dim"), (safe(shown(state.data_dir), 200), "bright")]
    parts: list[Row] = [model]
    if judged.model_sha256 is None:
        parts.append([(judged.model_problem, "warning")])
    if judged.data_problem:
        parts += [data, [(judged.data_problem, "warning")]]
    else:
        parts.append([*data, *_candles(judged.symbols, judged.first, judged.last, judged.synthetic)])
    return [*parts, _rule(state.policy, _episodes(state.episodes))]


def _of_result(
    state: RevalidationState, result: RevalidationResult, judged: Judged, shown: Callable[[Path], str]
) -> list[Row]:
    path, digest = _model_of(result), result.hashes.model
    if path is None and digest is not None and digest == judged.model_sha256 and state.model_path is not None:
        path = zip_of(state.model_path)
    unnamed = "not named in the report" if digest is not None else "none: a backtest made elsewhere"
    name = shown(path) if path is not None else unnamed
    parts: list[Row] = [_model(name, digest)]
    folder = result.data.get("folder")
    if folder is not None:
        symbols, first, last = (result.data.get(key) for key in ("symbols", "first", "last"))
        data: list[Span] = [("data ", "dim"), (safe(shown(Path(str(folder))), 200), "bright")]
        dates = (str(first) if first else None, str(last) if last else None)
        synthetic = bool(result.data.get("synthetic"))
        parts.append([*data, *_candles(symbols if isinstance(symbols, int) else None, *dates, synthetic)])
    held, asked = result.data.get("episodes"), result.data.get("episodes_asked")
    return [*parts, _rule(result.policy, _episodes(held, asked))]


def _instead(state: RevalidationState, judged: Judged, shown: Callable[[Path], str]) -> list[Row]:
    """What would be judged now, where that is not what was judged, or cannot be."""
    if state.model_path is None or state.data_dir is None:
        return []
    out: list[Row] = []
    named = zip_of(state.model_path)
    if standing(state, judged) == "another" or judged.model_problem:
        row: list[Span] = [
            (f"{key_of('revalidate.start')} judges ", "dim"),
            (safe(shown(named), 200), "plain"),
        ]
        out.append(row + ([(f"  {judged.model_problem}", "warning")] if judged.model_problem else []))
    if judged.data_problem:
        row = [("on ", "dim"), (safe(shown(state.data_dir), 200), "plain")]
        out.append([*row, (f"  {judged.data_problem}", "warning")])
    return out


def _model(name: str, digest: str | None) -> list[Span]:
    model: list[Span] = [("model ", "dim"), (safe(name, 200), "bright")]
    if digest is not None:
        model += [("  sha256 ", "dim"), (f"{safe(digest)[:HASH_CHARS]}…", "plain")]
    return model


def _candles(symbols: int | None, first: str | None, last: str | None, synthetic: bool) -> list[Span]:
    spans: list[Span] = []
    if symbols is not None:
        spans.append((f"  {symbols} {'symbol' if symbols == 1 else 'symbols'}", "plain"))
    if first and last:
        arrow = ">" if ascii_only() else "→"
        spans.append((f"  {safe(first)[:10]} {arrow} {safe(last)[:10]}", "plain"))
    if synthetic:
        spans.append(("  synthetic market", "warning"))
    return spans


def _rule(policy: str, episodes: str) -> Row:
    return [("rule ", "dim"), (f"{safe(policy, 40)} policy{episodes}", "plain")]


def _episodes(held: object, asked: object = None) -> str:
    """`, 10 episodes`; of a result how many the candles held: `, 1 of 10 episodes`."""
    if not isinstance(held, int):
        return ""
    fewer = isinstance(asked, int) and asked != held
    count = f"{held} of {asked}" if fewer else f"{held}"
    return f", {count} {'episode' if (asked if fewer else held) == 1 else 'episodes'}"


def _model_of(result: RevalidationResult) -> Path | None:
    path = result.model.get("path")
    return zip_of(Path(path)) if path else None


def _same(one: Path, other: Path) -> bool:
    return os.path.normpath(one) == os.path.normpath(other)
