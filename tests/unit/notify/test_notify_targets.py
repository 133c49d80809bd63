"""Secrets come from the environment and appear nowhere; a target that cannot be used says why."""

from __future__ import annotations

import pytest

from core.config.settings import Notify
from core.errors import UsageError
from core.notify.targets import check_targets, redact, resolve


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("json://127.0.0.1:8080/hook", ""),
        ("slack://${A}/${B}/${C}/#ops", ""),
        ("${WHOLE_URL}", ""),
        ("mailtos://${USER}:${PASSWORD}@example.org", ""),
        ("slack://T1/B2/C3/#ops", "from the environment"),
        ("mailtos://me:hunter2@example.org", "password"),
        ("json://me:hunter2@127.0.0.1/", "password"),
        ("hello", "apprise URL"),
        ("json://${BAD NAME}/", "variable's name"),
    ],
)
def test_a_target_holds_no_secret_of_its_own(template: str, words: str) -> None:
    problems = check_targets(Notify(targets={"ops": template}))
    if not words:
        assert problems == []
        return
    (problem,) = problems
    assert problem.startswith("notify.targets.ops: expected") and words in problem
    assert "hunter2" not in problem and "T1/B2" not in problem


def test_enabled_without_a_target_is_a_problem() -> None:
    (problem,) = check_targets(Notify(enabled=True))
    assert "at least one target" in problem


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(UsageError, match="target ops: the environment variable TOKEN is not set"):
        resolve("ops", "json://127.0.0.1/${TOKEN}", {"TOKEN": ""})


def test_a_target_does_not_show_its_url() -> None:
    target = resolve("ops", "slack://${TOKEN}/x", {"TOKEN": "xoxb-123456"})
    assert target.url == "slack://xoxb-123456/x" and "xoxb" not in repr(target)


@pytest.mark.parametrize(
    "text",
    [
        "failed for slack://xoxb-12/34@56/x",
        "https://host/xoxb-12%2F34%4056",
        "user xoxb-12/34@56 denied",
        "token 'xoxb-12' unknown",
    ],
)
def test_secrets_are_redacted_whole_quoted_and_in_pieces(text: str) -> None:
    target = resolve("ops", "slack://${TOKEN}/x", {"TOKEN": "xoxb-12/34@56"})
    assert "xoxb" not in redact(text, target.secrets)


def test_redacted_text_is_visible() -> None:
    assert redact("a\x1b[31m", ()) == "a␛[31m"
