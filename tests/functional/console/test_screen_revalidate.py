"""The Revalidate screen by keys: what is judged, confirm, five steps, cancel, the decision, stale results."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import core.revalidation.worker as worker_module
from console.screens.revalidate_facts import answer
from console.states import RevalidationState
from console.stores import open_store
from core.errors import CancelledError, UnreadableError
from core.revalidation.pipeline import Progress
from core.revalidation.result import Curve, Evidence, GateResult, Hashes, RevalidationResult, SymbolResult
from core.revalidation.trade_book import BOOK_NAME, SymbolBook, TradeBook


def zipped(content: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data", content)
    return stream.getvalue()


MODEL = zipped("a model")


def make_result(**changes: Any) -> RevalidationResult:
    gates = tuple(
        GateResult(
            name=name,
            comparison=comparison,
            limit=limit,
            value=value,
            margin=margin,
            status="PASS" if margin >= 0 else "FAIL",
            reference=0.0,
            expected="",
        )
        for name, comparison, limit, value, margin in (
            ("sharpe_ratio", ">=", 1.0, 0.2, -0.8),
            ("max_drawdown_pct", "<=", 15.0, 11.8, 3.2),
            ("win_rate_pct", ">=", 45.0, 44.0, -1.0),
            ("profit_factor", ">=", 1.5, 0.6, -0.9),
            ("consecutive_losses", "<=", 5.0, 4.0, 1.0),
            ("calmar_ratio", ">=", 2.0, 0.1, -1.9),
        )
    )
    fields: dict[str, Any] = {
        "generated_at": "2026-02-24T07:00:00Z",
        "decision": "NO-GO",
        "decision_text": "NO-GO",
        "recommendation": "Retrain",
        "recommendation_reasons": ("profit factor 0.60 is below 1.50",),
        "policy": "manual",
        "verdicts": {"manual": "NO-GO", "checklist": "NO-GO"},
        "gates_passed": 2,
        "gates": gates,
        "metrics": {"trades": 140, "unique_candles": 500, "total_return_pct": -6.0},
        "evidence": Evidence(
            psr=0.21,
            placebo_p=0.435,
            placebo_sharpe_p=0.4,
            placebo_factor_p=0.435,
            placebo_shifts=199,
            note="PSR 0.21, needs 0.95; placebo p 0.435, needs 0.05 or less",
            not_computed=("DSR: the number of trials is not known",),
        ),
        "symbols": (
            SymbolResult(
                symbol="OGNUSDT",
                return_pct=-6.0,
                max_drawdown_pct=6.9,
                win_rate_pct=44.0,
                profit_factor=0.6,
                trades=140,
            ),
        ),
        "hashes": Hashes(model=hashlib.sha256(MODEL).hexdigest()),
        "reports": ("reports/revalidation/revalidation_result.json",),
        "seconds": 2.0,
    }
    return RevalidationResult(**{**fields, **changes})


class Child:
    """Stands where the computing child is: the test lets it make progress, and end."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.outcome: RevalidationResult | Exception = make_result()

    def run(
        self, _request: object, on_progress: Callable[[Progress], None], cancelled: threading.Event
    ) -> RevalidationResult:
        on_progress(Progress(step=3, title="Run backtest with trained model...", done=44, total=62))
        while not self.go_on.wait(0.02):
            if cancelled.is_set():
                raise CancelledError("cancelled")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    made = Child()
    monkeypatch.setattr(worker_module, "run_in_child", made.run)
    return made


def put_model(given: Any, content: bytes = MODEL) -> None:
    given.workspace.models.mkdir(parents=True, exist_ok=True)
    (given.workspace.models / "best_model.zip").write_bytes(content)
    (given.workspace.backtest_data / "OGNUSDT_4h.parquet").write_bytes(b"")


def put_report(given: Any, result: RevalidationResult) -> None:
    given.workspace.reports.mkdir(parents=True, exist_ok=True)
    (given.workspace.reports / "revalidation_result.json").write_bytes(msgspec.json.encode(result))


