"""The settings of a workspace: every key, its type, its bounds and the documents' default.

Frozen values only; `core.config.loader` reads them from ``config.toml`` and reports all problems at once.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.alerts.rule import Rule, Severity, default_rules

PositiveInt = Annotated[int, Meta(ge=1, le=10**12)]
LayerWidth = Annotated[int, Meta(ge=1, le=4096)]
Seed = Annotated[int, Meta(ge=0, lt=2**32)]
Positive = Annotated[float, Meta(gt=0)]
NonNegative = Annotated[float, Meta(ge=0)]
Fraction = Annotated[float, Meta(gt=0, lt=1)]
UnitInterval = Annotated[float, Meta(ge=0, le=1)]
WORKERS_PATTERN = r"^(sequential|(threading|loky)(:[1-9]\d{0,3})?|dask:\S+|ray(:\S+)?)$"
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Week(_Section, frozen=True):
    start: date = date(2026, 2, 23)
    """Launch day; the dates of the week follow from it."""


class Operator(_Section, frozen=True):
    name: str = ""
    """Empty: the system's user with host and SSH client."""
    role: str = "ML Engineer"


class Paths(_Section, frozen=True):
    """Relative to the workspace."""

    logs: str = "logs/ppo_training"
    archive: str = "logs/runs"
    checkpoints: str = "checkpoints/ppo_training"
    models: str = "models/ppo_phase4"
    reports: str = "reports/revalidation"
    train_data: str = "data/train"
    backtest_data: str = "data/backtest"
    store: str = "state/console.sqlite3"


class Hyperparameters(_Section, frozen=True):
    """The eleven hyperparameters of the checklist."""

    learning_rate: Positive = 3e-4
    batch_size: PositiveInt = 64
    n_steps: PositiveInt = 2048
    """Steps of one rollout over all lanes together."""
    n_epochs: PositiveInt = 10
    gamma: UnitInterval = 0.99
    gae_lambda: UnitInterval = 0.95
    ent_coef: NonNegative = 0.001
    clip_range: Positive = 0.2
    vf_coef: NonNegative = 0.5
    max_grad_norm: Positive = 0.5
    total_timesteps: PositiveInt = 500_000


class Training(_Section, frozen=True):
    symbols: tuple[str, ...] = ()
    """Empty: every symbol in the training data."""
    lanes: PositiveInt = 16
    """Environments that step together; n_steps / lanes is each one's share of a rollout."""
    seed: Seed = 0
    torch_threads: PositiveInt = 1
    net_arch: Annotated[tuple[LayerWidth, ...], Meta(max_length=8)] = (64, 64)
    checkpoint_every: PositiveInt = 50_000
    """Steps between checkpoints; the first rollout that crosses the mark saves."""
    keep: Annotated[int, Meta(ge=0)] = 0
    """Newest checkpoints kept; 0 keeps all for the run's life."""
    evaluate_every: PositiveInt = 25_000
    """Steps between evaluations on the validation slice; each is a logged trial."""


class Data(_Section, frozen=True):
    validation_fraction: Fraction = 0.25
    """The newest part of the training data, after an embargo, that best_model is chosen on."""
    test_candles: PositiveInt = 500
    """What `data split` keeps at least for the test set."""
    holding_candles: Annotated[int, Meta(ge=0)] = 24
    """Added to the longest feature look-back as the embargo between two slices."""
    side_hours: Positive = 72.0
    """A macro or sentiment value older than this is absent."""
    coverage: Fraction = 0.9
    """Least share of the common window each symbol must cover."""


class Trading(_Section, frozen=True):
    episode_candles: PositiveInt = 500
    capital: Positive = 10_000.0
    fee_bp: NonNegative = 4.0
    """Basis points of notional, on both sides."""
    slippage_bp: NonNegative = 3.0
    risk_per_trade: Fraction = 0.01
    """Share of equity lost when the stop is hit at its price."""
    max_notional: Positive = 1.0
    """Cap on notional, as a multiple of equity."""
    atr_candles: Annotated[int, Meta(ge=2, le=47)] = 14
    """Fewer than the longest feature look-back."""
    stop_atr: Positive = 2.0
    target_atr: Positive = 4.0
    trailing_atr: NonNegative = 0.0
    """Distance of a stop that follows the best close; it moves after the close. 0: the stop stays."""
    funding: bool = True
    """Charge the funding of the side data, where there is any."""


class Reward(_Section, frozen=True):
    pnl: float = 1.0
    hold_bonus: float = 1.0
    invalid_action: float = 1.0
    out_of_market: float = 1.0
    reward_clip: Positive = 10.0


class Normalise(_Section, frozen=True):
    observations: bool = True
    rewards: bool = True
    clip_observations: Positive = 10.0


class Health(_Section, frozen=True):
    stalled_after: Positive = 7_200.0
    """Seconds without a step while the process is alive."""
    late_factor: Positive = 20.0
    """A row this many times later than usual makes the header say late."""


class Checks(_Section, frozen=True):
    """Limits the checklists use; the alert rules hold their own."""

    kl_daily: Positive = 0.01
    kl_good: Positive = 0.05
    kl_alert: Positive = 0.1
    reward_trend: Positive = 0.0001
    """The reward's trend word turns at ± this slope per step."""
    steps_per_second: Positive = 1000.0
    checkpoint_hours: Positive = 12.0
    disk_free_gb: NonNegative = 50.0
    memory_free_gb: NonNegative = 16.0
    stale_after: Positive = 3_600.0
    """Seconds after which a sensed value is stale, hence UNKNOWN."""


