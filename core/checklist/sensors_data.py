"""Sensors of the data pipeline and the baseline, from the facts the child process brought."""

from __future__ import annotations

from pathlib import Path

from core.checklist.context import PreflightContext
from core.checklist.facts import DataFacts
from core.checklist.item import Reading, SensedState, unknown

SMC_FAMILY = {
    "swings": ("swing",),
    "break of structure": ("break_of_structure", "bos"),
    "change of character": ("change_of_character", "choch"),
    "order blocks": ("order_block",),
    "fair-value gaps": ("fair_value_gap", "fvg"),
    "liquidity sweeps": ("liquidity", "sweep"),
}
"""The concepts of the Smart Money Concepts family, and the words in a feature's name that tell each."""


def train_data(context: PreflightContext, _: str) -> Reading:
    """Whether the training candles can be read and used."""
    return context.brought(usable(context, context.facts.train, context.workspace.train_data, 1))


def test_data(context: PreflightContext, _: str) -> Reading:
    """Whether the test candles can be used, are enough, and lie after the training candles."""
    return context.brought(_apart(context))


def _apart(context: PreflightContext) -> Reading:
    facts = context.facts.backtest
    need = context.workspace.settings.data.test_candles
    reading = usable(context, facts, context.workspace.backtest_data, need)
    train = context.facts.train
    if reading.state not in ("pass", "warn") or facts is None:
        return reading
    if train is None or train.last is None or facts.first_scored is None:
        return Reading(
            "unknown",
            reading.value,
            reading.limit,
            reading.source,
            0.0,
            message="overlap with the training data is not known: it cannot be used",
        )
    if train.last >= facts.first_scored:
        return Reading(
            "fail",
            reading.value,
            reading.limit,
            reading.source,
            0.0,
            message=f"overlaps the training data: it ends {train.last}, the test begins {facts.first_scored}",
        )
    return reading


def usable(context: PreflightContext, facts: DataFacts | None, folder: Path, need: int) -> Reading:
    """Whether a folder's candles can be used, and are at least `need`."""
    limit = f"≥ {need:,} candle{'s' if need != 1 else ''}"
    if facts is None:
        return unknown(context.facts.missing or "not looked at", limit=limit)
    source = context.workspace.relative(folder)
    if facts.verdict == "reject":
        return Reading(
            "fail", "rejected", limit, source, 0.0, message="; ".join(facts.problems[:3]) or "see data check"
        )
    if facts.error is not None:
        return Reading("fail", "none usable", limit, source, 0.0, message=facts.error)
    value = f"{facts.symbols} symbol{'s' if facts.symbols != 1 else ''}, {facts.scored:,} candles"
    notes = ["synthetic market"] if facts.synthetic else []
    notes += list(facts.problems[:2])
    if facts.scored < need:
        short = f"{need - facts.scored:,} candles short"
        return Reading("fail", value, limit, source, 0.0, message="; ".join([short, *notes]), on_fail="fix")
    evidence = f"candles {facts.hash[:12]}" if facts.hash else ""
    state: SensedState = "warn" if notes else "pass"
    return Reading(state, value, limit, source, 0.0, message="; ".join(notes), evidence=evidence)


def gaps(context: PreflightContext, _: str) -> Reading:
    """Gaps in either folder."""
    known = [
        (name, facts)
        for name, facts in (("train", context.facts.train), ("backtest", context.facts.backtest))
        if facts is not None and facts.verdict is not None
    ]
    count = sum(facts.gaps for _, facts in known)
    source = ", ".join(name for name, _ in known) or None
    if count:
        found = [text for _, facts in known for text in facts.problems if "gap" in text.lower()]
        return Reading("fail", count, 0, source, 0.0, message="; ".join(found[:3]))
    if len(known) < 2:
        return unknown("not all candle files could be checked", source=source, limit=0)
    return Reading("pass", 0, 0, source, 0.0)


SIDE_DATA = ("fear_greed", "btc_dominance", "dxy", "funding_rate", "long_short_ratio", "open_interest")
"""Macro and sentiment values that the feature set can use."""
_SIDE_SHARE = 0.9
"""Least share of the candles for which a value must be known."""


