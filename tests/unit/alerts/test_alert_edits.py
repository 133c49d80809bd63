"""A rule that is edited: what it told in its old form stays told, and it counts from the next look."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from core.alerts.engine import AlertEngine
from core.alerts.replay import replay
from core.alerts.rule import default_rules
from core.store.database import Store

Console = Callable[..., Store]
KL = {name: default_rules()[name] for name in ("kl_high", "kl_spike")}


def test_edited_rule_does_not_rewrite_the_log(scene: Any, console: Console) -> None:
    """A lower threshold: what would have fired is for the replay; only what fires now is recorded."""
    scene.kl([0.01, 0.2, 0.01, 0.08, 0.01, 0.08, 0.01])
    scene.look(AlertEngine(KL, "run-1", console()))
    before = scene.lines()
    edited = KL | {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.07, resolve_at=0.06)}
    engine = AlertEngine(edited, "run-1", console("bob"))
    assert ("kl_spike", "firing", True) not in scene.look(engine)
    assert scene.lines() == before
    scene.kl([0.085])
    assert scene.look(engine) == [("kl_spike", "firing", True)]
    again = AlertEngine(edited, "run-1", console("eve"))
    assert scene.look(again) == [("kl_spike", "firing", False)]
    assert again.alerts()[0] == engine.alerts()[0] and len(scene.lines()) == len(before) + 1


def test_edited_rule_goes_on_with_its_open_firing(scene: Any, console: Console) -> None:
    scene.kl([0.08, 0.2, 0.2])
    engine = AlertEngine({"kl_spike": KL["kl_spike"]}, "run-1", console())
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "kl_spike").key, "on it", scene.now)
    edited = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.07, resolve_at=0.06)}
    engine = AlertEngine(edited, "run-1", console())
    assert scene.look(engine) == []
    assert (
        scene.view(engine, "kl_spike").acknowledged_by == "ada"
        and scene.view(engine, "kl_spike").generation == 1
    )
    scene.kl([0.01])
    assert scene.look(engine) == [("kl_spike", "resolved", True)]


def test_a_rule_edited_while_it_runs_counts_from_the_next_look(scene: Any, console: Console) -> None:
    """The other rules go on from where they are, their acknowledgements too."""
    nan = {"gradient_explosion": default_rules()["gradient_explosion"]}
    scene.kl([0.01, 0.2, 0.2])
    scene.row(approx_kl=0.2, value_loss=math.nan)
    engine = AlertEngine(KL | nan, "run-1", console())
    scene.look(engine)
    engine.acknowledge(scene.view(engine, "gradient_explosion").key, "on it", scene.now)
    before = scene.view(engine, "gradient_explosion")
    assert scene.view(engine, "kl_spike").state == "firing"
    edited = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.3, resolve_at=0.3)}
    engine.use_rules(KL | nan | edited)
    told = scene.look(engine)
    assert ("kl_spike", "resolved", True) in told and ("kl_high", "firing", True) in told
    assert all(rule != "gradient_explosion" for rule, _, _ in told)
    assert scene.view(engine, "gradient_explosion") == before
    written = scene.lines()
    assert scene.look(engine) == [] and scene.lines() == written, "said once"
    scene.kl([0.35])
    assert ("kl_spike", "firing", True) in scene.look(engine)
    assert scene.view(engine, "kl_spike").threshold == 0.3 and scene.view(engine, "kl_spike").generation == 2


def test_a_console_with_the_rule_as_it_was_does_not_end_what_the_edited_one_raised(
    scene: Any, console: Console
) -> None:
    """Until it sees the edit: its own rule never fired on these rows."""
    edited = {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.07, resolve_at=0.06)}
    scene.kl([0.01, 0.01])
    before, after = (
        AlertEngine({"kl_spike": KL["kl_spike"]}, "run-1", console()),
        AlertEngine(edited, "run-1", console("bob")),
    )
    assert scene.look(before) == scene.look(after) == []
    scene.kl([0.08])
    assert scene.look(after) == [("kl_spike", "firing", True)]
    scene.kl([0.08])
    assert scene.look(before) == []
    before.use_rules(edited)
    assert scene.look(before) == [("kl_spike", "firing", False)]
    assert scene.view(before, "kl_spike").generation == 1
    scene.kl([0.01])
    assert scene.look(after) == [("kl_spike", "resolved", True)]


def test_a_rule_switched_off_while_it_runs_shows_no_more(scene: Any, console: Console) -> None:
    scene.kl([0.2])
    engine = AlertEngine(KL, "run-1", console())
    scene.look(engine)
    engine.use_rules(KL | {"kl_spike": msgspec.structs.replace(KL["kl_spike"], enabled=False)})
    scene.look(engine)
    assert [each.rule for each in engine.alerts()] == ["kl_high"]


def test_a_rule_that_is_edited_while_the_history_is_read_tells_nothing_of_its_old_form(
    scene: Any, console: Console
) -> None:
    scene.kl([0.01, 0.2, 0.01, 0.01, 0.01])
    engine = AlertEngine(KL, "run-1", console())
    assert engine.update(scene.part(3), scene.health, scene.now) == []
    engine.use_rules(
        KL | {"kl_spike": msgspec.structs.replace(KL["kl_spike"], threshold=0.3, resolve_at=0.3)}
    )
    assert "kl_spike" not in {rule for rule, _, _ in scene.look(engine)}


def test_replay_lists_what_would_have_fired(scene: Any, console: Console) -> None:
    """It records nothing, and equals what the log says of the same history."""
    scene.kl([0.01, 0.2, 0.01, 0.6, 0.07, 0.01])
    transitions = replay(KL, scene.run)
    assert [(each.rule, each.state, each.timestep) for each in transitions] == [
        ("kl_spike", "firing", 4096),
        ("kl_spike", "resolved", 6144),
        ("kl_spike", "firing", 8192),
        ("kl_spike", "resolved", 10240),
        ("kl_high", "firing", 10240),
        ("kl_high", "resolved", 12288),
    ]
    assert scene.lines() == []
    live = AlertEngine(KL, "run-1", console()).update(scene.run, scene.health, scene.now)
    assert [msgspec.structs.replace(each, at=None) for each in live] == [
        msgspec.structs.replace(each, at=None) for each in transitions
    ]
