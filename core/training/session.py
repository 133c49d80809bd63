"""What a training does besides learning: rows, log lines, checkpoints, evaluations, `run.json`.

Told by `core.training.callbacks` at each rollout. Traps avoided: a full disk that ends four days of training
because one row or log line could not be written, or whose last model finds no room; and a checkpoint whose
steps were counted but not learnt from (saving and judging happen between an update and the next rollout).
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.backtest.policy import TrainedPolicy
from core.clock import iso
from core.config.settings import Settings
from core.errors import CancelledError, ConsoleError
from core.models.manifest import Selection
from core.training import writers
from core.training.daily import write_daily_summary
from core.training.evaluation import Evaluation, evaluate, is_better
from core.training.runfile import Outcome, RunRecord, write_run
from core.training.saver import ModelSaver
from core.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from stable_baselines3 import PPO

    from core.market.model import Universe

_LOSSES = {
    "approx_kl": "train/approx_kl",
    "value_loss": "train/value_loss",
    "policy_loss": "train/policy_gradient_loss",
    "entropy_loss": "train/entropy_loss",
    "clip_fraction": "train/clip_fraction",
}


_PATIENCE = 5.0
"""Seconds between two tries to save a model that is all that was learnt."""


@dataclass(frozen=True, slots=True)
class Validation:
    universe: Universe
    features: NDArray[np.float32]
    """`market_features(universe)`."""


class TrainingSession:
    """One training from its first step to its end; a `core.training.callbacks.Listener`."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        record: RunRecord,
        model: PPO,
        saver: ModelSaver,
        validation: Validation,
        *,
        log: writers.LogWriter,
        clock: Callable[[], datetime],
        stop: Event,
        best: Selection | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """`best` is what an earlier part of the run chose `best_model` by. Raises as `CsvWriter`."""
        self.record = record
        self._workspace = workspace
        self._settings = settings
        self._model = model
        self._saver = saver
        self._validation = validation
        self._log = log
        self._clock = clock
        self._stop = stop
        self._best = best
        self._dashboard = writers.CsvWriter(workspace.logs / writers.DASHBOARD_CSV)
        self._metrics = writers.CsvWriter(workspace.logs / writers.METRICS_CSV)
        self._evaluations = writers.CsvWriter(workspace.logs / writers.EVALUATIONS_CSV)
        self._tables = {
            table.path.name: table for table in (self._dashboard, self._metrics, self._evaluations)
        }
        self._begun = False
        self._day: date = clock().date()
        self._saved = self._judged = self._logged = record.timestep
        self._not_finite: set[str] = set()
        self._pause = pause
        self._failing: set[str] = set()

    def rollout_started(self) -> None:
        """Save and judge what the last update made, when it is time."""
        step, training = self._model.num_timesteps, self._settings.training
        if not self._begun:
            self._begun = True
            self.say(f"Step {step + 1}/{self.record.total_timesteps}")
            return
        if self._stop.is_set():
            return
        if step // training.checkpoint_every > self._saved // training.checkpoint_every:
            self._checkpoint()
        if step // training.evaluate_every > self._judged // training.evaluate_every:
            self._evaluate()
        today = self._clock().date()
        if today != self._day:
            self._summarise(self._day)
            self._day = today

    def step_made(self) -> bool:
        """False once the process was asked to end."""
        return not self._stop.is_set()

    def logged(self, values: Mapping[str, Any], timestep: int) -> None:
        """One row in each CSV and one line in the log. What was not yet measured is an empty field."""
        reward = _value(values, "rollout/ep_rew_mean")
        loss = {name: _value(values, key) for name, key in _LOSSES.items()}
        entropy = None if loss["entropy_loss"] is None else -loss["entropy_loss"]
        kl, value_loss = loss["approx_kl"], loss["value_loss"]
        self._guarded(
            writers.DASHBOARD_CSV, lambda: self._dashboard.row((timestep, reward, kl, value_loss, entropy))
        )
        self._guarded(
            writers.METRICS_CSV,
            lambda: self._metrics.row(
                (timestep, loss["policy_loss"], value_loss, entropy, kl, loss["clip_fraction"])
            ),
        )
        self._logged = timestep
        # Of a rollout without an update it is the speed of acting alone, several times that of the training.
        speed = None if kl is None else _value(values, "time/fps")
        self.say(
            f"Step {timestep}/{self.record.total_timesteps} reward={_shown(reward)} "
            f"approx_kl={_shown(kl)} value_loss={_shown(value_loss)} "
            f"steps_per_second={_shown(speed)}"
        )
        self._warn_not_finite(loss)

    def finish(self, outcome: Outcome) -> None:
        """The last rows, the last models, the end in `run.json`. `outcome` is `finished` or `stopped`."""
        step = self._model.num_timesteps
        if step > self._logged:
            self._model.dump_logs()  # the part of a rollout that was made, with the last update's losses
        elif self._model.logger.name_to_value:
            self._say_last_update(self._model.logger.name_to_value)
        if outcome == "finished" and step > self._judged:
            self._evaluate()
        if step > self._saved:
            self._checkpoint()
        if step > 0:
            self._save_final(wait=outcome == "finished")
        for name, table in self._tables.items():
            self._guarded(name, table.flush)
        words = "finished" if outcome == "finished" else "stopped"
        hint = "" if outcome == "finished" else "; ppo-console train --resume continues"
        self.say(f"Training {words} at step {step}/{self.record.total_timesteps}{hint}")
        self.end(outcome)
        self._summarise(self._clock().date())

    def crashed(self) -> None:
        """Before the process ends on an exception: the row of an update that was made but not yet written."""
        if self._model.logger.name_to_value:
            self._model.dump_logs()

    def end(self, outcome: Outcome) -> None:
        """Record the end of the run."""
        self._update_record(ended_at=iso(self._clock()), outcome=outcome, timestep=self._model.num_timesteps)

    def say(self, message: str, level: writers.Level = "INFO") -> None:
        """One line in `training.log`; where that fails, in the process' own output."""
        now = self._clock()
        try:
            self._log.write(message, now, level)
        except OSError as error:
            with contextlib.suppress(OSError):  # most likely on the same full disk
                sys.stderr.write(
                    f"{writers.log_line(message, now, level)} (training.log: {error.strerror})\n"
                )

    def _checkpoint(self) -> None:
        def save() -> None:
            path = self._saver.checkpoint(self.record, self._settings.training.keep, self._clock())
            self.say(f"Checkpoint saved: {self._workspace.relative(path)}")

        self._saved = self._model.num_timesteps
        self._guarded(f"checkpoint at step {self._saved}", save)
        self._update_record(timestep=self._saved)

    def _evaluate(self) -> None:
        step = self._judged = self._model.num_timesteps

        def judge() -> None:
            policy = TrainedPolicy(self._saver.live_policy(self.record, self._clock()))
            found = evaluate(
                policy,
                self._validation.universe,
                self._validation.features,
                self._settings,
                timestep=step,
                cancelled=self._stop.is_set,
            )
            self._judge(found)

        self._guarded(f"evaluation at step {step}", judge)

    def _judge(self, found: Evaluation) -> None:
        self._update_record(trials=self.record.trials + 1, timestep=found.timestep)
        self._guarded(writers.EVALUATIONS_CSV, lambda: self._evaluations.row(found.row()))
        trial = self.record.trials
        self.say(
            f"Evaluation {trial} at step {found.timestep}: sharpe={_shown(found.sharpe)} "
            f"max_drawdown_pct={_shown(found.max_drawdown_pct)} trades={found.trades} "
            f"mean_reward={_shown(found.mean_reward)}"
        )
        if trial == 1:
            for warning in found.warnings:
                self.say(f"Validation: {warning}", "WARNING")
        selection = found.selection(trial)
        if selection is not None and is_better(selection, self._best):
            path = self._workspace.relative(self._saver.best(self.record, selection, self._clock()))
            self._best = selection
            self.say(f"Best model saved: {path}, {selection.metric} {_shown(selection.value)}")
        self._summarise(self._clock().date())

    def _save_final(self, *, wait: bool) -> None:
        """With `wait`, until there is room for it or the process is asked to end."""

        def save() -> None:
            path = self._saver.final(self.record, self._clock())
            self.say(f"Final model saved: {self._workspace.relative(path)}")

        waits = False
        while self._guarded("final_model", save) == "unwritten" and wait:
            if self._stop.is_set():
                self.say("final_model is not saved: asked to end before there was room for it", "ERROR")
                return
            if not waits:
                waits = True
                self.say("The training waits for room for final_model; ppo-console stop ends it", "WARNING")
            self._pause(_PATIENCE)

    def _summarise(self, day: date) -> None:
        def write() -> None:
            try:
                write_daily_summary(self._workspace, day, self._clock())
            except (ConsoleError, OSError):
                raise
            except Exception as error:  # a fault in a summary must not end the training
                raise ConsoleError(f"{type(error).__name__}: {error}") from error

        self._guarded("daily summary", write)

    def _update_record(self, **changes: Any) -> None:
        self.record = msgspec.structs.replace(self.record, **changes)
        self._guarded("run.json", lambda: write_run(self._workspace.logs, self.record))

    def _guarded(self, what: str, action: Callable[[], object]) -> Literal["done", "failed", "unwritten"]:
        """Run `action`; a failure to write or to judge is said once, and the training goes on."""
        try:
            action()
        except CancelledError:
            return "failed"
        except ConsoleError as error:
            return self._failed(what, error.title, isinstance(error.__cause__, OSError))
        except OSError as error:
            return self._failed(what, f"it could not be written: {error.strerror}", True)
        if what in self._failing:
            self._failing.remove(what)
            lost = self._tables[what].lost if what in self._tables else 0
            gap = f" without {lost} row{'s' if lost != 1 else ''}, for which too many waited" if lost else ""
            self.say(f"{what}: it is written again{gap}", "WARNING" if lost else "INFO")
        return "done"

    def _failed(self, what: str, reason: str, unwritten: bool) -> Literal["failed", "unwritten"]:
        if what not in self._failing:
            self._failing.add(what)
            self.say(f"{what}: {reason}", "ERROR")
        return "unwritten" if unwritten else "failed"

    def _warn_not_finite(self, loss: Mapping[str, float | None]) -> None:
        for name, value in loss.items():
            if value is not None and not math.isfinite(value) and name not in self._not_finite:
                self._not_finite.add(name)
                self.say(f"{name} is {value}: the gradients have exploded", "ERROR")

    def _say_last_update(self, values: Mapping[str, Any]) -> None:
        """The last update has no later rollout whose row could hold it."""
        loss = {name: _value(values, key) for name, key in _LOSSES.items()}
        shown = " ".join(f"{name}={_shown(value)}" for name, value in loss.items() if value is not None)
        if shown:
            self.say(f"Last update: {shown}")
        self._warn_not_finite(loss)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def _value(values: Mapping[str, Any], key: str) -> float | None:
    value = values.get(key)
    return None if value is None else float(value)
