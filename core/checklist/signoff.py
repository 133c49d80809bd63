"""Sign-off by phase: who signed what, in which role, with the hash of what was signed.

A signature is an entry of the audit log and nothing else; deployment is a line here, never an action. Traps
avoided: a signature under one decision that is shown under the next one: it names a hash, and is void where
that is not the hash of what stands there now; a decision on another run signed for this one; two who sign at
the same moment, and both are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from core.checklist.build import items_of
from core.clock import iso
from core.errors import UnreadableError, UsageError, no_such
from core.operations.decided import Decided, newest_decision, not_this_runs
from core.telemetry.identity import RUN_FILE, parse_run_info, read_run_file
from core.text import visible
from core.units import counted

if TYPE_CHECKING:
    from core.store.audit import AuditEntry
    from core.store.database import Store
    from core.store.view import Records
    from core.workspace import Workspace

Verdict = Literal["approved", "rejected"]
PHASES = ("pre_training", "daily_monitoring", "revalidation", "cto_decision", "live_deployment")
OF_DECISION = ("revalidation", "cto_decision", "live_deployment")
"""These sign a decision's report."""
KIND = "sign_off"
_LOOKS = 20
"""How often a signature is judged anew because something was recorded meanwhile."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    phase: str
    name: str
    """Who signed."""
    role: str
    operator: str
    """At whose console."""
    at: str
    verdict: Verdict
    note: str
    what: str
    """What was signed: `decision PARTIAL-GO of 2026-02-27T16:00:12Z`."""
    hash: str
    void: str = ""
    """Why it no longer counts; empty: it counts."""


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the sign-off table."""

    phase: str
    title: str
    responsible: str
    """Whose role signs it."""
    status: Literal["signed", "rejected", "open", "not_applicable"]
    signature: Signature | None = None
    """The newest one, a void one too."""
    what: str = ""
    """What a signature given now would sign."""
    hash: str = ""
    problem: str = ""
    """Why it cannot be signed now; empty: it can."""


def sign_off_table(workspace: Workspace, store: Records) -> tuple[Phase, ...]:
    """The five phases as they stand."""
    entries = store.entries()
    decided = newest_decision(workspace, store)
    other = _of_another_run(workspace, decided)
    newest = {entry.subject: entry for entry in entries if entry.kind == KIND}
    titles = {item.argument: item for item in items_of("sign_off", workspace.settings)}
    found: dict[str, Phase] = {}
    for name in PHASES:
        what, digest, problem = _subject(name, entries, decided, other, found)
        signature = _signature(newest[name], digest, entries, other) if name in newest else None
        status: Literal["signed", "rejected", "open", "not_applicable"] = "open"
        if signature is not None and not signature.void:
            status = "signed" if signature.verdict == "approved" else "rejected"
        elif name == "live_deployment" and decided.result is not None and decided.result.decision == "NO-GO":
            status = "not_applicable"
        found[name] = Phase(
            phase=name,
            title=titles[name].text,
            responsible=titles[name].owner,
            status=status,
            signature=signature,
            what=what,
            hash=digest,
            problem=problem,
        )
    return tuple(found.values())


def sign(
    workspace: Workspace,
    store: Store,
    phase: str,
    now: datetime,
    *,
    name: str = "",
    role: str = "",
    verdict: Verdict = "approved",
    note: str = "",
    shown: str = "",
) -> Signature:
    """Sign a phase. `name` and `role` are the operator's own unless given. `shown`: the hash of what the
    signer was shown; another decision that came meanwhile is not signed for it.

    Raises UsageError for an unknown phase, a role that does not sign it, a rejection or an unready preflight
    without a note, nothing to sign, another decision than the one shown, and what is signed already.
    """
    for _ in range(_LOOKS):
        head, _hash = store.audit_head()
        wanted, detail = _judged(workspace, store, phase, name, role, verdict, note, shown)
        entry = store.record_after(head, KIND, wanted, detail, now)
        if entry is not None:
            return _signature(entry, detail["hash"], [])
    raise UnreadableError(
        f"{phase} was not signed: others record into {store.path} all the time", hint="Try again."
    )


def _judged(
    workspace: Workspace,
    store: Store,
    phase: str,
    name: str,
    role: str,
    verdict: Verdict,
    note: str,
    shown: str,
) -> tuple[str, dict[str, str]]:
    """The phase's id and the entry's detail, where the record as it is now lets it be signed. Raises as
    `sign`."""
    table = {each.phase: each for each in sign_off_table(workspace, store)}
    wanted = phase.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted not in table:
        raise no_such("phase", phase, PHASES, "`ppo-console signoff` shows the table.")
    each = table[wanted]
    signer, signs_as = visible(name.strip(), 80) or store.operator.name, visible(role.strip(), 80)
    signs_as, note = signs_as or store.operator.role, visible(note.strip())
    if each.problem:
        raise UsageError(f"{each.title} cannot be signed: {each.problem}")
    if shown and wanted in OF_DECISION and each.hash != shown:
        raise UsageError(
            f"{each.title} was not signed: by now it is about {each.what}", hint="Read it, then sign again."
        )
    if (refused := objection(each, signs_as, verdict, note)) is not None:
        raise refused
    return wanted, {
        "name": signer,
        "role": signs_as,
        "verdict": verdict,
        "what": each.what,
        "hash": each.hash,
        "note": note,
    }


