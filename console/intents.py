"""What the operator wants, from any screen: each method returns at once, the outcome comes back as a message.

Trap avoided: a screen that writes to the store itself, and waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.keyboard import key_of
from console.messages import WorkDone, WorkFailed
from core.clock import utc_now
from core.errors import UsageError

if TYPE_CHECKING:
    from console.clerk import Clerk
    from console.desk import Desk
    from console.follower import Follower
    from console.judge import Judge
    from console.mailbox import Mailbox
    from console.states import RevalidationState
    from core.alerts.rule import Rule
    from core.config.settings import Settings
    from core.workspace import Workspace


class IntentsMixin:
    """Mixed into `ConsoleSession`."""

    if TYPE_CHECKING:
        workspace: Workspace | None
        settings: Settings
        mailbox: Mailbox
        _clerk: Clerk
        _desk: Desk
        _follower: Follower
        _judge: Judge

        @property
        def revalidation(self) -> RevalidationState: ...

    def acknowledge(self, alert_key: str, note: str) -> None:
        """Acknowledge an alert; a critical one needs a note."""

        def job() -> None:
            self._clerk.require_store()
            self._follower.acknowledge(alert_key, note, utc_now())
            self.mailbox.send(WorkDone("acknowledged"))

        self._clerk.submit(job)

    def refresh_alerts(self) -> None:
        """Show what was silenced or recorded just now (in the clerk's thread)."""
        self._follower.refresh_alerts(utc_now())

    def use_rules(self, rules: dict[str, Rule]) -> None:
        """Judge by the rules as they were saved, from the next look on (in the clerk's thread)."""
        import msgspec

        from core.workspace import Workspace

        self.settings = msgspec.structs.replace(self.settings, alerts=rules)
        if self.workspace is not None:
            self.workspace = Workspace(self.workspace.root, self.settings)
        self._follower.use_rules(rules)

    def tick(self, item_id: str, note: str = "") -> None:
        def job() -> None:
            evidence = self._desk.evidence_of(item_id)
            self._clerk.require_store().tick(item_id, utc_now(), note, evidence)
            self._desk.evaluate()

        self._clerk.submit(job)

    def untick(self, item_id: str, reason: str) -> None:
        def job() -> None:
            self._clerk.require_store().untick(item_id, utc_now(), reason)
            self._desk.evaluate()

        self._clerk.submit(job)

    def override(self, item_id: str, reason: str) -> None:
        """Let an item pass by a person's word; the reason is recorded and shown."""

        def job() -> None:
            self._clerk.require_store().override(item_id, reason, utc_now())
            self._desk.evaluate()
            self.mailbox.send(WorkDone("overridden, with your reason, in the audit log"))

        self._clerk.submit(job)

    def not_applicable(self, item_id: str, reason: str) -> None:
        """A person says that an item does not apply; the reason is recorded and shown."""

        def job() -> None:
            self._clerk.require_store().not_applicable(item_id, reason, utc_now())
            self._desk.evaluate()
            self.mailbox.send(WorkDone("not applicable, with your reason, in the audit log"))

        self._clerk.submit(job)

    def open_checklist(self, key: str) -> None:
        """The list that is looked at, by its key of `console.list_keys`."""
        self._desk.open(key)

    def evaluate_checklists(self) -> None:
        self._clerk.submit(self._desk.look, asked=False)

    def fill_standup(self) -> None:
        self._clerk.submit(self._desk.fill_standup, asked=False)

    def edit_standup(self, **changes: object) -> None:
        """Replace fields of `session.standup.standup`; it is then unconfirmed again."""
        self._desk.edit_standup(**changes)

    def confirm_standup(self) -> None:
        """Store the standup and write its Markdown."""
        self._clerk.submit(self._desk.confirm_standup)

    def can_revalidate(self) -> str | None:
        """None when a revalidation can start, else why not, in words."""
        if self.workspace is None:
            saves = key_of("workspace.save")
            return f"a workspace says which model and which candles: {saves} saves this run as one"
        if self.revalidation.busy:
            return "a revalidation is running already"
        return None

    def start_revalidation(self, override: str = "") -> None:
        """Preparation gates it: where that is BLOCKED it needs a reason, which is recorded."""
        if not self._judge.start(override) and (why := self.can_revalidate()) is not None:
            self.mailbox.send(WorkFailed(UsageError(why)))

    def cancel_revalidation(self) -> None:
        self._judge.cancel()