class Gates(_Section, frozen=True):
    sharpe_ratio: float = 1.0
    max_drawdown_pct: NonNegative = 15.0
    win_rate_pct: NonNegative = 45.0
    profit_factor: NonNegative = 1.5
    consecutive_losses: NonNegative = 5.0
    calmar_ratio: float = 2.0


class Decision(_Section, frozen=True):
    policy: Literal["manual", "checklist"] = "manual"
    statistic: Literal["median", "worst", "pooled"] = "median"
    """Which stream's consecutive losses rule."""


class Evidence(_Section, frozen=True):
    """The least evidence a gate needs to be evaluable."""

    min_candles: PositiveInt = 500
    min_trades: PositiveInt = 30
    strong_trades: PositiveInt = 100
    min_stream_trades: PositiveInt = 10
    min_coverage: Fraction = 0.9


class Revalidation(_Section, frozen=True):
    episodes: PositiveInt = 10
    seed: Seed = 0
    workers: Annotated[str, Meta(pattern=WORKERS_PATTERN)] = "sequential"
    """Where backtests run: `core.backtest.workers`."""
    tested_limit: PositiveInt = 3
    """After so many judgements a test set is no longer a test, and the report says so."""
    environment: str = ""
    """`module:Class` of the user's own gymnasium environment; empty: this program's simulator."""
    environment_seconds: Annotated[float, Meta(gt=0, le=3600)] = 60.0
    """For one call into it: the import, making it, a reset, a step."""


class Schedule(_Section, frozen=True):
    """Times of day, UTC."""

    preflight: TimeOfDay = "08:00"
    pre_training: TimeOfDay = "10:00"
    launch: TimeOfDay = "14:00"
    hourly: tuple[TimeOfDay, ...] = ("15:00", "16:00", "17:00", "18:00")
    daily: tuple[TimeOfDay, ...] = ("10:00", "14:00", "18:00", "22:00")
    check_in: TimeOfDay = "10:00"
    second_check: TimeOfDay = "16:00"
    pre_revalidation: TimeOfDay = "10:00"
    preparation: TimeOfDay = "14:00"
    timetable: Annotated[tuple[TimeOfDay, ...], Meta(min_length=1)] = (
        "14:00",
        "14:15",
        "14:30",
        "15:45",
        "16:00",
    )
    """Load the model, load the data, backtest, gates, report."""
    revalidation: TimeOfDay = "16:00"
    review: TimeOfDay = "16:15"
    escalation: TimeOfDay = "16:30"
    cto: TimeOfDay = "17:00"
    approval: TimeOfDay = "17:30"
    window_minutes: Annotated[float, Meta(ge=1, le=1440)] = 60.0
    """How long what is due may wait before it is overdue."""


class ItemChange(_Section, frozen=True):
    """What a workspace changes in one line of a checklist; what is empty stays."""

    text: str = ""
    owner: str = ""
    time: TimeOfDay | Literal[""] = ""
    on_fail: Literal["block", "fix", ""] = ""


class OwnCheck(_Section, frozen=True):
    """A check of the user's own code: exactly one of `imports`, `file` and `command`."""

    text: str = ""
    list: Literal["preflight", "preparation"] = "preflight"
    imports: str = ""
    """`package.module` or `package.module:Name`."""
    file: str = ""
    """Relative to the workspace; there and not empty."""
    command: tuple[str, ...] = ()
    """The program and its arguments; never through a shell, in the workspace."""
    expect: str = ""
    """Text that the command's output, or the file, must contain."""
    seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    on_fail: Literal["block", "fix"] = "fix"
    owner: str = ""


class Checklist(_Section, frozen=True):
    """Language of the checklists, changed lines, a user's own checks."""

    language: Literal["en", "pt"] = "en"
    python_path: tuple[str, ...] = ()
    """Folders, relative to the workspace, that own checks may import from; nothing else is added."""
    items: dict[str, ItemChange] = {}
    """By the line's id: `preflight.disk_free`."""
    checks: dict[str, OwnCheck] = {}


class Notify(_Section, frozen=True):
    """Who is told of an alert, and how long an acknowledgement stands."""

    enabled: bool = False
    targets: dict[str, str] = {}
    """Name → an apprise URL. Secrets stand in it as `${NAME}` and come from the environment."""
    severity: Severity = "warning"
    """The least severity that is told."""
    resolved: bool = True
    """Whether the end of an alert is told, too."""
    retry_for: Positive = 3_600.0
    """Seconds after which an undelivered notification is given up, and said so."""
    acknowledgement_expires: Positive = 28_800.0
    """Seconds after which an acknowledgement no longer counts."""


class Display(_Section, frozen=True):
    """How the console looks."""

    theme: Literal["ppo-console", "colour-blind", "high-contrast"] = "ppo-console"


class Settings(_Section, frozen=True):
    week: Week = Week()
    operator: Operator = Operator()
    paths: Paths = Paths()
    ppo: Hyperparameters = Hyperparameters()
    approved: Hyperparameters = Hyperparameters()
    training: Training = Training()
    data: Data = Data()
    trading: Trading = Trading()
    reward: Reward = Reward()
    normalise: Normalise = Normalise()
    health: Health = Health()
    checks: Checks = Checks()
    gates: Gates = Gates()
    decision: Decision = Decision()
    evidence: Evidence = Evidence()
    revalidation: Revalidation = Revalidation()
    schedule: Schedule = Schedule()
    checklist: Checklist = Checklist()
    notify: Notify = Notify()
    display: Display = Display()
    keys: dict[str, str] = {}
    """Action id → its keys, comma separated. Which ids and keys there are is the console's to know."""
    alerts: dict[str, Rule] = msgspec.field(default_factory=default_rules)