def objection(phase: Phase, role: str, verdict: Verdict, note: str) -> UsageError | None:
    """Why this signature cannot stand under the phase as it is; None where it can.

    `ML Engineer` signs what ML signs.
    """
    if not set(phase.responsible.lower().split()) <= set(role.lower().split()):
        return UsageError(
            f"{phase.title} needs the role {phase.responsible}; got {role or 'none'}",
            hint=f'Sign as who you are: --name "…" --role "{phase.responsible}".',
        )
    if verdict == "rejected" and not note:
        return UsageError("a rejection needs a note; got none", hint="Say why: --note.")
    if "preflight" in phase.what and "READY" not in phase.what and not note:
        return UsageError(f"{phase.what} is signed with a note only; got none", hint="Say why: --note.")
    earlier = phase.signature
    if earlier is None or earlier.void:
        return None
    if earlier.verdict == verdict:
        return UsageError(f"{phase.title} is {verdict} already, by {earlier.name}, {earlier.at}")
    if not note:
        return UsageError(f"{phase.title} is {earlier.verdict} by {earlier.name}: a change needs a note")
    return None


def _subject(
    name: str, entries: Sequence[AuditEntry], decided: Decided, other: str, before: dict[str, Phase]
) -> tuple[str, str, str]:
    """What a signature of this phase signs, its hash, and why it cannot be signed now."""
    if name == "pre_training":
        looks = [entry for entry in entries if entry.kind == "preflight"]
        if not looks:
            return "", "", "no preflight is recorded: ppo-console preflight"
        return f"preflight {looks[-1].subject} of {iso(looks[-1].at)}", looks[-1].hash, ""
    if name == "daily_monitoring":
        if not any(entry.kind == "training_start" for entry in entries):
            return "", "", "no training was started from this workspace"
        count = sum(entry.kind == "standup" for entry in entries)
        last = next(entry for entry in reversed(entries) if entry.kind != KIND)
        return f"audit log up to entry {last.number}, with {counted(count, 'standup')}", last.hash, ""
    result = decided.result
    if result is None or decided.sha256 is None:
        return "", "", decided.problem
    model = " ".join(
        part for part in (result.model.get("role", ""), (result.hashes.model or "")[:12]) if part
    )
    what = f"decision {result.decision_text} of {result.generated_at}" + (f" on {model}" if model else "")
    problem = decided.problem or other
    if name == "live_deployment":
        cto = before["cto_decision"]
        if result.decision == "NO-GO":
            problem = "the decision is NO-GO"
        elif cto.status != "signed":
            problem = problem or "the CTO has not approved this decision"
    return what, decided.sha256, problem


def _of_another_run(workspace: Workspace, decided: Decided) -> str:
    """Why the newest decision is none on the workspace's run; empty where it is, or nothing tells."""
    if decided.result is None or decided.made_at is None:
        return ""
    try:
        run = parse_run_info(read_run_file(workspace.logs / RUN_FILE), workspace.logs)
    except (OSError, UnreadableError):
        return ""
    if run is None:
        return ""
    return not_this_runs(decided.result, decided.made_at, run.id, run.started_at)


def _signature(entry: AuditEntry, digest: str, entries: Sequence[AuditEntry], other: str = "") -> Signature:
    detail = {key: str(value) for key, value in entry.detail.items()}
    failed = {each.subject for each in entries if each.kind == "training_failed"}
    fresh_starts = [
        each
        for each in entries
        if each.kind == "training_start" and each.number > entry.number and not each.detail.get("resume")
        if each.subject not in failed
    ]
    void = ""
    if entry.subject in OF_DECISION:
        if detail.get("hash") != digest:
            void = f"it was given for another report: {detail.get('what', '')}"
        else:
            void = other
    elif len(fresh_starts) > (1 if entry.subject == "pre_training" else 0):
        void = "it was given for an earlier run"
    return Signature(
        phase=entry.subject,
        name=detail.get("name", entry.operator),
        role=detail.get("role", entry.role),
        operator=entry.operator,
        at=iso(entry.at),
        verdict="rejected" if detail.get("verdict") == "rejected" else "approved",
        note=detail.get("note", ""),
        what=detail.get("what", ""),
        hash=detail.get("hash", ""),
        void=void,
    )
