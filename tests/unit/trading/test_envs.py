"""The two faces of the simulator keep the promises of gymnasium and stable-baselines3."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.config.settings import Reward, Trading
from core.errors import UsageError
from core.market.model import LOOK_BACK
from core.market.synthetic import synthetic_universe
from core.trading.features import market_features
from core.trading.observation import OBSERVATION_NAMES, OBSERVATION_SIZE
from core.trading.reward import COMPONENT_NAMES
from core.trading.sampling import EpisodeSampler
from core.trading.simulator import Lanes, Simulator

TRADING = Trading(episode_candles=30)


@pytest.fixture(scope="module")
def universe():
    return synthetic_universe(seed=2, symbols=3, candles=200, edge=0.3)


@pytest.fixture
def env(universe):
    from core.trading.env import TradingEnv

    return TradingEnv(universe, trading=TRADING, reward=Reward())


@pytest.fixture
def vec(universe):
    from core.trading.vec_env import TradingVecEnv

    return TradingVecEnv(universe, lanes=4, trading=TRADING, reward=Reward(), seed=1)


@pytest.mark.filterwarnings("error")
def test_the_env_passes_stable_baselines3_check(env):
    from stable_baselines3.common.env_checker import check_env

    check_env(env, warn=True)


def test_the_env_is_the_simulator(env, universe):
    observation, info = env.reset(seed=4, options={"symbol": "SYN02", "start": 60})
    lanes = Lanes(np.array([1]), np.array([60]), 30)
    simulator = Simulator(universe, market_features(universe), lanes, TRADING, Reward())
    assert observation.tobytes() == simulator.reset()[0].tobytes()
    assert info == {"symbol": "SYN02", "start": 60}
    for action in np.random.default_rng(0).integers(0, 5, 30):
        observation, reward, terminated, truncated, info = env.step(action)
        result = simulator.step(np.array([action]))
        assert observation.tobytes() == result.observations[0].tobytes()
        assert reward == result.rewards[0]
        assert info["equity"] == result.equity[0]
        assert [info[name] for name in COMPONENT_NAMES] == result.components[0].tolist()
    assert (terminated, truncated) == (False, True), "the end of an episode is a time limit, not ruin"


def test_the_same_seed_gives_the_same_episode(env):
    first, info = env.reset(seed=9)
    again, same = env.reset(seed=9)
    assert info == same
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("options", [{"symbol": "NOPE"}, {"start": LOOK_BACK - 1}, {"start": 190}])
def test_an_impossible_episode_is_refused(env, options):
    with pytest.raises(UsageError):
        env.reset(options=options)


def play(vec, steps, seed=0):
    random = np.random.default_rng(seed)
    observation = vec.reset()
    history = [(observation, None, None, None)]
    history += [vec.step(random.integers(0, 5, vec.num_envs)) for _ in range(steps)]
    return history


def test_the_vec_env_restarts_lanes_and_keeps_their_last_observation(vec):
    history = play(vec, 100)
    ended = 0
    for observation, _, dones, infos in history[1:]:
        for lane in np.flatnonzero(dones):
            ended += 1
            last = infos[lane]["terminal_observation"]
            assert last.shape == (OBSERVATION_SIZE,)
            assert infos[lane]["TimeLimit.truncated"] is True
            assert last.tobytes() != observation[lane].tobytes()
            assert (last[-6:] == 0).all(), "the position was closed on the last candle"
            assert (observation[lane, -6:] == 0).all()
        for lane in np.flatnonzero(~dones):
            assert "terminal_observation" not in infos[lane]
    assert ended >= 4 * 3


def test_episode_statistics_are_raw_and_of_whole_episodes_only(vec):
    """A lane's first episode has a random length, so that lanes do not end together, and does not count."""
    history = play(vec, 150)
    rewards = np.array([step[1] for step in history[1:]])
    ends = np.array([step[2] for step in history[1:]])
    seen = 0
    for lane in range(vec.num_envs):
        last = np.flatnonzero(ends[:, lane])
        for number, at in enumerate(last):
            info = history[at + 1][3][lane]
            if number == 0:
                assert "episode" not in info
                continue
            seen += 1
            assert info["episode"]["l"] == 30 == at - last[number - 1]
            total = rewards[last[number - 1] + 1 : at + 1, lane].sum()
            assert info["episode"]["r"] == pytest.approx(total, abs=1e-4)
    assert seen >= 12
    assert len({int(np.flatnonzero(ends[:, lane])[0]) for lane in range(vec.num_envs)}) > 1


