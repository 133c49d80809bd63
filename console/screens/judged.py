"""What a revalidation would judge, as it is on disk now: the model's hash, the candles' symbols and dates.

Read off the UI thread. Traps avoided: calling a decision current although the model was written again since,
and calling it stale because a new model is half written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConsoleError
from core.text import visible

_CANDLES = (".parquet", ".feather", ".csv")
_BLOCK = 1 << 20
_NOT_THERE = "not there yet: training writes it after its first evaluation"


@dataclass(frozen=True, slots=True)
class Judged:
    """None where it is not known."""

    model_sha256: str | None = None
    model_problem: str = ""
    """Why there is no hash, in words."""
    model_missing: bool = False
    """There is no such file."""
    symbols: int = 0
    first: str | None = None
    """Open time of the first scored candle, ISO 8601."""
    last: str | None = None
    synthetic: bool = False
    data_problem: str = ""


def look(model: Path | None, data: Path | None) -> Judged:
    """Hash the model and read what the candles' folder records of itself; problems become words."""
    digest, model_problem = _hash(model)
    symbols, first, last, problem = _candles(data)
    synthetic = data is not None and (data / "synthetic.json").is_file()
    return Judged(
        digest, model_problem, model_problem == _NOT_THERE, symbols, first, last, synthetic, problem
    )


def zip_of(model: Path) -> Path:
    """The file whose hash names the model: the path itself, or it with `.zip`."""
    return model if model.suffix == ".zip" else model.with_name(model.name + ".zip")


def _hash(model: Path | None) -> tuple[str | None, str]:
    if model is None:
        return None, "no model is named"
    from core.models.problems import ModelProblem
    from core.models.zips import TAIL, check_ends

    path = zip_of(model)
    digest = hashlib.sha256()
    head, tail, size = b"", b"", 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                head, tail, size = head or block[:64], (tail + block)[-TAIL:], size + len(block)
        check_ends(head, tail, size)
    except FileNotFoundError:
        return None, _NOT_THERE
    except OSError as error:
        return None, f"cannot be read: {visible(error.strerror or str(error), 100)}"
    except ModelProblem as problem:
        return None, f"not a whole model, or not yet: {problem}"
    return digest.hexdigest(), ""


def _candles(data: Path | None) -> tuple[int, str | None, str | None, str]:
    if data is None:
        return 0, None, None, "no folder is named"
    from core.market.record import read_split

    try:
        count = sum(path.suffix in _CANDLES for path in data.iterdir())
        record = read_split(data)
    except FileNotFoundError:
        return 0, None, None, "not there yet: ppo-console data split makes it"
    except OSError as error:
        return 0, None, None, f"cannot be read: {visible(error.strerror or str(error), 100)}"
    except ConsoleError as error:
        return 0, None, None, error.title
    if not count:
        return 0, None, None, "holds no candles: ppo-console data split makes them"
    if record is None:
        return count, None, None, ""
    return count, visible(record.score_from, 40), visible(record.last, 40), ""
