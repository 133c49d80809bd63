"""Why a file could not be read as a model, before it is known which file a user named.

Trap avoided: a refusal without a way out. What is wrong decides what helps: waiting, another copy, or a
decision to run the file's code.
"""

from __future__ import annotations

from core.errors import UnreadableError

SAVE_AGAIN = "Restore the file from a copy, or save the model again; nothing in it was run."
WAY_OUT = (
    "Nothing in it was run. Export the model where it is trained (core.training.export.export_model), or, if "
    "you trust whoever made the file, run its code in a process of its own: "
    "ppo-console revalidate --trust-model."
)
PLAIN_STATISTICS = (
    "Nothing in it was run. Save the statistics with VecNormalize.save, or name the .normalisation.json of "
    "an export."
)


class ModelProblem(Exception):
    """What is wrong: where, what was expected, what was got. Printable."""


class NotWholeError(ModelProblem):
    """Bytes are missing: it may still be being written."""


class MalformedError(ModelProblem):
    """No stable-baselines3 writes this: damaged or made to harm."""


class NeedsCodeError(ModelProblem):
    """It may well be a model, but what it does is in code that would have to be run."""


class DivergedError(ModelProblem):
    """Numbers that are not finite: nothing to judge."""


class CustomModelError(UnreadableError):
    """A model that can only be read by running its code. Exit code 1."""
