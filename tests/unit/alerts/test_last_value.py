"""What a rule would be judged by now."""

from __future__ import annotations

import math
from typing import Any

from core.alerts.last_value import last_value
from core.alerts.look import Scene
from core.alerts.rule import default_rules

RULES = default_rules()


def test_a_number_that_is_no_more_is_not_the_last_value(scene: Any) -> None:
    """The newest KL is nan: the one before it is an old one."""

    def shown() -> float | None:
        return last_value(RULES["kl_spike"], Scene(scene.run, scene.health, scene.now))

    assert shown() is None
    scene.kl([0.01, 0.12])
    assert shown() == 0.12
    scene.kl([math.nan])
    assert shown() is None
