"""Behind the alerts: rules and their thresholds, silences, notifications, each with its list."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from console.alerting import Watcher
from console.screens.alert_edit import AskSilence, AskThreshold
from console.screens.modals import Confirm
from console.stores import open_store
from core.clock import utc_now
from core.config.edit import edit_config
from core.workspace import Workspace, open_workspace


async def opened_on(live: Any, pilot: Any, view: int = 0) -> None:
    await live.until(pilot, lambda: live.alerts)
    await pilot.press("2", *["tab"] * view)
    await live.until(pilot, lambda: (live.number == 2 and "▸" in live.text()) or view > 1)


# Rules and thresholds.


async def test_the_rules_stand_with_last_value_limit_and_state(live: Any) -> None:
    async with live.app.run_test(size=(120, 50)) as pilot:
        await opened_on(live, pilot, 1)
        await live.until(pilot, lambda: "0.1200" in live.text())
        rows = {line.split()[1]: line for line in live.text().splitlines() if line.startswith("│  ")}
        assert set(live.session.settings.alerts) - {"negative_reward_trend"} <= set(rows)
        assert "■ critical firing" in rows["kl_spike"] and "0.1000" in rows["kl_spike"]
        assert "0.1200" in rows["kl_explosion"] and "at rest" in rows["kl_explosion"]
        assert "hidden" in rows["kl_high"], "above its limit, behind the worse one of its family"
        assert "off" in rows["slow"] and "1d00h" in rows["checkpoint_age"]
        assert "20 rules: 2 firing, 1 hidden behind a worse one, 1 switched off" in live.text()


async def test_a_threshold_is_tried_while_typed_and_saved_with_its_comments(live: Any) -> None:
    before = live.workspace.config.read_text()
    async with live.app.run_test(size=(100, 40)) as pilot:
        await opened_on(live, pilot, 1)
        live.app.open_screen._table("rule").select("kl_spike")
        await pilot.press("enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskThreshold))
        await live.until(pilot, lambda: "would have fired once in this run (once with" in live.text())
        await pilot.press("ctrl+u", *"0.2")
        await live.until(pilot, lambda: "would have fired 0 times in this run (once with" in live.text())
        await pilot.press("ctrl+u", *"2h")
        await live.until(pilot, lambda: "expected a number" in live.text())
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(live.app.screen, AskThreshold), "what is no threshold is not saved"
        await pilot.press("ctrl+u", *"0.15", "enter")
        await live.until(pilot, lambda: "saved to config.toml and in force" in live.text())
        await live.until(pilot, lambda: not any(a.rule == "kl_spike" and a.firing for a in live.alerts))
        await live.until(pilot, lambda: any(a.rule == "kl_high" and a.firing for a in live.alerts))
        (entry,) = live.session.clerk.require_store().entries("rule")
    after = live.workspace.config.read_text()
    assert tomllib.loads(after)["alerts"]["kl_spike"]["threshold"] == 0.15
    assert [line for line in before.splitlines() if "#" in line] == [
        line for line in after.splitlines() if "#" in line
    ]
    assert entry.subject == "kl_spike"
    assert (entry.detail["before"]["threshold"], entry.detail["after"]["threshold"]) == (0.1, 0.15)


async def test_a_rule_that_is_edited_elsewhere_is_in_force_here_too(live: Any) -> None:
    """Else two consoles judge one run by different rules, and say so differently."""
    said: list[str] = []
    say = live.app.say
    live.app.say = lambda words, *tone: said.append(words) or say(words, *tone)
    async with live.app.run_test(size=(100, 40)) as pilot:
        await opened_on(live, pilot, 1)
        edit_config(
            live.workspace.config, {"alerts.kl_spike.threshold": 0.15, "alerts.kl_spike.resolve_at": 0.14}
        )
        await live.until(pilot, lambda: live.session.settings.alerts["kl_spike"].threshold == 0.15)
        await live.until(pilot, lambda: not any(a.rule == "kl_spike" and a.firing for a in live.alerts))
        await live.until(pilot, lambda: "config.toml has other alert rules: they are in force" in said)


def test_the_watch_judges_by_an_edited_rule_and_says_why_it_cannot(workspace: Workspace) -> None:
    with open_store(workspace) as store, Watcher(workspace, None, store, utc_now()) as watcher:
        assert watcher.look(utc_now()).problem == ""
        edit_config(workspace.config, {"alerts.kl_spike.threshold": 0.2, "alerts.kl_spike.resolve_at": 0.2})
        watcher.look(utc_now())
        assert watcher.engine is not None and watcher.engine.rules["kl_spike"].threshold == 0.2
        text = workspace.config.read_text()
        workspace.config.write_text("nonsense")
        assert "config.toml" in watcher.look(utc_now()).problem
        assert "config.toml" in watcher.look(utc_now()).problem, "until it is mended"
        workspace.config.write_text(text)
        assert watcher.look(utc_now()).problem == ""


async def test_leaving_the_editor_changes_nothing_and_an_age_is_typed_as_a_time(live: Any) -> None:
    before = live.workspace.config.read_bytes()
    async with live.app.run_test(size=(100, 40)) as pilot:
        await opened_on(live, pilot, 1)
        live.app.open_screen._table("rule").select("checkpoint_age")
        await pilot.press("enter")
        await live.until(pilot, lambda: "it leaves no history to try it on" in live.text())
        assert "a time like 90m, 12h or 1d" in live.text() and "in force    1d00h" in live.text()
        await pilot.press("ctrl+u", *"12", "enter")
        await live.until(pilot, lambda: "expected a time like" in live.text())
        await pilot.press("escape")
        await pilot.pause()
        live.app.open_screen._table("rule").select("crash")
        await pilot.press("enter")
        await live.until(pilot, lambda: "crash has no threshold" in live.text())
    assert live.workspace.config.read_bytes() == before


# Silences.


async def test_a_silence_is_made_from_the_alert_seen_and_ended(live: Any) -> None:
    async with live.app.run_test(size=(100, 40)) as pilot:
        await opened_on(live, pilot)
        await pilot.press("s")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskSilence))
        assert "rule=kl_spike" in live.text()
        await pilot.press("enter")
        await live.until(pilot, lambda: "a comment is required" in live.text())
        await pilot.press(*"known, restart at 14:00", "shift+tab", "ctrl+u", *"90", "enter")
        await live.until(pilot, lambda: "expected a time like 30m" in live.text())
        await pilot.press("ctrl+u", *"90m", "enter")
        await live.until(pilot, lambda: "silenced by" in live.text() and "known, restart" in live.text())
        assert "1 silenced" in live.text() and ", 0 s ago, until" in live.text()
        assert "silences 1" in live.text()

        await pilot.press("tab", "tab")
        await live.until(pilot, lambda: "1 silence is in force" in live.text())
        await pilot.press("s")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskSilence))
        await pilot.pause()
        assert live.app.screen.query_one("#matcher").value == "", "nothing is chosen: no matcher is made up"
        assert live.app.screen.focused.id == "matcher"
        await pilot.press(*"kl_hgih", "tab", "ctrl+u", *"3d", "tab", "x", "enter")
        await live.until(pilot, lambda: "rule=kl_hgih until" in live.text())
        end = utc_now() + timedelta(days=3)
        assert f"{end:%d %b} " in live.text(), "an end on another day stands with its day"
        assert "no rule matches it now" in live.text()
        live.session.clerk.require_store().end_silence(2, utc_now())
        assert "rule=kl_spike" in live.text() and "in 1h29m" in live.text()
        await pilot.press("enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, Confirm))
        await pilot.press("y")
        await live.until(pilot, lambda: "no silence is in force" in live.text() and "over" in live.text())
        await live.until(pilot, lambda: not any(alert.silenced for alert in live.alerts))
        kinds = [entry.kind for entry in live.session.clerk.require_store().entries()]
    assert "silence" in kinds and "silence_end" in kinds


# Notifications.


class Hook:
    """A local HTTP server that counts, and refuses what comes under /bad."""

    def __init__(self) -> None:
        self.got: list[str] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                bad = self.path.startswith("/bad")
                if not bad:
                    hook.got.append(body["title"])
                self.send_response(503 if bad else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    pytest.importorskip("apprise", reason="the extra 'notify' is not installed")
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def telling(workspace: Workspace, hook: Hook) -> Workspace:
    """Notifications are on: `ops` takes them, `pager` refuses them and is given up at once."""
    targets = f'ops = "json://127.0.0.1:{hook.port}/good"\npager = "json://127.0.0.1:{hook.port}/bad"'
    text = workspace.config.read_text().replace("[notify.targets]", f"[notify.targets]\n{targets}", 1)
    text = text.replace("enabled = false\nseverity", "enabled = true\nseverity", 1)
    workspace.config.write_text(text.replace("retry_for = 3600.0", "retry_for = 1.0", 1))
    return open_workspace(workspace.root, workspace.root)


async def test_two_consoles_tell_one_transition_once_and_show_the_failure(
    telling: Workspace, hook: Hook, live_on: Any
) -> None:
    first, second = live_on(telling), live_on(telling)
    second.session.start()
    second.session.go_on()
    async with first.app.run_test(size=(130, 40)) as pilot:
        await first.until(pilot, lambda: first.alerts)
        await pilot.press("2")
        await first.until(pilot, lambda: any("kl_spike firing" in title for title in hook.got))
        await first.until(pilot, lambda: "ops: firing sent" in first.text())
        await first.until(pilot, lambda: "pager: given up" in first.text())
        assert "notifications failed" in first.text() or "notification failed" in first.text()
        await pilot.press("tab", "tab", "tab")
        await first.until(pilot, lambda: "the newest failure: pager" in first.text())
        assert "no watch runs" in first.text()
    spikes = [title for title in hook.got if "kl_spike firing" in title]
    assert len(spikes) == 1, hook.got
    assert first.session._courier is not None and first.session._courier._stop.is_set()


async def test_where_nobody_is_told_the_screen_says_so(live: Any) -> None:
    async with live.app.run_test(size=(100, 40)) as pilot:
        await opened_on(live, pilot)
        assert "nobody is told: notify.enabled is false in config.toml" in live.text()
        await pilot.press("tab", "tab", "tab")
        await live.until(pilot, lambda: "Nothing was told yet" in live.text())
        await pilot.press("escape")
        await live.until(pilot, lambda: "kl_spike" in live.text())
        assert live.number == 2


def test_a_target_with_its_secret_in_the_file_is_a_problem_of_the_configuration(workspace: Workspace) -> None:
    from core.config.loader import ConfigError

    text = workspace.config.read_text()
    workspace.config.write_text(
        text.replace("[notify.targets]", '[notify.targets]\nops = "slack://abc/def/ghi"', 1)
    )
    with pytest.raises(ConfigError) as refused:
        open_workspace(workspace.root, workspace.root)
    assert "notify.targets.ops" in str(refused.value) and "from the environment" in str(refused.value)
    assert "abc" not in str(refused.value)


# Small terminals.


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_every_list_stands_at_any_size_with_the_keys_that_matter(
    live: Any, size: tuple[int, int]
) -> None:
    async with live.app.run_test(size=size) as pilot:
        await live.until(pilot, lambda: live.alerts)
        for keys, words in (
            (["2"], "enter"),
            (["tab"], "enter"),
            (["tab"], "q"),
            (["tab"], "q"),
            (["8"], "q"),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            footer = live.text().splitlines()[-1]
            assert words in footer and "quit" in footer and len(footer) <= size[0]