def test_components_of_every_step_are_in_info_and_add_up(vec):
    for _, rewards, _, infos in play(vec, 40)[1:]:
        for lane, info in enumerate(infos):
            assert rewards[lane] == pytest.approx(sum(info[name] for name in COMPONENT_NAMES), abs=1e-5)


def test_the_same_seed_gives_the_same_lanes(universe):
    from core.trading.vec_env import TradingVecEnv

    def run():
        made = TradingVecEnv(universe, lanes=3, trading=TRADING, reward=Reward(), seed=6)
        return play(made, 60)

    for one, two in zip(run(), run(), strict=True):
        assert one[0].tobytes() == two[0].tobytes()


def test_ruin_is_a_real_end(universe):
    from core.trading.vec_env import TradingVecEnv

    wild = synthetic_universe(seed=2, symbols=1, candles=200, edge=0.0)
    wild.high[:, 60::2] *= 4
    for plane in (wild.open, wild.low, wild.close):
        plane[:, 60::2] *= 3
    trading = Trading(episode_candles=30, risk_per_trade=0.99, max_notional=20.0, stop_atr=0.5)
    vec = TradingVecEnv(wild, lanes=4, trading=trading, reward=Reward(), seed=0)
    vec.reset()
    ruined = []
    for _ in range(100):
        _, _, dones, infos = vec.step(np.full(4, 2))
        ruined += [not infos[lane]["TimeLimit.truncated"] for lane in np.flatnonzero(dones)]
    assert any(ruined)


def test_ppo_takes_the_vec_env_with_vec_normalize(vec):
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

    model = PPO("MlpPolicy", VecNormalize(vec), n_steps=64, batch_size=64, n_epochs=1, seed=0, device="cpu")
    model.learn(512)
    assert len(model.ep_info_buffer) > 0


def test_short_data_shorten_the_episode_and_say_so(universe):
    long = EpisodeSampler(universe, 500)
    assert long.candles == 200 - LOOK_BACK
    assert long.warning is not None
    assert "152 candles instead of 500" in long.warning
    assert EpisodeSampler(universe, 30).warning is None


def test_a_symbol_that_ends_a_little_earlier_still_takes_part(universe):
    uneven = universe.part(0, 200, score_from=LOOK_BACK)
    close = uneven.close.copy()
    close[1, 190:] = np.nan
    sampler = EpisodeSampler(replace(uneven, close=close), 500)
    symbol, _ = sampler.draw(np.random.default_rng(0), 100)
    assert sampler.candles == 142
    assert set(symbol.tolist()) == {0, 1, 2}


def test_episodes_begin_where_their_symbol_is_warmed_up(universe):
    close = universe.close.copy()
    close[2, :50] = np.nan
    sampler = EpisodeSampler(replace(universe, close=close, score_from=60), 30)
    symbol, start = sampler.draw(np.random.default_rng(0), 4000)
    assert set(symbol.tolist()) == {0, 1, 2}
    assert start[symbol == 0].min() == 60
    assert start[symbol == 2].min() == 50 + LOOK_BACK
    assert start.max() == 170


def test_nothing_to_trade_is_refused(universe):
    with pytest.raises(UsageError, match="warm-up"):
        EpisodeSampler(universe.part(0, LOOK_BACK, score_from=LOOK_BACK), 30)


def test_observation_names_match_the_width(vec):
    assert len(OBSERVATION_NAMES) == OBSERVATION_SIZE == vec.observation_space.shape[0]
    assert len(set(OBSERVATION_NAMES)) == OBSERVATION_SIZE
