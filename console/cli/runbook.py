"""`runbook`: the scenarios with what the console senses, and the escalation paths."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.complete import escalation_names, scenario_names
from console.cli.options import JsonOption, RunOption, WorkspaceOption, workspace_named
from console.cli.output import GOOD, finish, put, put_json, say
from core.clock import iso, utc_now
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.runbook.causes import RankedCause
    from core.runbook.context import Sensed
    from core.runbook.escalation import Guide
    from core.runbook.scenario import Scenario
    from core.store.steps import StepTaken

_MARKS = {"ok": "● ok", "bad": "▲ look here", "unknown": "○ unknown"}


def register(app: typer.Typer) -> None:
    app.command("runbook", short_help="A troubleshooting scenario, with its checks made.")(runbook)


def runbook(
    name: Annotated[
        str | None,
        typer.Argument(metavar="SCENARIO", help="A scenario, or a rule.", autocompletion=scenario_names),
    ] = None,
    workspace: WorkspaceOption = None,
    run: RunOption = None,
    escalate: Annotated[
        str | None,
        typer.Option(
            "--escalate",
            metavar="crash|performance|data",
            help="An escalation path.",
            autocompletion=escalation_names,
        ),
    ] = None,
    take: Annotated[
        str | None, typer.Option("--take", metavar="STEP", help="Record a step, by number or name, as taken.")
    ] = None,
    do: Annotated[
        str | None, typer.Option("--do", metavar="STEP", help="Let the console do a step (stop, back up).")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm --do.")] = False,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Goes with the step into the journal.")
    ] = "",
    no_checks: Annotated[bool, typer.Option("--no-checks", help="Look at nothing, only print.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print a scenario with what the console can check by itself; without a name, list them all."""
    if name is None and escalate is None:
        if take is not None or do is not None:
            raise UsageError(
                "--take and --do need the scenario that the step is of",
                hint="`ppo-console runbook` lists them.",
            )
        _list(as_json)
    from console.alerting import Watcher
    from console.stores import open_store
    from core.runbook.causes import rank_causes
    from core.runbook.context import Context
    from core.runbook.deeds import do_deed
    from core.runbook.escalation import escalation_path, guide
    from core.runbook.record import journal_path, take_step
    from core.runbook.scenario import scenario
    from core.runbook.sense import sense_scenario

    procedure: Any = escalation_path(escalate) if escalate is not None else scenario(str(name))
    now = utc_now()
    opened = workspace_named(workspace, run)
    manager: Any = nullcontext(None) if opened is None else open_store(opened)
    with manager as store, Watcher(opened, run, store, now) as watcher:
        look = watcher.look(now, data=False)
        own = opened is not None and (run is None or run.resolve() == opened.logs.resolve())
        context = Context(opened if own else None, watcher.settings, look.run, look.health, now, look.alerts)
        occasion = next(
            (each.key for each in look.alerts if each.firing and each.runbook == procedure.id), ""
        )
        if take is not None or do is not None:
            if store is None or opened is None:
                raise UsageError("a step can be recorded only in a workspace", hint="ppo-console init")
            step = procedure.step(take if take is not None else do)
            if do is not None:
                if step.deed is None:
                    raise UsageError(f"step {step.id} is done by a person; record it with --take {step.id}")
                done = do_deed(
                    step.deed,
                    opened,
                    store,
                    look.run.info.id,
                    now,
                    confirmed=yes,
                    procedure=procedure.id,
                    step=step,
                    occasion=occasion,
                    note=note,
                )
                put(done.text)
            else:
                journal = journal_path(opened, look.run)
                taken = take_step(
                    store, look.run, procedure.id, step, now, journal=journal, note=note, occasion=occasion
                )
                put(taken.line or f"{procedure.id} {step.id} recorded")
            finish(GOOD)
        steps = store.steps_taken(look.run.info.id) if store is not None else []
        if escalate is not None:
            _put_guide(guide(escalate, context, steps, look=not no_checks), as_json)
        sensed = {} if no_checks else sense_scenario(procedure, context)
        causes = rank_causes(procedure, context, sensed)
    if as_json:
        put_json(_scenario_plain(procedure, sensed, causes, steps), now)
    else:
        put(_scenario_text(procedure, sensed, causes, steps))
    finish(GOOD)


