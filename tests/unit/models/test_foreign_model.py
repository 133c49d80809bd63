"""A path to a policy: which statistics it gets, what is said of it, what it waits for, what it refuses."""

from __future__ import annotations

import hashlib
import pickle
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.backtest.policy import TrainedPolicy, check_observation
from core.errors import ConsoleError, RejectedError, UnreadableError, UsageError
from core.models import settle
from core.models.arrays import read_policy
from core.models.foreign import AS_THEY_ARE, Read, load_model, read_foreign, statistics_beside
from core.models.manifest import member_names
from core.models.problems import CustomModelError, NeedsCodeError
from core.models.sb3 import Sb3Model, read_zip
from core.training.export import export_model

NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
SIZE = 6
NAMES = tuple("abcdef")

WithFields = Callable[..., bytes]


@pytest.fixture
def model(tmp_path: Path, plain_zip: bytes) -> Path:
    path = tmp_path / "agent_1000_steps.zip"
    path.write_bytes(plain_zip)
    return path


@pytest.fixture
def custom(tmp_path: Path, plain_zip: bytes, with_fields: WithFields) -> Path:
    path = tmp_path / "custom.zip"
    path.write_bytes(with_fields(plain_zip, policy_class=pickle.dumps(ConsoleError)))
    return path


def normalised_actions(statistics: bytes, plain_zip: bytes, observations: np.ndarray) -> list[int]:
    import io

    from stable_baselines3 import PPO

    normaliser = pickle.loads(statistics)  # noqa: S301
    loaded = PPO.load(io.BytesIO(plain_zip), device="cpu")
    actions: list[int] = loaded.predict(normaliser.normalize_obs(observations), deterministic=True)[
        0
    ].tolist()
    return actions


def test_a_model_with_statistics_acts_as_both_loaded_by_stable_baselines3(
    model: Path, tmp_path: Path, statistics: bytes, plain_zip: bytes
) -> None:
    (tmp_path / "vecnormalize.pkl").write_bytes(statistics)
    policy = load_model(model.with_suffix(""))
    observations = (np.random.default_rng(0).normal(size=(2000, SIZE)) * 9).astype(np.float32)
    expected = normalised_actions(statistics, plain_zip, observations)
    assert TrainedPolicy(policy).actions(observations).tolist() == expected and len(set(expected)) > 1
    assert policy.model_hash == hashlib.sha256(plain_zip).hexdigest()
    assert policy.normalisation_hash == hashlib.sha256(statistics).hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "agent_1000_steps_vecnormalize.pkl",
        "agent_1000_steps.vecnormalize.pkl",
        "agent_1000_steps_vec_normalize.pkl",
        "agent_vecnormalize_1000_steps.pkl",
        "vecnormalize_agent_1000_steps.pkl",
        "agent_1000_steps/vecnormalize.pkl",
        "vecnormalize.pkl",
        "vec_normalize.pkl",
    ],
)
def test_statistics_are_found_by_the_names_people_use(model: Path, tmp_path: Path, name: str) -> None:
    assert statistics_beside(model) is None
    found = tmp_path / name
    found.parent.mkdir(exist_ok=True)
    found.touch()
    assert statistics_beside(model) == found


def test_the_most_specific_name_wins_and_the_report_says_which(
    model: Path, tmp_path: Path, statistics: bytes
) -> None:
    (tmp_path / "vecnormalize.pkl").write_bytes(b"of another model")
    (tmp_path / "agent_vecnormalize_1000_steps.pkl").write_bytes(statistics)
    foreign = load_model(model).foreign
    assert foreign is not None
    assert any("agent_vecnormalize_1000_steps.pkl, found by its name" in words for words in foreign.warnings)


def test_without_statistics_it_is_said_that_observations_are_used_as_they_are(model: Path) -> None:
    policy = load_model(model)
    assert policy.foreign is not None and AS_THEY_ARE in policy.foreign.warnings
    assert policy.normalisation_hash is None
    said = " ".join(policy.foreign.warnings)
    assert "no manifest says which hash" in said and "same order, cannot be verified" in said


def test_statistics_without_observations_are_said_to_change_nothing(
    model: Path, tmp_path: Path, lanes: Any
) -> None:
    from stable_baselines3.common.vec_env import VecNormalize

    path = tmp_path / "mine.pkl"
    path.write_bytes(pickle.dumps(VecNormalize(lanes, norm_obs=False)))
    policy = load_model(model, normalisation=path)
    assert policy.foreign is not None and "were not normalised" in policy.foreign.warnings[-1]
    assert policy.clip == float("inf")


