"""A workspace with hostile text in every place where text of others enters."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import iso, utc_now
from core.text import visible
from core.workspace import Workspace

HEADER = "timestep,reward,approx_kl,value_loss,entropy,clip_fraction\n"
ROWS, STEP = 60, 2048
PAYLOADS = (
    "\x1b]52;c;ZXZpbA==\x07",  # sets the clipboard
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31;5m\x1b[?1049l",
    "\x9b31m\x9d0;c1\x9c",
    "\u202egnp.exe\u2066",
    "a\u200bb\u2060c\ufeff",
    "\U000e0041\U000e007f",
    "[/red][stage=1: 1[bold]",
    "[@click=app.quit]x[/]",
    "[link=https://evil.example]here[/link]",
    "\x1b]8;;https://evil.example\x1b\\y\x1b]8;;\x1b\\",
    "e" + "\u0301" * 40,
    "\r\nb\x00\x08\x7f",
)
HOSTILE = "".join(PAYLOADS)
BROKEN_BYTES = b"\xff\xfe\xed\xa0\x80\xc3("
"""No UTF-8: also a surrogate's bytes."""


def said(place: str) -> str:
    """What stands at `place`: its name, so that a screen shows which text it is, and every payload."""
    return f"{place}~{HOSTILE}"


def poison(workspace: Workspace, now: datetime) -> Workspace:
    """Every payload in every place where text of others enters: files and their names, configuration, store,
    report and trades."""
    from core.workspace import open_workspace

    _poison_run(workspace, now)
    _poison_config(workspace)
    _poison_models(workspace, now)
    _poison_store(workspace, now)
    return open_workspace(workspace.root, workspace.root)


def _poison_run(workspace: Workspace, now: datetime) -> None:
    logs = workspace.logs
    run: dict[str, Any] = {name: said(name) for name in ("id", "mode", "host", "git_commit")}
    run |= {"symbols": [said("symbol"), "OGNUSDT"], "total_timesteps": 500_000, "seed": 1, "nonce": "n"}
    run |= {"hyperparameters": {}, "lanes": 1, "torch_threads": 1, "net_arch": [8]}
    earlier = {"outcome": said("outcome")}
    folders: tuple[tuple[Path, str, int, dict[str, str]], ...] = (
        (logs, "tag", 5, {}),
        (workspace.archive / "earlier", "earlier", 50, earlier),
    )
    for folder, tag, age, more in folders:
        folder.mkdir(parents=True, exist_ok=True)
        started = {"tag": said(tag), "started_at": iso(now - timedelta(hours=age))}
        (folder / "run.json").write_text(json.dumps(run | started | more))
        column = said("column").replace('"', "").replace("\r\n", "")
        header = HEADER.rstrip() + ',"' + column + '"\n'
        rows = [f"{row * STEP},{row * 0.1:.2f},0.12,0.4,1.2,0.35,7\n" for row in range(1, ROWS + 1)]
        (folder / "training_metrics.csv").write_text(header + "".join(rows))
    stamp = f"{now:%Y-%m-%d %H:%M:%S}"
    for name in ("training.log", "alerts.log", "daily_summary.log"):
        lines = [f"{stamp} [ERROR] {name}~{each}".encode("utf-8", "surrogatepass") for each in PAYLOADS]
        lines += [f"{stamp} [INFO] ".encode() + BROKEN_BYTES]
        lines += [f"{stamp} [INFO] megabyte~".encode() + b"\x1b[31m" * 200_000]
        (logs / name).write_bytes(b"\n".join([*lines, f"{stamp} [INFO] Step 2048/500000".encode(), b""]))


def _quoted(place: str) -> str:
    """As TOML holds it; a NUL it does not."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in said(place) if char != "\0") + '"'


def _poison_config(workspace: Workspace) -> None:
    workspace.config.write_text(f"""
