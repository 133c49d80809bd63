"""`train --seeds N`: every seed a run of its own, one table, and what ends the row of trainings early."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from console.cli import seeds as command
from core.errors import RejectedError, UsageError
from core.models.manifest import Selection, manifest_name
from core.process import ProcessIdentity
from core.training.plan import TrainRequest
from core.training.runfile import RunRecord, read_run, write_run
from core.training.seeds import seed_row, seeds_table
from core.workspace import Workspace

HEADER = "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n"
GONE = ProcessIdentity(0, 0.0, "", "", "")


def leave_run(workspace: Workspace, write_model, seed: int, sharpes: tuple[float | None, ...]) -> str:
    """A run as a training leaves it; its best model is chosen by the largest Sharpe ratio."""
    run = f"run-seed{seed}"
    record = RunRecord(
        id=run,
        mode="paper",
        total_timesteps=100,
        seed=seed,
        hyperparameters={},
        started_at="2026-02-23T14:00:00Z",
        ended_at="2026-02-23T15:00:00Z",
        outcome="finished",
        nonce="n",
        lanes=8,
        torch_threads=1,
        net_arch=(4, 4),
    )
    workspace.logs.mkdir(parents=True, exist_ok=True)
    write_run(workspace.logs, record)
    rows = [
        f"{25_000 * n},1.0,{'' if s is None else s},{5 + n},{50 + n},1.1,9\n"
        for n, s in enumerate(sharpes, 1)
    ]
    (workspace.logs / "evaluations.csv").write_text(HEADER + "".join(rows))
    known = [value for value in sharpes if value is not None]
    if known:
        write_model(workspace.models, run_id=run)
        path = workspace.models / manifest_name("best_model")
        manifest = msgspec.json.decode(path.read_bytes())
        best = Selection(metric="sharpe", value=max(known), trial=sharpes.index(max(known)) + 1)
        path.write_bytes(msgspec.json.encode({**manifest, "selection": msgspec.to_builtins(best)}))
    return run


@pytest.fixture
def trains(workspace: Workspace, write_model, monkeypatch: pytest.MonkeyPatch):
    """`train_seeds` with trainings that leave their files at once; `asked` is what was started."""
    from core.training.archive import archive_run

    monkeypatch.setattr(command, "process_state", lambda _: "gone")
    asked: list[tuple[int | None, str | None, bool]] = []

    def train(count: int, results: dict[int, object], now, *, as_json: bool = False) -> int:
        def start(request: TrainRequest, fresh: bool) -> ProcessIdentity:
            asked.append((request.seed, request.tag, fresh))
            if fresh:
                archive_run(workspace, now)
            found = results[request.seed or 0]
            leave_run(
                workspace, write_model, request.seed or 0, (0.1, found if isinstance(found, float) else None)
            )
            if found == "stopped":
                record = read_run(workspace.logs)
                assert record is not None
                write_run(workspace.logs, msgspec.structs.replace(record, outcome="stopped"))
            return GONE

        def follow() -> int:
            record = read_run(workspace.logs)
            assert record is not None
            if results[record.seed] == "crashed":
                raise RejectedError("the training crashed")
            return 130 if results[record.seed] == "left" else 0

        request = TrainRequest(tag="t", seed=3)
        return command.train_seeds(
            workspace, request, count, fresh=False, start=start, follow=follow, as_json=as_json
        )

    return train, asked


def test_each_seed_is_a_run_of_its_own_and_the_table_has_mean_and_spread(trains, workspace, now, capsys):
    train, asked = trains
    assert train(3, {3: 1.0, 4: 2.0, 5: 3.0}, now) == 0
    assert asked == [(3, "t-seed3", False), (4, "t-seed4", True), (5, "t-seed5", True)]
    said = capsys.readouterr()
    assert "2.00 ± 1.00" in said.out and "mean ± sd" in said.out
    assert "seed 3: finished, logs/runs/run-seed3" in said.out
    assert "seed 5: finished, logs/ppo_training" in said.out
    assert "seed 4: training 2 of 3" in said.err
    row = seed_row(workspace, "run-seed4")
    assert row is not None and row.chosen is not None
    assert (row.chosen.timestep, row.chosen.sharpe, row.evaluations) == (50_000, 2.0, 2)


@pytest.mark.parametrize(("count", "mean", "sd"), [(3, 2.0, 1.0), (1, None, None)])
def test_as_json_the_table_stands_alone_on_stdout(trains, now, capsys, count, mean, sd):
    train, _ = trains
    train(count, {3: 1.0, 4: 2.0, 5: 3.0}, now, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [(row["seed"], row["outcome"]) for row in told["seeds"]] == [
        (seed, "finished") for seed in range(3, 3 + count)
    ]
    assert told["seeds"][0]["chosen"]["sharpe"] == 1.0
    assert (told["mean"]["sharpe"], told["sd"]["sharpe"]) == (mean, sd)
    assert told["schema_version"] == 1 and "generated_at" in told


@pytest.mark.parametrize(("how", "code"), [("stopped", 0), ("left", 130)])
def test_one_that_is_stopped_or_left_is_the_last(trains, now, capsys, how, code):
    train, asked = trains
    assert train(3, {3: 1.0, 4: how, 5: 3.0}, now) == code
    said = capsys.readouterr()
    assert [seed for seed, *_ in asked] == [3, 4] and "1 of 3 seeds were not started" in said.err
    assert "seed 3: finished" in said.out


def test_a_crash_ends_it_and_what_there_is_stands_in_the_table(trains, now, capsys):
    train, asked = trains
    with pytest.raises(RejectedError):
        train(3, {3: 1.0, 4: "crashed", 5: 3.0}, now)
    assert len(asked) == 2 and "seed 3: finished" in capsys.readouterr().out


def test_a_seed_without_a_number_leaves_no_mean(workspace, write_model, tmp_path: Path):
    rows = []
    for seed, sharpes in ((1, (1.0,)), (2, ())):
        run = leave_run(workspace, write_model, seed, sharpes)
        row = seed_row(workspace, run)
        assert row is not None
        rows.append(row)
    last = next(line for line in seeds_table(rows).splitlines() if line.startswith("mean"))
    assert last.split() == ["mean", "±", "sd", "–", "–", "–"]


def test_a_table_of_rows_that_were_lost_names_no_other_evaluation(workspace, write_model):
    run = leave_run(workspace, write_model, 1, (1.0, 2.0))
    (workspace.logs / "evaluations.csv").write_text(
        HEADER + "25000,1.0,1.0,6,51,1.1,9\n50000,1.0,7.0,6,51,1.1,9\n"
    )
    row = seed_row(workspace, run)
    assert row is not None and row.chosen is None


@pytest.mark.parametrize(
    ("request_", "count", "detach"),
    [(TrainRequest(resume=True), 3, False), (TrainRequest(), 3, True), (TrainRequest(), 1, False)],
)
def test_what_several_trainings_cannot_be_asked_is_usage(request_, count, detach):
    with pytest.raises(UsageError):
        command.check_seeds(request_, count, detach=detach)
