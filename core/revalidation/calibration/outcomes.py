"""What a calibration found: an outcome per market, an arm per kind of market, and the promises held or not.

Trap avoided: a share without its number: 3 of 100 and 30 of 1,000 do not say the same about 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from core.revalidation.decision import PolicyName, verdict
from core.revalidation.gates import SPECS

MOST_FALSE_GO = 0.05
LEAST_POWER = 0.90
LEAST_CHANCE = 0.01
"""A count that would be rarer than this if the promise just held contradicts it."""
POLICIES: tuple[PolicyName, ...] = ("manual", "checklist")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One market as the gates judged it."""

    sharpe: float | None
    psr: float | None = None
    trades: int
    passed: tuple[bool, ...]
    """In the gates' order."""
    placebo_p: float | None = None
    """Computed where the rest of the evidence is strong and a policy says GO."""
    strong: bool = False
    covered: bool | None = None
    """Whether the Sharpe ratio's 90 % interval holds the true value, where that was checked."""

    @property
    def gates(self) -> int:
        return sum(self.passed)


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of agent in one kind of market."""

    name: str
    words: str
    outcomes: tuple[Outcome, ...]
    placebo_run: bool = True
    """Whether the placebo was run wherever the rest of the evidence was strong."""

    def go(self, policy: PolicyName, *, strong: bool = False) -> int:
        """How many got GO, or GO with strong evidence."""
        return sum(
            verdict(outcome.gates, policy) == "GO" and (outcome.strong or not strong)
            for outcome in self.outcomes
        )

    def at_least(self, gates: int) -> int:
        return sum(outcome.gates >= gates for outcome in self.outcomes)

    def mean_sharpe(self) -> float | None:
        known = [outcome.sharpe for outcome in self.outcomes if outcome.sharpe is not None]
        return float(np.mean(known)) if known else None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A promise and whether the count is compatible with it."""

    words: str
    count: int
    of: int
    limit: float
    comparison: str
    chance: float
    """Of a count this far on the wrong side where the promise holds exactly."""
    held: bool


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The whole measurement."""

    markets: int
    episodes: int
    candles: int
    symbols: int
    edge: float
    seed: int
    policy: PolicyName
    sharpe_limit: float
    arms: tuple[Arm, ...]
    targets: tuple[Target, ...]
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        return all(target.held for target in self.targets)


def judge_targets(arms: Sequence[Arm], ruling: PolicyName) -> tuple[Target, ...]:
    by_name = {arm.name: arm for arm in arms}
    found = []
    for name in ("no_edge", "no_edge_no_costs"):
        arm = by_name[name]
        for policy in POLICIES:
            rules = ", the policy that rules" if policy == ruling else ""
            count, of = arm.go(policy, strong=True), len(arm.outcomes)
            chance = at_least_chance(count, of, MOST_FALSE_GO)
            words = f"{arm.words}: GO with strong evidence under {policy}{rules}"
            found.append(_target(words, count, of, MOST_FALSE_GO, "<=", chance))
    planted = by_name["planted_edge"]
    count, of = planted.go("checklist"), len(planted.outcomes)
    chance = 1.0 - at_least_chance(count + 1, of, LEAST_POWER)
    words = f"{planted.words}: GO of any strength under checklist"
    found.append(_target(words, count, of, LEAST_POWER, ">=", chance))
    for name in ("never_trades", "not_a_number"):
        arm = by_name[name]
        passed = max(outcome.gates for outcome in arm.outcomes)
        found.append(
            Target(
                words=f"{arm.words}: gates passed",
                count=passed,
                of=len(SPECS),
                limit=0.0,
                comparison="<=",
                chance=0.0 if passed else 1.0,
                held=passed == 0,
            )
        )
    return tuple(found)


def _target(words: str, count: int, of: int, limit: float, comparison: str, chance: float) -> Target:
    return Target(
        words=words,
        count=count,
        of=of,
        limit=limit,
        comparison=comparison,
        chance=chance,
        held=chance >= LEAST_CHANCE,
    )


def at_least_chance(count: int, of: int, share: float) -> float:
    """The chance of `count` or more of `of` independent trials, each with chance `share` (0 < share < 1)."""
    logs = (
        math.lgamma(of + 1)
        - math.lgamma(hits + 1)
        - math.lgamma(of - hits + 1)
        + hits * math.log(share)
        + (of - hits) * math.log1p(-share)
        for hits in range(max(0, count), of + 1)
    )
    return min(1.0, math.fsum(math.exp(value) for value in logs))
