"""One opened console: the run, the store and the workers behind the screens.

Owns the follower's thread (files → snapshot), the clerk's (store, checklists, standup) and the
revalidation's; each posts one small message when something changed. Trap avoided: a screen that waits for
SQLite, a file or a stalled terminal. Every method here returns at once.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from console.clerk import Clerk
from console.desk import Desk
from console.follower import Follower
from console.intents import IntentsMixin
from console.judge import Judge
from console.log_tail import LogTail
from console.mailbox import Mailbox, Post
from console.messages import RevalidationChanged, SnapshotArrived, TrainingChanged, WorkDone, WorkFailed
from console.snapshot import Snapshot
from console.states import ChecklistState, RevalidationState, StandupState
from core.clock import utc_now
from core.config.settings import Settings
from core.errors import UsageError

if TYPE_CHECKING:
    from console.alert_desk import AlertDesk
    from console.runbook_desk import RunbookDesk
    from console.training_desk import TrainingDesk
    from console.week_desk import WeekDesk
    from core.alerts.look import DataFacts
    from core.config.rules_file import RulesFile
    from core.notify.courier import Courier
    from core.store.database import Store
    from core.store.operator import OperatorIdentity
    from core.store.outbox import Delivery
    from core.workspace import Workspace

SLOW_EVERY = 2.5
"""Seconds between two looks, and between two ticks of the clock, on a slow line."""
PATIENCE = 1.0
"""Seconds after which all threads begin, whatever the screen does."""


class ConsoleSession(IntentsMixin):
    """`workspace` or `run_target` (a run folder, TensorBoard folder or CSV) or both; the target wins."""

    def __init__(self, workspace: Workspace | None, run_target: Path | None, *, slow: bool = False) -> None:
        if workspace is None and run_target is None:
            raise UsageError("the console needs a workspace or a run", hint="ppo-console --run PATH")
        self.workspace = workspace
        self.settings: Settings = workspace.settings if workspace else Settings()
        self.mailbox = Mailbox()
        self.snapshot: Snapshot | None = None
        """The newest picture of the run; None until the first one arrived."""
        self.operator: OperatorIdentity | None = None
        self.target = run_target or (workspace.logs if workspace else Path())
        self._clerk = Clerk(workspace, self.mailbox, self._idle)
        self._judge = Judge(
            workspace, lambda: self._clerk.store, lambda: self.mailbox.tell(RevalidationChanged)
        )
        self._desk = Desk(self)
        self._follower = Follower(
            self.target,
            workspace,
            self.settings,
            lambda: self._clerk.store,
            self._clerk.settled,
            lambda error: self.mailbox.send(WorkFailed(error, asked=False)),
            self._publish,
        )
        self._training: TrainingDesk | None = None
        self._alert_desk: AlertDesk | None = None
        self._runbook_desk: RunbookDesk | None = None
        self._week_desk: WeekDesk | None = None
        self._week_stood: tuple[str, str] | None = None
        """The run and its status at the last look at the week's events ahead."""
        self._courier: Courier | None = None
        self.slow = slow
        """The terminal's line is slow: half as many changes a second."""
        if slow:
            self._follower.look_every = SLOW_EVERY
        self._store_counter = -1
        self._rules_file: RulesFile | None = None
        self._started = False
        self._going = threading.Lock()
        self._gone_on = False
        self._patience = threading.Timer(PATIENCE, self.go_on)
        self._patience.daemon = True

    # Facts, each replaced whole by its worker.

    @property
    def logs(self) -> tuple[LogTail, ...]:
        """training.log, alerts.log, daily_summary.log; empty for a foreign CSV."""
        return self._follower.logs

    @property
    def revalidation(self) -> RevalidationState:
        return self._judge.state

    @property
    def checklists(self) -> ChecklistState:
        return self._desk.checklists

    @property
    def standup(self) -> StandupState:
        return self._desk.standup

    @property
    def training(self) -> TrainingDesk:
        """Starts and stops the workspace's training."""
        if self._training is None:
            from console.training_desk import TrainingDesk

            self._training = TrainingDesk(
                self.workspace,
                self._clerk.awaited_store,
                lambda: self.mailbox.tell(TrainingChanged),
                lambda words: self.mailbox.send(WorkDone(words)),
                lambda error: self.mailbox.send(WorkFailed(error)),
            )
        return self._training

    @property
    def clerk(self) -> Clerk:
        return self._clerk

    @property
    def alert_desk(self) -> AlertDesk:
        """Rules, silences and notifications; made when first asked for."""
        if self._alert_desk is None:
            from console.alert_desk import AlertDesk

            self._alert_desk = AlertDesk(self)
        return self._alert_desk

    @property
    def runbook_desk(self) -> RunbookDesk:
        """The open procedure of the runbook; made when first asked for."""
        if self._runbook_desk is None:
            from console.runbook_desk import RunbookDesk

            self._runbook_desk = RunbookDesk(self)
        return self._runbook_desk

    @property
    def settled_ahead(self) -> frozenset[str] | None:
        """Ids of the week's events ahead that are done or do not apply; None while it is being looked at.

        It is looked at once there is a picture of the run, and again when the run begins or ends.
        """
        if self.workspace is None or self.snapshot is None:
            return None
        standing = (self.snapshot.run.info.id, self.snapshot.health.status)
        if standing != self._week_stood:
            self._week_stood = standing
            self.week_desk.look("ahead")
        return self.week_desk.state.settled

    @property
    def week_desk(self) -> WeekDesk:
        """Timeline, handover, sign-off, preparation; made when first asked for."""
        if self._week_desk is None:
            from console.week_desk import WeekDesk

            self._week_desk = WeekDesk(self)
        return self._week_desk

    @property
    def data_facts(self) -> DataFacts | None:
        """What the newest check of the training data found."""
        return self._follower.data_facts

    @property
    def courier_problem(self) -> str:
        """Why nobody is told of alerts just now; empty when all is well, or nobody is to be told."""
        return self._courier.problem if self._courier is not None else ""

    # Life.

    def attach(self, post: Post) -> None:
        """Deliver messages to `post` (`app.post_message`), and start the threads if nobody has yet."""
        self.start()
        self.mailbox.attach(post)

    def start(self) -> None:
        """Begin to follow; what is found before `attach` waits. Earlier is faster: it reads meanwhile."""
        if self._started:
            return
        self._started = True
        self._follower.start()
        self._patience.start()

    def wait_first(self, seconds: float) -> None:
        """Until the run was looked at once, at most `seconds`: then the first paint has its values."""
        self._follower.wait_first(seconds)

    def go_on(self) -> None:
        """The first values stand on the screen: begin with store, alerts, host and log tails too.

        Happens by itself after `PATIENCE` seconds.
        """
        with self._going:
            if self._gone_on:
                return
            self._gone_on = True
            self._patience.cancel()
            self._clerk.start()
            self._clerk.submit(self._settle, asked=False)
            self._follower.go_on()

    def close(self) -> None:
        """Cancel the revalidation, stop the threads, close the store.

        Waits a few seconds at most for what a person asked to be recorded, and for a judgement to end; not
        for what was only being read.
        """
        self.mailbox.detach()
        if not self._started:
            return
        self._patience.cancel()
        with self._going:
            self._gone_on = True
        self._judge.cancel()
        self._follower.stop()
        self._judge.join(1.5)
        if self._training is not None:
            self._training.join(5.0)
        if self._courier is not None:
            self._courier.stop(0.2)
        self._clerk.stop()
        self._follower.join(0.1)
        self._clerk.join(1.5)

    def _settle(self) -> None:
        """The clerk's first job: who sits here, and the decision that was made last."""
        from core.store.operator import identify_operator

        self.operator = identify_operator(self.settings.operator)
        if self._clerk.store is not None:
            self._store_counter = self._clerk.store.change_counter()
            self._send_notifications(self._clerk.store)
        if self.workspace is not None:
            self._judge.look_back(self.workspace)

    def _send_notifications(self, store: Store) -> None:
        """From a thread of its own, where the configuration asks for it."""
        if self.settings.notify.enabled:
            from core.notify.courier import Courier

            self._courier = Courier(store, self.settings.notify)
            self._courier.start(self._told)

    def _told(self, _delivery: Delivery) -> None:
        """A notification was tried (in the courier's thread): the Alerts screen shows what became of it."""
        if self._alert_desk is not None:
            self._alert_desk.look()

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.mailbox.tell(SnapshotArrived)

    def _idle(self) -> None:
        """Between jobs: another console may have ticked, acknowledged, judged or edited a rule."""
        self._see_rules()
        store = self._clerk.store
        if store is None:
            return
        counter = store.change_counter()
        if counter != self._store_counter:
            self._store_counter = counter
            self._follower.refresh_alerts(utc_now())
            self._desk.evaluate()
            if self.workspace is not None:
                self._judge.look_back(self.workspace)
            if self._alert_desk is not None:
                self._alert_desk.look()
            if self._runbook_desk is not None:
                self._runbook_desk.refresh()
            if self._week_desk is not None:
                self._week_desk.refresh()

    def _see_rules(self) -> None:
        """`config.toml` was edited, here, in another console or by hand: judge by what it says now."""
        if self.workspace is None:
            return
        if self._rules_file is None:
            from core.config.rules_file import RulesFile

            self._rules_file = RulesFile(self.workspace.config)
        rules = self._rules_file.news()
        if rules is not None and rules != self.settings.alerts:
            self.use_rules(dict(rules))
            self.mailbox.send(WorkDone("config.toml has other alert rules: they are in force"))