def _list(as_json: bool) -> None:
    from core.runbook.escalation import PATHS
    from core.runbook.scenario import scenarios

    if as_json:
        listed = [
            {"id": each.id, "title": each.title, "source": each.source, "rules": each.rules}
            for each in scenarios().values()
        ]
        put_json({"scenarios": listed, "escalations": list(PATHS)}, utc_now())
        finish(GOOD)
    for each in scenarios().values():
        put(f"{each.id:<22} {each.title:<38} {each.source}")
    put("")
    for path in PATHS.values():
        put(f"{f'--escalate {path.id}':<23}{path.title:<58} {' → '.join(path.people)}")
    finish(GOOD)


def _scenario_text(
    scenario: Scenario,
    sensed: Mapping[str, Sensed],
    causes: Sequence[RankedCause],
    taken: Sequence[StepTaken],
) -> str:
    lines = [f"{scenario.title}  ({scenario.id}; {scenario.source})"]
    if scenario.note:
        lines.append(f"! {scenario.note}")
    lines += [
        "",
        "Symptoms",
        *(f"  - {each}" for each in scenario.symptoms),
        "",
        "Causes, the likeliest first",
    ]
    for number, each in enumerate(causes, 1):
        lines.append(f"  {number:>2}. {each.cause.text}")
        lines += [f"      {why}" for why in each.evidence]
    lines += ["", "Steps"]
    done = {each.step: each for each in taken if each.procedure == scenario.id}
    for number, step in enumerate(scenario.steps, 1):
        mark = "✓" if step.id in done else " "
        lines.append(f" {mark}{number:>2}. {step.text}  [{step.id}]")
        if step.id in sensed:
            found = sensed[step.id]
            lines.append(f"      {_MARKS[found.state]}: {found.text}")
            lines += [f"        {line}" for line in found.lines]
        if step.command:
            lines.append(f"      $ {step.command}")
        if step.deed is not None:
            lines.append(f"      ppo-console runbook {scenario.id} --do {step.id} --yes")
        if step.id in done:
            lines.append(f"      taken {iso(done[step.id].at)} by {done[step.id].operator}")
    if scenario.escalation:
        lines += ["", f"Escalate: ppo-console runbook --escalate {scenario.escalation}"]
    return "\n".join(lines)


def _scenario_plain(
    scenario: Scenario,
    sensed: Mapping[str, Sensed],
    causes: Sequence[RankedCause],
    taken: Sequence[StepTaken],
) -> dict[str, Any]:
    done = {each.step: each for each in taken if each.procedure == scenario.id}
    return {
        "id": scenario.id,
        "title": scenario.title,
        "source": scenario.source,
        "note": scenario.note,
        "symptoms": scenario.symptoms,
        "causes": [
            {"id": each.cause.id, "text": each.cause.text, "score": each.score, "evidence": each.evidence}
            for each in causes
        ],
        "steps": [
            {
                "id": step.id,
                "text": step.text,
                "command": step.command,
                "deed": step.deed,
                "sensed": _sensed_plain(sensed.get(step.id)),
                "taken": _taken_plain(done.get(step.id)),
            }
            for step in scenario.steps
        ],
        "escalation": scenario.escalation or None,
        "rules": scenario.rules,
    }


def _put_guide(guide: Guide, as_json: bool) -> None:
    path = guide.path
    if as_json:
        steps = [
            {
                "id": each.step.id,
                "text": each.step.text,
                "deed": each.step.deed,
                "sensed": _sensed_plain(each.sensed),
                "taken": _taken_plain(each.taken),
            }
            for each in guide.steps
        ]
        put_json(
            {
                "id": path.id,
                "title": path.title,
                "people": path.people,
                "steps": steps,
                "message": guide.message,
            },
            utc_now(),
        )
        finish(GOOD)
    put(f"{path.title}\n{' → '.join(path.people)}\n")
    for number, each in enumerate(guide.steps, 1):
        put(f" {'✓' if each.taken else ' '}{number:>2}. {each.step.text}  [{each.step.id}]")
        if each.sensed is not None:
            put(f"      {_MARKS[each.sensed.state]}: {each.sensed.text}")
        if each.taken is not None:
            put(f"      taken {iso(each.taken.at)} by {each.taken.operator}")
    put("")
    put(guide.message)
    if (following := guide.next_step) is not None:
        say(f"next: ppo-console runbook --escalate {path.id} --take {following.id}")
    finish(GOOD)


def _sensed_plain(sensed: Sensed | None) -> dict[str, Any] | None:
    return None if sensed is None else {"state": sensed.state, "text": sensed.text, "lines": sensed.lines}


def _taken_plain(taken: StepTaken | None) -> dict[str, Any] | None:
    if taken is None:
        return None
    return {"at": iso(taken.at), "operator": taken.operator, "note": taken.note}
