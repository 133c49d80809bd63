"""The configuration is strict, complete and explains itself."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import tomli

from core.config.edit import changed_text
from core.config.loader import ConfigError, load_settings, parse_settings
from core.config.settings import Settings
from core.errors import UsageError
from core.workspace import default_config_text

PATH = Path("config.toml")


def test_the_shipped_file_states_exactly_the_defaults() -> None:
    assert parse_settings(default_config_text(), PATH) == Settings()


def test_the_shipped_file_names_every_key_of_every_section() -> None:
    table = tomli.loads(default_config_text())
    for name, section in msgspec.to_builtins(Settings()).items():
        if name != "alerts":
            assert set(table[name]) == set(section), name
    assert set(table["alerts"]) == set(Settings().alerts)


def test_every_problem_is_reported_at_once_with_key_expected_got_and_near_miss() -> None:
    text = """
    [ppo]
    learning_rte = 1.0
    n_steps = "many"
    gamma = 1.5
    [decison]
    policy = "manual"
    [alerts.kl_spikes]
    threshold = 3
    """
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, PATH)
    keys = {problem.key: problem for problem in caught.value.problems}
    assert set(keys) == {"ppo.learning_rte", "ppo.n_steps", "ppo.gamma", "decison", "alerts.kl_spikes"}
    assert keys["ppo.learning_rte"].near == "ppo.learning_rate"
    assert keys["decison"].near == "decision"
    assert keys["alerts.kl_spikes"].near == "alerts.kl_spike"
    assert keys["ppo.n_steps"].got == "'many'"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31"])
def test_a_launch_day_without_days_around_it_is_refused(start: str) -> None:
    with pytest.raises(ConfigError, match=r"week\.start: expected a date of the years 2000 to 2999"):
        parse_settings(f"[week]\nstart = {start}", PATH)


def test_lanes_that_do_not_divide_a_rollout_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"training\.lanes: expected a divisor .* = 2048, got 3"):
        parse_settings("[training]\nlanes = 3", PATH)


def test_broken_toml_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="not valid TOML"):
        parse_settings("[ppo", PATH)


def test_a_default_rule_can_be_changed_and_a_new_one_added() -> None:
    settings = parse_settings(
        "[alerts.kl_spike]\nthreshold = 0.2\n"
        '[alerts.mine]\ncondition = "above"\nmetric = "reward"\nseverity = "info"',
        PATH,
    )
    assert settings.alerts["kl_spike"].threshold == 0.2
    assert settings.alerts["kl_spike"].severity == "critical"
    assert settings.alerts["mine"].condition == "above"


def test_an_edit_keeps_the_comments_and_refuses_what_the_loader_would() -> None:
    text = default_config_text()
    changed = changed_text(text, {"ppo.learning_rate": 1e-4}, PATH)
    assert parse_settings(changed, PATH).ppo.learning_rate == 1e-4
    assert changed.count("#") == text.count("#")
    with pytest.raises(ConfigError):
        changed_text(text, {"ppo.learning_rate": "fast"}, PATH)


def test_a_rule_that_can_never_work_is_a_problem_of_the_configuration() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings('[alerts.kl_spike]\nmetric = "aprox_kl"\nresolve_at = 0.2', PATH)
    lines = [str(problem) for problem in caught.value.problems]
    assert any(line.startswith("alerts.kl_spike.metric: expected one of") for line in lines)
    assert any("did you mean approx_kl?" in line for line in lines)
    assert "alerts.kl_spike.resolve_at: expected at most threshold = 0.1, got 0.2" in lines


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "1e308", f"-1{'0' * 30}"])
def test_no_number_of_the_configuration_is_infinite_nan_or_beyond_use(value: str) -> None:
    text = f"[gates]\nsharpe_ratio = {value}\n[alerts.kl_explosion]\nthreshold = {value}\n"
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, PATH)
    assert {problem.key for problem in caught.value.problems} >= {
        "gates.sharpe_ratio",
        "alerts.kl_explosion.threshold",
    }


@pytest.mark.parametrize("digits", ["9" * 5000, "0x" + "f" * 5000])
@pytest.mark.parametrize(
    "place", ["ppo.n_steps = ", "keys.a = ", "alerts.x = ", "checklist.checks.a.file = [", "x = "]
)
def test_a_number_of_thousands_of_digits_is_one_clear_line(place: str, digits: str) -> None:
    with pytest.raises(UsageError, match="holds a whole number of thousands of digits"):
        parse_settings(f"{place}{digits}{']' * place.count('[')}\n", PATH)


def test_two_paths_that_are_one_place_are_refused() -> None:
    text = '[paths]\nstore = "config.toml"\narchive = "models/ppo_phase4"\nreports = ""\nlogs = "a\\u0000b"\n'
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, PATH)
    keys = {problem.key for problem in caught.value.problems}
    assert keys == {"paths.store", "paths.models", "paths.reports", "paths.logs"}


def test_nesting_without_end_and_a_byte_order_mark_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nested too deep"):
        parse_settings("a = " + "[" * 3000, PATH)
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[week]\n")
    with pytest.raises(UsageError, match="byte order mark"):
        load_settings(path)


def test_many_problems_are_counted_not_all_printed() -> None:
    with pytest.raises(ConfigError, match="and 80 more") as caught:
        parse_settings("\n".join(f"key{number} = 1" for number in range(100)), PATH)
    assert len(caught.value.problems) == 100
