"""What becomes of a case when a statement is heard again, better: the case follows what was said."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from casework.case import with_said
from casework.port import CaseUnit
from casework.said import Said as Told
from domain.case_commands import CaseCommand, Classify, Hear
from domain.cases import Case, Judgement, Said, Trust
from domain.dialogue import StatementHeard

log = structlog.get_logger()

IVR = "ivr"
TRUSTED: tuple[Trust, ...] = ("certain", "confirmed")
"""What a case is judged by."""

Judge = Callable[[Told, str, str], Awaitable[Judgement]]
"""What was said, in which language, at which desk."""


async def heard_better(
    statement: StatementHeard, trust: Trust | None, case: Case | None, judge: Judge, now_ms: int
) -> CaseUnit:
    """The words, and where the case is this call's own, what all trusted ones together decide.

    `case` is None where it is still in the outbox: the unit then finds it by its call.
    """
    known = _known(case, statement.statement_id)
    said = Said(
        statement_id=statement.statement_id,
        text=statement.text,
        at_ms=known.at_ms if known else statement.at_ms,
        call_id=statement.call_id,
        trust=trust or (known.trust if known else "unclear"),
        confidence=statement.confidence,
        words=statement.words,
    )
    change_id, call_id = statement.event_id, statement.call_id
    hear = Hear(
        change_id=f"{change_id}/heard", actor=IVR, at_ms=now_ms, call_id=call_id, yields=True, said=said
    )
    commands: tuple[CaseCommand, ...] = (hear,)
    if case and case.call_id == call_id and (judgement := await _judged(case, said, judge)):
        judged = classify(judgement, at_ms=now_ms, call_id=call_id)
        commands += (replace(judged, change_id=f"{change_id}/judged"),)
    return CaseUnit(change_id=change_id, number=case.number if case else "", commands=commands)


def classify(judgement: Judgement, *, at_ms: int, call_id: str) -> Classify:
    """What words decide, as a command that yields to whoever knows better."""
    return Classify(actor=IVR, at_ms=at_ms, call_id=call_id, yields=True, **vars(judgement))


def _known(case: Case | None, statement_id: str) -> Said | None:
    return next((one for one in case.said if one.statement_id == statement_id), None) if case else None


async def _judged(case: Case, said: Said, judge: Judge) -> Judgement | None:
    """Of all that may be trusted, with what was heard better in its place; None where that is nothing."""
    trusted = [one for one in with_said(case.said, said) if one.trust in TRUSTED]
    if said not in trusted:
        return None
    try:
        earlier = tuple(one.text for one in trusted[:-1])
        return await judge(Told(trusted[-1].text, earlier=earlier), case.language, case.desk)
    except Exception:
        log.exception("judgement_failed", case=case.number)  # the words are what counts
        return None