async def opened(given: Any, make: Any, pilot: Any) -> str:
    given.give(make.snapshot())
    await pilot.pause()
    await pilot.press("5")
    return await settled(given, pilot)


async def settled(given: Any, pilot: Any, words: str = "") -> str:
    """The screen's text, once `words` (of a thread's outcome) stand on it."""
    await pilot.pause()
    await given.until(pilot, lambda: words in given.text())
    return str(given.text())


async def test_before_a_judgement_it_says_what_will_be_judged(given: Any, make: Any) -> None:
    put_model(given)
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        for part in (
            "not judged yet: R judges the model",
            "model models/ppo_phase4/best_model.zip",
            f"sha256 {hashlib.sha256(MODEL).hexdigest()[:12]}",
            "data data/backtest",
            "1 symbol",
            "R judges the model. The six gates then stand here",
        ):
            assert part in text, part


async def test_without_a_model_and_candles_it_says_how_to_get_them(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "not there yet: training writes it" in text
        assert "holds no candles: ppo-console data split makes them" in text


async def test_confirm_five_steps_and_only_then_the_decision(given: Any, make: Any, child: Child) -> None:
    """R asks first; while it runs nothing is decided; the banner comes when the state says done."""
    put_model(given)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("R")
        assert "Judge the model now?" in await settled(given, pilot)
        await pilot.press("y")
        text = await settled(given, pilot, "44/62")
        assert (
            "[1/5] model ✓  [2/5] data ✓  [3/5] backtest ████████░░░░ 44/62  [4/5] gates  [5/5] report"
            in text
        )
        assert "esc cancels" in text and "██ " not in text.splitlines()[-3]
        assert "The model is being judged. The six gates then stand here" in text
        assert "judging now: step 3 of 5, backtest 44 of 62" in text
        child.go_on.set()
        text = await settled(given, pilot, "██ NO-GO ██")
        for part in (
            "■ NO-GO: 2 of 6, Sharpe, profit factor and Calmar far off, 1 out of limit",
            "██ NO-GO ██  2/6   manual: NO-GO   checklist: NO-GO",
            "evidence: weak · PSR 0.21 · placebo p 0.435 · 140 trades   judged ",
            "[5/5] report ✓",
            "Retrain",
            "profit factor 0.60 is below 1.50",
            "■ FAIL",
            "OGNUSDT",
            "reports/revalidation/revalidation_result.json",
        ):
            assert part in text, part


async def test_no_at_the_question_starts_nothing(given: Any, make: Any, child: Child) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("R")
        await settled(given, pilot)
        await pilot.press("escape")
        assert "not judged yet" in await settled(given, pilot)
        assert given.session.revalidation.phase == "idle"


async def test_esc_cancels_and_an_earlier_result_stays_an_earlier_one(
    given: Any, make: Any, child: Child
) -> None:
    put_model(given)
    put_report(given, make_result())
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "██ NO-GO ██" in text
        await pilot.press("R", "y")
        assert "██ NO-GO ██  2/6   earlier result" in await settled(given, pilot)
        await pilot.press("escape")
        text = await settled(given, pilot, "cancelled: nothing was decided")
        assert "cancelled: nothing was decided; the earlier result is" in text
        assert given.app.screen.number == 5
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.screen.number == 1


async def test_a_failure_says_what_and_what_to_do(given: Any, make: Any, child: Child) -> None:
    child.outcome = UnreadableError("best_model.zip is no model", hint="Train one with ppo-console train.")
    child.go_on.set()
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("R", "y")
        text = await settled(given, pilot, "■ not judged")
        assert "■ not judged: best_model.zip is no model" in text
        assert "Train one with ppo-console train." in text
        assert "[3/5] backtest ■" in text and "failed" in text


async def test_on_reopening_the_last_result_stands_with_its_age(given: Any, make: Any) -> None:
    put_model(given)
    put_report(given, make_result())
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "■ NO-GO: 2 of 6" in text and "stale" not in text
        assert "judged " in text and " ago" in text


async def test_a_decision_made_elsewhere_meanwhile_is_shown(given: Any, make: Any) -> None:
    """By the command or another console: the store tells of it, the report on disk holds it."""
    put_model(given)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        assert "not judged yet" in given.text()
        put_report(given, make_result())
        with open_store(given.workspace) as store:
            store.record("decision", "NO-GO", {}, make.now)
        await settled(given, pilot, "NO-GO: 2 of 6")


async def test_a_model_written_since_makes_the_result_stale(given: Any, make: Any) -> None:
    put_model(given, zipped("another model"))
    put_report(given, make_result())
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "▲ stale: NO-GO: 2 of 6" in text and "R judges it" in text
        assert "██ NO-GO ██  2/6   stale" in text


def of_another_model(given: Any) -> RevalidationResult:
    """As `ppo-console revalidate --model-path` leaves it."""
    return make_result(
        hashes=Hashes(model="f" * 64),
        model={"path": str(given.workspace.models / "final_model.zip"), "role": "final_model"},
        policy="checklist",
        data={"folder": "/elsewhere", "symbols": 7, "first": "2025-09-08T00:00:00Z", "episodes": 3},
    )


async def test_the_header_names_what_the_result_judged_and_what_would_be_judged_now(
    given: Any, make: Any
) -> None:
    """Another model, other candles and another rule than the workspace's, whose model is not there yet."""
    put_report(given, of_another_model(given))
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        head = text.split("gate ")[0]
        assert "another model: NO-GO: 2 of 6" in head and "it judged final_model.zip" in head
        assert "model models/ppo_phase4/final_model.zip  sha256 ffffffffffff…" in head
        assert "data /elsewhere  7 symbols" in head and "rule checklist policy, 3 episodes" in head
        assert "R judges models/ppo_phase4/best_model.zip  not there yet" in head
        assert "██ NO-GO ██  2/6   another model" in text


def test_a_model_of_the_same_name_elsewhere_is_told_by_its_folder() -> None:
    """As in a copied workspace: not that it judged best_model.zip, and R judges best_model.zip."""
    result = make_result(model={"path": "/old/models/best_model.zip"})
    state = RevalidationState(result=result, model_path=Path("/new/models/best_model"))
    words, _tone = answer(state, "another", datetime(2026, 2, 27, 16, tzinfo=UTC))
    assert "it judged the best_model.zip of another folder, not the one that R judges" in words


async def test_a_decision_whose_model_is_gone_is_not_shown_as_a_current_one(given: Any, make: Any) -> None:
    """As after `train --fresh`, which archives the models and leaves the reports."""
    path = str(given.workspace.models / "best_model.zip")
    put_report(given, make_result(decision="GO", decision_text="GO", model={"path": path}))
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "▲ stale: GO: 2 of 6" in text and "does not lie there any more" in text
        assert "██ GO ██  2/6   stale" in text


async def test_at_80x24_tab_reaches_every_pane_and_keys_scroll(given: Any, make: Any) -> None:
    put_model(given)
    symbols = tuple(
        SymbolResult(
            symbol=f"S{index}USDT",
            return_pct=1.0,
            max_drawdown_pct=None,
            win_rate_pct=None,
            profit_factor=None,
            trades=0,
        )
        for index in range(62)
    )
    put_report(given, make_result(symbols=symbols))
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await opened(given, make, pilot)
        assert "┌ gates" in text and "Calmar ratio" in text and "██ NO-GO ██" in text
        seen = text
        for _ in range(3):
            await pilot.press("tab")
            seen += await settled(given, pilot)
        assert all(f"┌ {pane}" in seen for pane in ("recommendation", "symbols", "equity and drawdown"))
        await pilot.press("shift+tab", "G")
        assert "S61USDT" in await settled(given, pilot)
        for size in ((20, 6), (60, 15), (200, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()


async def test_at_120x40_each_symbol_has_all_its_columns(given: Any, make: Any) -> None:
    put_model(given)
    put_report(given, make_result())
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        (head,) = [line for line in text.splitlines() if "symbol " in line]
        assert [word in head for word in ("ret", "dd", "win", "factor", "trades")] == [True] * 5
        (row,) = [line for line in text.splitlines() if "OGNUSDT  " in line and "0.60" in line]
        assert row.split("OGNUSDT")[1].replace("│", "").split() == ["-6.0", "6.9", "44.0", "0.60", "140"]


async def test_hostile_text_in_a_report_is_text(given: Any, make: Any) -> None:
    put_report(
        given,
        make_result(
            decision_text="\x1b]0;x\x07GO",
            recommendation_reasons=("[/red]\x9b31m",),
            warnings=("[@click=app.quit]x",),
            symbols=(msgspec.structs.replace(make_result().symbols[0], symbol="[/x]\x1b[2J"),),
        ),
    )
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "[/red]" in text and "[@click" in text and "[/x]" in text
        assert not {"\x1b", "\x9b", "\x07"} & set(text)


async def test_a_broken_report_is_said_and_no_result(given: Any, make: Any) -> None:
    given.workspace.reports.mkdir(parents=True, exist_ok=True)
    (given.workspace.reports / "revalidation_result.json").write_text('{"decision": "GO"}')
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "the report on disk cannot be read" in text and "not judged yet" not in text
        flowing = " ".join(text.replace("│", " ").split())
        assert "expected a revalidation result" in flowing, "what is wrong stands in the recommendation"


async def test_enter_opens_a_gate_and_then_a_symbol_s_trades(given: Any, make: Any) -> None:
    put_model(given)
    folder = given.workspace.reports
    curve = Curve(
        time=tuple(f"2026-02-{day:02d}T00:00:00Z" for day in range(1, 21)),
        equity=tuple(1 + 0.01 * day for day in range(20)),
        drawdown_pct=(0.0,) * 20,
    )
    trades = SymbolBook(
        symbol="OGNUSDT",
        curve=curve,
        episode=(1, 1),
        side=(1, -1),
        entry=("2026-02-02T00:00:00Z", "2026-02-06T00:00:00Z"),
        exit=("2026-02-04T00:00:00Z", "2026-02-09T00:00:00Z"),
        candles=(12, 18),
        entry_price=(1.0, 1.0),
        exit_price=(1.1, 1.2),
        pnl=(31.25, -12.5),
        r_multiple=(0.31, -0.12),
        reason=("target", "stop"),
    )
    result = make_result(reports=(str(folder / BOOK_NAME),))
    put_report(given, result)
    book = TradeBook(
        generated_at=result.generated_at, model=result.hashes.model, capital=1e4, symbols=(trades,)
    )
    (folder / BOOK_NAME).write_bytes(msgspec.json.encode(book))
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        await pilot.press("j", "j", "j", "enter")
        text = await settled(given, pilot)
        assert "─ Profit factor ─" in text and "gross profit / gross loss" in text and "FAIL" in text
        await pilot.press("escape", "tab", "tab", "enter")
        text = await settled(given, pilot)
        assert "31.25" in text and "-0.12" in text and "target" in text and "long" in text
        assert "▲" in text and "▼" in text and "◆" in text
        await pilot.press("j")
        await settled(given, pilot)
        await pilot.press("escape")
        assert "equity and drawdown" in await settled(given, pilot)
        (folder / BOOK_NAME).write_bytes(
            msgspec.json.encode(msgspec.structs.replace(book, generated_at="2026-02-20T00:00:00Z"))
        )
        await pilot.press("enter")
        assert "belongs to another judgement" in await settled(given, pilot)