def test_statistics_of_another_size_are_refused(model: Path, tmp_path: Path, statistics: bytes) -> None:
    normaliser = pickle.loads(statistics)  # noqa: S301
    normaliser.__dict__.update(class_attributes={}, returns=None)
    normaliser.obs_rms.mean = normaliser.obs_rms.var = np.ones(4)
    path = tmp_path / "other.pkl"
    path.write_bytes(pickle.dumps(normaliser))
    with pytest.raises(UnreadableError, match="normalises 4 numbers: expected 6") as caught:
        load_model(model, normalisation=path)
    assert "--normalisation" in caught.value.hint


def test_statistics_that_are_none_say_what_was_expected_and_what_to_do(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.pkl"
    with pytest.raises(UsageError, match="no file at"):
        load_model(model, normalisation=path)
    path.write_bytes(pickle.dumps({"mean": 0}))
    with pytest.raises(CustomModelError, match="expected a VecNormalize, got dict") as caught:
        load_model(model, normalisation=path)
    assert "VecNormalize.save" in caught.value.hint
    path.write_text("hello")
    with pytest.raises(UnreadableError, match=r"other\.pkl is not a model"):
        load_model(model, normalisation=path)


def test_the_statistics_of_an_export_serve_too_and_name_the_features(
    model: Path, tmp_path: Path, statistics: bytes, new_model: Callable[..., Any], lanes: Any
) -> None:
    normaliser = pickle.loads(statistics)  # noqa: S301
    export_model(new_model(), tmp_path / "own/x", feature_names=NAMES, now=NOW, normaliser=normaliser)
    policy = load_model(model, normalisation=tmp_path / "own" / "x.normalisation.json")
    (tmp_path / "vecnormalize.pkl").write_bytes(statistics)
    same = load_model(model)
    assert policy.observation_mean.tobytes() == same.observation_mean.tobytes() and policy.clip == same.clip
    check_observation(policy, NAMES)
    with pytest.raises(UnreadableError, match="number 1 of its observation"):
        check_observation(policy, NAMES[::-1])


def test_only_the_number_of_observations_and_actions_of_a_foreign_model_can_be_compared(
    model: Path, tmp_path: Path, lanes: Any
) -> None:
    policy = load_model(model)
    check_observation(policy, NAMES)
    with pytest.raises(UnreadableError, match="expected 7 numbers in an observation, got 6") as caught:
        check_observation(policy, (*NAMES, "g"))
    assert "ppo-console score" in caught.value.hint


def test_a_model_with_other_actions_is_refused(tmp_path: Path, lanes: Any, saved: Any) -> None:
    import gymnasium
    from gymnasium import spaces
    from stable_baselines3 import PPO

    class Two(gymnasium.Env[np.ndarray, int]):
        observation_space = spaces.Box(-1, 1, (SIZE,))
        action_space = spaces.Discrete(2)

    (tmp_path / "two.zip").write_bytes(saved(PPO("MlpPolicy", Two(), n_steps=8, batch_size=8, device="cpu")))
    with pytest.raises(UnreadableError, match="chooses between 2 actions: expected 5"):
        check_observation(load_model(tmp_path / "two"), NAMES)


# Exports.


def test_a_model_of_any_script_gets_an_export_that_is_read_through_its_manifest(
    tmp_path: Path, new_model: Callable[..., Any], statistics: bytes
) -> None:
    normaliser = pickle.loads(statistics)  # noqa: S301
    for given, clip in ((normaliser, 2.5), (None, float("inf"))):
        path = export_model(
            new_model(), tmp_path / "mine.zip", feature_names=NAMES, now=NOW, normaliser=given
        )
        policy = load_model(path)
        assert policy.foreign is None and policy.feature_names == NAMES and policy.clip == clip
    with pytest.raises(UsageError, match="one for each of the 6 numbers"):
        export_model(new_model(), tmp_path / "mine.zip", feature_names=NAMES[1:], now=NOW)


@pytest.mark.parametrize("member", member_names("mine"))
def test_an_export_with_another_hash_stays_refused_whatever_is_asked(
    tmp_path: Path, new_model: Callable[..., Any], plain_zip: bytes, member: str
) -> None:
    path = export_model(new_model(), tmp_path / "mine.zip", feature_names=NAMES, now=NOW)
    changed = plain_zip if member.endswith(".zip") else (tmp_path / member).read_bytes()[:-1] + b"x"
    (tmp_path / member).write_bytes(changed)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(RejectedError, match="does not match its manifest: expected SHA-256") as caught:
        load_model(path, trusted=digest, run_code=lambda read: pytest.fail("its code was run"))
    assert caught.value.exit_code == 20


def test_a_part_of_an_export_is_refused_and_statistics_are_not_exchanged(
    tmp_path: Path, new_model: Callable[..., Any]
) -> None:
    path = export_model(new_model(), tmp_path / "mine.zip", feature_names=NAMES, now=NOW)
    with pytest.raises(UsageError, match="its own statistics"):
        load_model(path, normalisation=tmp_path / "other.pkl")
    (tmp_path / "mine.manifest.json").unlink()
    with pytest.raises(UnreadableError, match="no export") as caught:
        load_model(path)
    assert "in a folder of its own" in caught.value.hint
    for member in member_names("mine")[1:]:
        (tmp_path / member).unlink()
    assert load_model(path).foreign is not None


# Trust.


def test_a_model_of_its_own_code_is_refused_with_reason_and_way_out(custom: Path) -> None:
    with pytest.raises(CustomModelError) as caught:
        load_model(custom)
    error = caught.value
    assert str(custom) in error.title and "got core.errors.ConsoleError" in error.title
    assert "stable_baselines3.common.policies.ActorCriticPolicy" in error.title
    assert "export_model" in error.hint and "--trust-model" in error.hint and error.exit_code == 1


def test_code_runs_only_for_the_very_bytes_that_were_trusted(custom: Path, plain_zip: bytes) -> None:
    ran: list[Read] = []

    def run(read: Read) -> Sb3Model:
        ran.append(read)
        return read_zip(plain_zip)

    read = read_foreign(custom)
    assert isinstance(read.model, NeedsCodeError)
    policy = load_model(custom, trusted=read.model_hash, run_code=run)
    assert ran[0].data == custom.read_bytes()
    assert policy.foreign is not None and f"SHA-256 {read.model_hash}" in policy.foreign.warnings[0]
    with pytest.raises(RejectedError, match="changed since it was trusted"):
        load_model(custom, trusted="0" * 64, run_code=run)
    assert len(ran) == 1


def test_code_does_not_run_where_it_is_not_needed(model: Path, plain_zip: bytes) -> None:
    digest = hashlib.sha256(plain_zip).hexdigest()
    load_model(model, trusted=digest, run_code=lambda read: pytest.fail("its code was run"))


# Half-written files.


def write_slowly(
    path: Path, data: bytes, pieces: int, pause: float, enough: threading.Event | None = None
) -> threading.Thread:
    def write() -> None:
        with path.open("wb") as stream:
            for index in range(pieces):
                start, end = (len(data) * part // pieces for part in (index, index + 1))
                stream.write(data[start:end])
                stream.flush()
                if (enough or threading.Event()).wait(pause):
                    break

    thread = threading.Thread(target=write)
    path.write_bytes(b"")
    thread.start()
    return thread


def test_a_model_that_is_being_written_is_waited_for(model: Path, plain_zip: bytes) -> None:
    waited: list[str] = []
    writer = write_slowly(model, plain_zip, pieces=8, pause=0.03)
    policy = load_model(model, waiting=waited.append)
    writer.join()
    assert policy.model_hash == hashlib.sha256(plain_zip).hexdigest()
    assert waited and "agent_1000_steps.zip is not whole yet" in waited[0]


def test_a_half_written_model_that_no_longer_grows_is_refused_soon(
    model: Path, plain_zip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.write_bytes(plain_zip[: len(plain_zip) // 2])
    monkeypatch.setattr(settle, "PATIENCE", 300.0)
    began = time.monotonic()
    with pytest.raises(UnreadableError, match="not yet a whole one: a zip that is cut off") as caught:
        load_model(model)
    assert time.monotonic() - began < 60, "it waited for its patience to end"
    assert "Copy or save it again" in caught.value.hint


def test_waiting_ends_although_the_file_still_changes(
    model: Path, plain_zip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "PATIENCE", 0.2)
    enough = threading.Event()
    writer = write_slowly(model, plain_zip[:-50], pieces=2000, pause=0.02, enough=enough)
    with pytest.raises(UnreadableError, match="not yet a whole one"):
        load_model(model)
    assert writer.is_alive()
    enough.set()
    writer.join()


def test_an_export_that_is_being_copied_is_waited_for(tmp_path: Path, new_model: Callable[..., Any]) -> None:
    path = export_model(new_model(), tmp_path / "mine.zip", feature_names=NAMES, now=NOW)
    expected, data = read_policy(path).model_hash, path.read_bytes()
    writer = write_slowly(path, data, pieces=10, pause=0.04)
    assert load_model(path).model_hash == expected
    writer.join()


def test_a_file_that_is_no_zip_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "notes.zip"
    path.write_text("not a model")
    with pytest.raises(
        UnreadableError, match="is not a model: expected a stable-baselines3 zip, got a file that"
    ):
        load_model(path, waiting=lambda _: pytest.fail("it waited"))
