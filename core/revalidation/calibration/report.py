"""A calibration as text, as JSON and as a page with plots."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from core.clock import iso
from core.errors import UnreadableError
from core.files import replacing
from core.revalidation import page, svg
from core.revalidation.calibration.outcomes import Arm, Calibration, Target
from core.revalidation.gates import SPECS
from core.units import number, percent

JSON_NAME = "calibration.json"
PAGE_NAME = "calibration.html"
_BINS = 12


def summary_lines(found: Calibration) -> list[str]:
    """What a terminal shows: one line per arm, one per promise."""
    lines = [
        f"{found.markets} markets of {found.symbols} symbols, {found.episodes} episodes of {found.candles} "
        f"candles, policy {found.policy}, seed {found.seed}",
        "",
    ]
    lines += [f"{arm.words:<26}{_arm_words(arm)}" for arm in found.arms if len(arm.outcomes) > 1]
    lines.append("")
    lines += [
        f"{'held    ' if target.held else 'NOT HELD'}  {_target_words(target)}" for target in found.targets
    ]
    return lines


def write_calibration(found: Calibration, folder: Path, now: datetime) -> tuple[Path, Path]:
    """Write JSON and page into `folder`; returns their paths. Raises UnreadableError."""
    plain = {"schema_version": 1, "generated_at": iso(now), **msgspec.to_builtins(found)}
    contents = {
        JSON_NAME: msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n",
        PAGE_NAME: calibration_page(found, now).encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            with replacing(folder / name) as temporary, temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
    except OSError as error:
        raise UnreadableError(
            f"the calibration could not be written to {folder}: {error.strerror}",
            hint="Check free space and permissions, or name another folder with --out.",
        ) from error
    return folder / JSON_NAME, folder / PAGE_NAME


def calibration_page(found: Calibration, now: datetime) -> str:
    """The self-contained page."""
    arms = [arm for arm in found.arms if len(arm.outcomes) > 1]
    verdict, tone = ("every promise held", "good") if found.held else ("a promise did not hold", "critical")
    blocks = [
        "<h1>Calibration of the risk gates</h1>",
        f'<p><span class="verdict {tone}">{page.text(verdict)}</span></p>',
        page.paragraph(
            f"{found.markets} simulated markets of {found.symbols} symbols, {found.episodes} disjoint "
            f"episodes of {found.candles} candles; the policy that rules is {found.policy}. Made {iso(now)} "
            f"in {found.seconds:,.0f} s, seed {found.seed}."
        ),
        page.paragraph(
            "The agent holds the direction of a hidden regime. In markets without an edge the regime moves "
            "nothing, so that every GO is false; in the others it moves each candle by "
            f"{found.edge:g} volatilities, so that every NO-GO is one too many.",
            "dim",
        ),
        page.heading("Promises"),
        page.table(
            ("promise", "counted", "limit", "chance of that count", "verdict"),
            [_target_cells(target) for target in found.targets],
            numbers=(1, 2, 3),
            tones=["good" if target.held else "critical" for target in found.targets],
        ),
        page.heading("What was judged"),
        page.table(
            ("agent and market", "mean Sharpe", "≥ 4 gates", "≥ 5", "6", "PSR ≥ 0.95", "strong", "coverage"),
            [_arm_cells(arm) for arm in arms],
            numbers=range(1, 8),
        ),
        page.paragraph(
            "Strong: PSR, placebo and trades together, where a policy says GO; – where no placebo was run. "
            "Coverage: how often the 90 % interval of the Sharpe ratio holds the true value, 0.",
            "dim",
        ),
        page.heading("Gates passed"),
        _charts(arms, _gates_chart),
        page.heading("Annual Sharpe ratio"),
        _charts(arms, lambda arm: _sharpe_chart(arm, found.sharpe_limit)),
        page.heading("PSR without an edge"),
        page.figure(
            _psr_chart(arms),
            "Share of markets below each PSR, without edge and costs; on the dashed line PSR is right.",
        ),
        page.heading("Each gate alone"),
        page.table(
            ("gate", *(arm.words for arm in arms)),
            [(spec.title, *(_share(arm, index) for arm in arms)) for index, spec in enumerate(SPECS)],
            numbers=range(1, 1 + len(arms)),
        ),
    ]
    return page.page("Calibration of the risk gates", blocks)


def _arm_words(arm: Arm) -> str:
    counts = ", ".join(f"≥ {least}: {arm.at_least(least)}" for least in (4, 5, 6))
    strong = f"GO strong manual {arm.go('manual', strong=True)}, checklist {arm.go('checklist', strong=True)}"
    sharpe = number(arm.mean_sharpe(), 2)
    return f"Sharpe {sharpe:>6}   gates {counts}   {strong if arm.placebo_run else 'placebo not run'}"


def _target_words(target: Target) -> str:
    sign = "≤" if target.comparison == "<=" else "≥"
    share = percent(100 * target.limit) if target.of > len(SPECS) else number(target.limit)
    return f"{target.words}: {target.count} of {target.of} ({sign} {share})"


def _target_cells(target: Target) -> tuple[str, ...]:
    sign = "≤" if target.comparison == "<=" else "≥"
    limit = percent(100 * target.limit, 0) if target.of > len(SPECS) else number(target.limit)
    return (
        target.words,
        f"{target.count} of {target.of}",
        f"{sign} {limit}",
        number(target.chance, 3),
        "held" if target.held else "not held",
    )


def _arm_cells(arm: Arm) -> tuple[str, ...]:
    psr = sum((outcome.psr or 0.0) >= 0.95 for outcome in arm.outcomes)
    covered = [outcome.covered for outcome in arm.outcomes if outcome.covered is not None]
    return (
        arm.words,
        number(arm.mean_sharpe(), 2),
        *(number(arm.at_least(least)) for least in (4, 5, 6)),
        number(psr),
        number(sum(outcome.strong for outcome in arm.outcomes)) if arm.placebo_run else number(None),
        percent(100 * sum(covered) / len(covered), 0) if covered else number(None),
    )


def _charts(arms: Sequence[Arm], draw: Callable[[Arm], str]) -> str:
    drawn = "".join(page.figure(draw(arm), arm.words) for arm in arms)
    return f'<div class="charts">{drawn}</div>'


def _gates_chart(arm: Arm) -> str:
    counts = [sum(outcome.gates == gates for outcome in arm.outcomes) for gates in range(len(SPECS) + 1)]
    return svg.bars(
        counts, [str(gates) for gates in range(len(counts))], describe=f"gates passed, {arm.words}"
    )


def _sharpe_chart(arm: Arm, limit: float) -> str:
    values = np.array([outcome.sharpe for outcome in arm.outcomes if outcome.sharpe is not None], np.float64)
    if not values.size:
        return ""
    low, high = min(-2.0, float(np.floor(values.min()))), max(4.0, float(np.ceil(values.max())))
    counts, edges = np.histogram(values, _BINS, (low, high))
    labels = [f"{edge:.1f}" if index % 2 == 0 else "" for index, edge in enumerate(edges[:-1])]
    return svg.bars(
        counts.tolist(),
        labels,
        limit=_BINS * (limit - low) / (high - low) if low <= limit <= high else None,
        limit_name="gate",
        edges=True,
        describe=f"Sharpe ratios, {arm.words}",
    )


def _psr_chart(arms: Sequence[Arm]) -> str:
    free = next((arm for arm in arms if arm.name == "no_edge_no_costs"), None)
    values = sorted(outcome.psr for outcome in free.outcomes if outcome.psr is not None) if free else []
    if not values:
        return ""
    x = [0.0, *values, 1.0]
    y = [0.0, *(rank / len(values) for rank in range(1, len(values) + 1)), 1.0]
    return svg.lines(
        [svg.Line((0.0, 1.0), (0.0, 1.0), "other"), svg.Line(x, y)],
        width=360,
        height=260,
        x_labels=((0.0, "PSR 0"), (0.5, "0.5"), (1.0, "1")),
        limits=(svg.Limit(0.95, "strong", vertical=True),),
        describe="distribution of PSR without edge and costs",
    )


def _share(arm: Arm, gate: int) -> str:
    passed = sum(outcome.passed[gate] for outcome in arm.outcomes)
    return percent(100 * passed / len(arm.outcomes), 0)