def side_data(context: PreflightContext, _: str) -> Reading:
    """Macro and sentiment values: where one is missing a neutral value stands in, and that is said."""
    train, test = context.facts.train, context.facts.backtest
    if train is None or train.error is not None:
        return unknown((train.error if train else context.facts.missing) or "not looked at")
    known = [name for name in SIDE_DATA if train.side.get(name, 0.0) >= _SIDE_SHARE]
    value, source = (
        f"{len(known)} of {len(SIDE_DATA)}",
        f"{context.workspace.relative(context.workspace.train_data)}/side",
    )
    limit = f"{len(SIDE_DATA)} values"
    if not train.side and not (test and test.side):
        told = "no macro or sentiment data: neutral values are used"
        return Reading("warn", "absent", limit, source, 0.0, message=told)
    notes = []
    if test is not None and test.error is None:
        uneven = [
            name
            for name in SIDE_DATA
            if (train.side.get(name, 0.0) >= _SIDE_SHARE) != (test.side.get(name, 0.0) >= _SIDE_SHARE)
        ]
        if uneven:
            told = f"known in one of the training and test data only: {', '.join(uneven)}"
            return Reading("fail", value, limit, source, 0.0, message=told, on_fail="fix")
    thin = [f"{name} {100 * train.side.get(name, 0.0):.0f} %" for name in SIDE_DATA if name not in known]
    if thin:
        notes.append(f"neutral values stand in where these are not known: {', '.join(thin)} of the candles")
    return Reading("warn" if notes else "pass", value, limit, source, 0.0, message="; ".join(notes))


def smc(context: PreflightContext, _: str) -> Reading:
    """Whether the feature set holds the Smart Money Concepts family, and the training candles show it."""
    facts = context.facts.environment
    if facts is None or facts.error is not None:
        return unknown((facts.error if facts else context.facts.missing) or "not looked at")
    present = [name for name in facts.features if _of_family(name)]
    source = f"feature set ({len(facts.features)} features)"
    found = {
        concept
        for concept, words in SMC_FAMILY.items()
        if any(word in name for word in words for name in present)
    }
    value, limit = f"{len(found)} of {len(SMC_FAMILY)} concepts", f"{len(SMC_FAMILY)} concepts"
    if len(found) < len(SMC_FAMILY):
        lacking = ", ".join(concept for concept in SMC_FAMILY if concept not in found)
        return Reading(
            "fail",
            value,
            limit,
            source,
            0.0,
            message=f"the feature set lacks {lacking}; override with a reason to train without",
        )
    evidence = f"{len(present)} SMC features of {len(facts.features)}"
    train = context.facts.train
    silent = [name for name in train.silent if name in present] if train else []
    if silent:
        told = f"never seen on the newest training candles: {', '.join(silent)}"
        return Reading("warn", value, limit, source, 0.0, message=told, evidence=evidence)
    return Reading("pass", value, limit, source, 0.0, evidence=evidence)


def _of_family(name: str) -> bool:
    return any(word in name for words in SMC_FAMILY.values() for word in words)


def baseline(context: PreflightContext, _: str) -> Reading:
    """Whether a random policy was measured on these very test candles."""
    facts = context.facts.baseline
    if facts is None:
        return unknown(context.facts.missing or "not looked at")
    source = context.workspace.relative(context.workspace.reports)
    if facts.error is not None:
        return unknown(facts.error, source=source, limit="saved")
    if not facts.saved:
        return Reading(
            "fail",
            "none for these candles",
            "saved",
            source,
            0.0,
            message="measure it: ppo-console data baselines",
        )
    sharpe = facts.metrics.get("sharpe_ratio")
    value = "saved" if sharpe is None else f"Sharpe {sharpe:.2f}"
    return Reading("pass", value, "saved", source, 0.0)


def own_check(context: PreflightContext, name: str) -> Reading:
    """A check of the user's own code, as the child ran it."""
    answer = context.facts.own.get(name)
    if answer is None:
        return unknown(context.facts.missing or "not looked at")
    source = f"config.toml [checklist.checks.{name}]"
    state: SensedState = "unknown" if answer.good is None else "pass" if answer.good else "fail"
    return context.brought(
        Reading(state, answer.value, answer.limit, source, message=answer.message, evidence=answer.value)
    )
