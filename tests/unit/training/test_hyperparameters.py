from __future__ import annotations

import msgspec

from core.config.settings import Hyperparameters
from core.training.hyperparameters import NAMES, as_dict, differences, effective


def test_there_are_the_checklists_eleven() -> None:
    assert NAMES == (
        "learning_rate",
        "batch_size",
        "n_steps",
        "n_epochs",
        "gamma",
        "gae_lambda",
        "ent_coef",
        "clip_range",
        "vf_coef",
        "max_grad_norm",
        "total_timesteps",
    )


def test_the_defaults_are_the_approved_values() -> None:
    assert differences(Hyperparameters(), Hyperparameters()) == ()


def test_each_one_that_differs_is_named_with_both_values() -> None:
    for name, value in as_dict(Hyperparameters()).items():
        changed = msgspec.structs.replace(Hyperparameters(), **{name: value * 2})
        (found,) = differences(changed, Hyperparameters())
        assert (found.name, found.value, found.approved) == (name, value * 2, value)


def test_timesteps_of_the_command_count_as_a_difference() -> None:
    (found,) = differences(effective(Hyperparameters(), 20_000), Hyperparameters())
    assert str(found) == "total_timesteps = 20000, approved 500000"
    assert effective(Hyperparameters(), None) == Hyperparameters()