[operator]
name = {_quoted("operator")}
role = {_quoted("role")}
[training]
symbols = [{_quoted("trained")}]
[checklist.checks.own]
text = {_quoted("own.text")}
file = {_quoted("own.file").replace("U0000002f", "U0000005f")}
owner = {_quoted("own.owner")}
[checklist.items."preflight.disk_free"]
text = {_quoted("item.text")}
[alerts.{_quoted("rule")}]
condition = "above"
metric = "approx_kl"
threshold = 0.01
severity = "critical"
action = {_quoted("action")}
runbook = {_quoted("runbook")}
[notify]
enabled = true
[notify.targets]
{_quoted("target")} = "json://127.0.0.1:9/"
""")


def _poison_models(workspace: Workspace, now: datetime) -> None:
    """A model that is none, a decision about it with its trades, and names of files."""
    from core.revalidation.reports import JSON_NAME
    from core.revalidation.result import Curve, Evidence, GateResult, Hashes, RevalidationResult, SymbolResult
    from core.revalidation.trade_book import BOOK_NAME, SymbolBook, TradeBook

    workspace.models.mkdir(parents=True, exist_ok=True)
    (workspace.models / "best_model.zip").write_bytes(b"no zip")
    manifest = {"role": said("model.role"), "run_id": said("model.run")}
    (workspace.models / "best_model.manifest.json").write_text(json.dumps(manifest))
    name = said("file").replace("/", "").replace("\0", "")[:80]
    workspace.backtest_data.mkdir(parents=True, exist_ok=True)
    (workspace.backtest_data / f"{name}.csv").write_text(
        "open_time,open,high,low,close,volume\n0,1,1,1,1,1\n"
    )
    workspace.checkpoints.mkdir(parents=True, exist_ok=True)
    (workspace.checkpoints / f"{name}_2048_steps.zip").write_bytes(b"no zip")
    gate = GateResult(
        name="sharpe_ratio",
        comparison=">=",
        limit=1.0,
        value=0.2,
        margin=-0.8,
        status="FAIL",
        reason=said("gate.reason"),
        reference=0.0,
        expected=said("gate.expected"),
    )
    symbol = SymbolResult(
        symbol=said("judged"),
        return_pct=1.0,
        max_drawdown_pct=1.0,
        win_rate_pct=1.0,
        profit_factor=1.0,
        trades=1,
    )
    days = tuple(f"2026-02-{day:02d}T00:00:00Z" for day in range(1, 21))
    curve = Curve(time=days, equity=tuple(1 + 0.01 * day for day in range(20)), drawdown_pct=(0.0,) * 20)
    book = SymbolBook(
        symbol=symbol.symbol,
        curve=curve,
        episode=(1,),
        side=(1,),
        entry=(said("entry"),),
        exit=(days[4],),
        candles=(12,),
        entry_price=(1.0,),
        exit_price=(1.1,),
        pnl=(31.25,),
        r_multiple=(0.31,),
        reason=(said("trade.reason"),),
    )
    folder = workspace.reports
    result = RevalidationResult(
        generated_at=iso(now),
        decision="NO-GO",
        decision_text=said("decision"),
        recommendation="Retrain",
        recommendation_reasons=(said("why"),),
        next_steps=said("next"),
        policy="manual",
        verdicts={"manual": "NO-GO", "checklist": "NO-GO"},
        gates_passed=0,
        gates=(gate,),
        metrics={"trades": 1, "unique_candles": 500},
        evidence=Evidence(note=said("evidence"), not_computed=(said("missing"),)),
        symbols=(symbol,),
        curve=curve,
        hashes=Hashes(),
        model={"path": said("model.path"), "role": said("role.of")},
        data={"folder": said("data.folder"), "first": said("data.first")},
        warnings=(said("warning"),),
        reports=(str(folder / BOOK_NAME),),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON_NAME).write_bytes(msgspec.json.encode(result))
    trades = TradeBook(generated_at=result.generated_at, model=None, capital=1e4, symbols=(book,))
    (folder / BOOK_NAME).write_bytes(msgspec.json.encode(trades))


def _poison_store(workspace: Workspace, now: datetime) -> None:
    from core.checklist.signoff import KIND
    from core.files import sha256_file
    from core.revalidation.reports import JSON_NAME
    from core.store.database import Store
    from core.store.operator import OperatorIdentity

    other = OperatorIdentity(said("other"), said("other.role"), said("other.host"), said("client"))
    with Store(workspace.store, other) as store:
        store.tick("preflight.disk_free", now, said("tick"), said("seen"))
        store.override("preflight.own", said("override"), now)
        until = now + timedelta(hours=1)
        store.silence("rule=none", starts_at=now, ends_at=until, comment=said("comment"), now=now)
        store.take_step(visible(said("id"), 200), "crash", "process", said("line"), now, note=said("step"))
        for kind in ("standup", "revalidation", "acknowledge", "deed", "rule", "override", said("kind")):
            detail = {name: said(f"{kind}.{name}") for name in ("name", "note", "reason", "verdict", "text")}
            store.record(kind, said(f"{kind}.subject"), detail, now)
        signed = {"verdict": "approved", "role": said("sign.role"), "name": said("sign.name")}
        signed |= {"note": said("sign.note"), "what": said("sign.what"), "hash": said("sign.hash")}
        store.record(KIND, "daily_monitoring", signed, now)
        report = sha256_file(workspace.reports / JSON_NAME)
        store.record("decision", "NO-GO", {"sha256": report, "reason": said("decided")}, now)


@pytest.fixture
def poisoned(workspace: Workspace) -> Workspace:
    return poison(workspace, utc_now())
