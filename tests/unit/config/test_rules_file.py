"""The alert rules of a `config.toml` that is edited while somebody watches."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config.edit import edit_config
from core.config.rules_file import RulesFile
from core.errors import UsageError


def test_an_edit_is_news_once_and_a_broken_file_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[alerts.kl_spike]\nthreshold = 0.1\n")
    rules = RulesFile(path)
    first = rules.news()
    assert first is not None and first["kl_spike"].threshold == 0.1
    assert rules.news() is None
    edit_config(path, {"alerts.kl_spike.threshold": 0.07, "alerts.kl_spike.resolve_at": 0.06})
    edited = rules.news()
    assert edited is not None and edited["kl_spike"].threshold == 0.07
    path.write_text("[alerts.kl_spike]\nthreshold = 'high'\n")
    with pytest.raises(UsageError, match="threshold"):
        rules.news()
    assert rules.news() is None
    path.unlink()
    with pytest.raises(UsageError):
        rules.news()
    assert rules.news() is None
