"""The history of a case as it is read: newest first, and of a note its newest text."""

import json
from itertools import count

from casestore import case_history, fact_log
from casestore.db import Store
from domain.facts import Fact

NUMBER = "C-000001"
_ids = count()


def fact(kind: str, subject: str = NUMBER, stream: str = "cases", **fields: object) -> Fact:
    return Fact(
        event_id=f"event{next(_ids)}",
        stream=stream,
        kind=kind,
        subject=subject,
        at_ms=1,
        received_ms=1,
        node="main",
        body=f"{kind} {json.dumps(fields, ensure_ascii=False)}",
    )


def note(note_id: str, text: str) -> Fact:
    return fact("CaseNoted", note=text, note_id=note_id)


def append(store: Store, *facts: Fact) -> list[int]:
    with store.uow() as tx:
        return [seq for seq in fact_log.append(tx, facts) if seq]


def seqs(store: Store, limit: int = 50, before: int | None = None) -> list[int]:
    with store.reading() as tx:
        return [line.seq for line in case_history.lines(tx, NUMBER, limit, before=before)]


def test_lines_are_of_this_case_newest_first(store: Store):
    written = append(
        store,
        fact("CaseRegistered"),
        fact("CaseSolved"),
        fact("CaseSolved", subject="C-000002"),
        fact("CallEnded", subject=NUMBER, stream="asterisk"),
    )
    assert seqs(store) == [written[1], written[0]]
    assert seqs(store, limit=1) == [written[1]]
    assert seqs(store, before=written[1]) == [written[0]]


def test_of_a_note_that_was_saved_again_and_again_the_newest_is_the_line(store: Store):
    written = append(
        store,
        note("anna/1", "The pr"),
        note("bo/1", 'Somebody else\'s, about "note_id": "anna/1"'),
        fact("CaseSolved"),
        note("anna/1", "The printer"),
        note("anna/2", "Another"),
    )
    assert seqs(store) == [written[4], written[3], written[2], written[1]]
    assert seqs(store, before=written[3]) == [written[2], written[1]]


def test_a_case_with_ten_thousand_saves_of_notes_is_a_page_like_any_other(store: Store):
    written = append(store, fact("CaseRegistered"), *(note(f"anna/{n % 100}", "text") for n in range(10_000)))
    assert seqs(store, limit=51) == written[:-52:-1]
    assert seqs(store, limit=60, before=written[-50]) == [*written[-51:-101:-1], written[0]]


def test_one_note_that_was_saved_ten_thousand_times_hides_nothing_before_it(store: Store):
    written = append(store, fact("CaseRegistered"), note("bo/1", "first"))
    saves = append(store, *(note("anna/1", "text") for _ in range(10_000)))
    assert seqs(store) == [saves[-1], written[1], written[0]]
