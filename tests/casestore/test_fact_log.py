"""The fact log: each fact once, in one order, never changed; and where its readers stand."""

import threading
from collections.abc import Iterable
from dataclasses import replace

import pytest
from plans import plan
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from casestore import fact_log, positions
from casestore.db import Store
from domain.facts import Fact, StoredFact


def fact(number: int, **changes: object) -> Fact:
    known = Fact(
        event_id=f"e{number}",
        stream="calls",
        kind="CallQueued",
        subject="1763000000.1",
        at_ms=1_763_000_000_000 + number,
        received_ms=1_763_000_000_005 + number,
        node="pbx",
        body=f'{{"kind": "CallQueued", "position": {number}, "queue": "Skånes köer"}}',
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def append(store: Store, *facts: Fact) -> tuple[int | None, ...]:
    with store.uow() as tx:
        return fact_log.append(tx, facts)


def read(store: Store, after: int = 0, limit: int = 100_000, **narrowed: object) -> tuple[StoredFact, ...]:
    with store.reading() as tx:
        return fact_log.read(tx, after, limit, **narrowed)  # type: ignore[arg-type]


def ids(facts: Iterable[Fact]) -> list[str]:
    return [fact.event_id for fact in facts]


def test_a_fact_comes_back_as_it_was_written(store: Store):
    [seq] = append(store, fact(1))
    [kept] = read(store)
    assert kept == StoredFact(**vars(fact(1)), seq=seq)


def test_facts_are_numbered_in_the_order_in_which_they_are_given(store: Store):
    given = [fact(number) for number in range(2500)]
    seqs = append(store, *given)
    assert list(seqs) == sorted(set(seqs))
    assert ids(read(store)) == ids(given)


def test_a_fact_that_is_there_already_is_ignored_and_the_others_are_written(store: Store):
    [first] = append(store, fact(1))
    again, new, twice = append(store, fact(1, body="another"), fact(2), fact(2, body="another"))
    assert (again, twice) == (None, None)
    assert new > first
    assert [kept.body for kept in read(store)] == [fact(1).body, fact(2).body]


def test_nothing_to_write_writes_nothing(store: Store):
    assert append(store) == ()
    assert read(store) == ()


def test_a_reader_goes_on_after_the_last_it_has_seen(store: Store):
    seqs = append(store, *(fact(number) for number in range(5)))
    assert ids(read(store, after=0, limit=2)) == ["e0", "e1"]
    assert ids(read(store, after=seqs[1], limit=2)) == ["e2", "e3"]
    assert read(store, after=seqs[-1]) == ()


def test_facts_are_found_by_stream_kind_and_subject(store: Store):
    append(
        store,
        fact(1),
        fact(2, kind="CallEnded"),
        fact(3, subject="1763000000.2"),
        fact(4, stream="cases", kind="CaseNoted", subject="C-000001"),
    )
    assert ids(read(store, stream="cases")) == ["e4"]
    assert ids(read(store, kinds=("CallEnded", "CaseNoted"))) == ["e2", "e4"]
    assert ids(read(store, subject="1763000000.1")) == ["e1", "e2"]
    assert ids(read(store, stream="calls", kinds=["CallQueued"], subject="1763000000.2")) == ["e3"]


def test_a_subject_and_what_is_too_old_are_found_by_an_index(store: Store):
    append(
        store,
        *(
            fact(number, subject=f"17.{number % 500}", kind=f"K{number % 99}", personal="{}")
            for number in range(5000)
        ),
    )
    with store.uow() as tx:
        assert "ix_facts_subject_seq" in plan(tx, lambda: fact_log.read(tx, 100, 9, subject="17.7"))
        assert "ix_facts_kind_received_ms" in plan(tx, lambda: fact_log.expire(tx, "K7", 0))
        assert "ix_fact_texts_kind_received_ms" in plan(tx, lambda: fact_log.expire_texts(tx, "K7", 0))
        assert "ix_facts_subject_seq" in plan(tx, lambda: fact_log.erase_texts(tx, ["17.7"]))


def test_the_newest_is_the_last_number_given(store: Store):
    with store.reading() as tx:
        assert fact_log.newest(tx) == 0
    seqs = append(store, fact(1), fact(2))
    with store.reading() as tx:
        assert fact_log.newest(tx) == seqs[-1]


def test_what_is_personal_comes_back_with_its_fact(store: Store):
    append(store, fact(1, personal='{"name": "Åsa"}'), fact(2), fact(3, personal='{"name": "Bo"}'))
    assert [kept.personal for kept in read(store)] == ['{"name": "Åsa"}', "", '{"name": "Bo"}']


def test_what_was_erased_does_not_come_back_with_a_fact_that_comes_again(store: Store):
    append(store, fact(1, personal='{"name": "Åsa"}'), fact(1, personal='{"name": "twice"}'))
    with store.uow() as tx:
        assert fact_log.erase_texts(tx, [fact(1).subject]) == 1
    append(store, fact(1, personal='{"name": "Åsa"}'))
    assert [kept.personal for kept in read(store)] == [""]


def test_only_what_is_personal_about_these_subjects_is_erased(store: Store):
    append(store, *(fact(number, subject=f"1.{number}", personal="{}") for number in range(1200)))
    with store.uow() as tx:
        assert fact_log.erase_texts(tx, [f"1.{number}" for number in range(1, 1199)] + ["9.9"]) == 1198
    assert [(kept.event_id, kept.personal) for kept in read(store) if kept.personal] == [
        ("e0", "{}"),
        ("e1199", "{}"),
    ]
    assert len(read(store)) == 1200


def test_what_is_personal_expires_by_kind_and_the_facts_stay(store: Store):
    append(store, *(fact(number, received_ms=number, personal="{}") for number in range(6)))
    append(store, fact(99, kind="CallEnded", received_ms=0, personal="{}"))
    with store.uow() as tx:
        assert fact_log.expire_texts(tx, "CallQueued", 5, limit=4) == 4
        assert fact_log.expire_texts(tx, "CallQueued", 5, limit=4) == 1
    assert [kept.event_id for kept in read(store) if kept.personal] == ["e5", "e99"]
    assert len(read(store)) == 7


def test_a_fact_that_expires_takes_what_is_personal_with_it(store: Store):
    append(store, fact(1, received_ms=1, personal='{"name": "Åsa"}'))
    with store.uow() as tx:
        assert fact_log.expire(tx, "CallQueued", 2) == 1
        assert tx.scalar(text("SELECT count(*) FROM fact_texts")) == 0


@pytest.mark.parametrize("hostile", ["\x00", "\ud800", "x" * 100_000, "'; DROP TABLE facts; --"])
def test_hostile_text_is_kept_and_found(store: Store, hostile: str):
    [seq] = append(store, fact(1, event_id=hostile[:100], subject=hostile, node=hostile[:100], body=hostile))
    assert append(store, fact(1, event_id=hostile[:100], subject=hostile)) == (None,)
    assert [kept.seq for kept in read(store, subject=hostile)] == [seq]


def test_a_rolled_back_fact_is_not_there_and_may_come_again(store: Store):
    def append_and_fail() -> None:
        with store.uow() as tx:
            fact_log.append(tx, [fact(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    assert read(store) == ()
    assert append(store, fact(1)) != (None,)


def test_the_database_itself_refuses_to_change_a_fact(store: Store):
    append(store, fact(1))
    with pytest.raises(DatabaseError, match="append-only"), store.uow() as tx:
        tx.execute(text("UPDATE facts SET body = '{}'"))
    assert [kept.body for kept in read(store)] == [fact(1).body]


def test_old_facts_of_a_kind_expire_in_batches_the_oldest_first(store: Store):
    append(store, *(fact(number, received_ms=number) for number in range(10)))
    append(store, fact(99, kind="CallEnded", received_ms=0))
    with store.uow() as tx:
        assert fact_log.expire(tx, "CallQueued", 7, limit=5) == 5
    assert ids(read(store)) == ["e5", "e6", "e7", "e8", "e9", "e99"]
    with store.uow() as tx:
        assert fact_log.expire(tx, "CallQueued", 7, limit=5) == 2
        assert fact_log.expire(tx, "CallQueued", 7, limit=5) == 0
    assert ids(read(store)) == ["e7", "e8", "e9", "e99"]


def test_a_number_is_never_given_again(store: Store):
    seqs = append(store, fact(1), fact(2))
    with store.uow() as tx:
        assert fact_log.expire(tx, "CallQueued", 2_000_000_000_000) == 2
    [new] = append(store, fact(3))
    assert new > max(seqs)


def test_who_has_read_up_to_a_number_has_missed_nothing_below_it(store: Store, database_url: str):
    """Four writers commit at the same time, now and then late, while a reader follows."""
    store = Store(database_url, busy_timeout_ms=60_000)  # a busy machine makes them wait long for each other
    seen: list[str] = []
    done = threading.Event()

    def write(writer: int) -> None:
        for turn in range(25):
            with store.uow() as tx:
                fact_log.append(tx, [fact(0, event_id=f"{writer}-{turn}-{part}") for part in range(3)])
                done.wait(0.001 * (turn % 3))

    def follow() -> None:
        after = 0
        while True:
            last_look = done.is_set()
            for kept in read(store, after):
                seen.append(kept.event_id)
                after = kept.seq
            if last_look:
                return

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert len(seen) == 4 * 25 * 3
    assert seen == ids(read(store))


def test_a_reader_that_has_never_begun_stands_nowhere(store: Store):
    with store.reading() as tx:
        assert positions.get(tx, "saver", "calls") is None


def test_a_position_is_kept_by_reader_and_stream_and_the_last_word_counts(store: Store):
    with store.uow() as tx:
        positions.put(tx, "saver", "calls", "17", now_ms=1)
        positions.put(tx, "saver", "cases", "5-0", now_ms=1)
        positions.put(tx, "figures", "calls", "3", now_ms=1)
    with store.uow() as tx:
        positions.put(tx, "saver", "calls", "18", now_ms=2)
        assert positions.get(tx, "saver", "calls") == "18"
    with store.reading() as tx:
        assert positions.get(tx, "saver", "calls") == "18"
        assert positions.get(tx, "saver", "cases") == "5-0"
        assert positions.get(tx, "figures", "calls") == "3"


def test_a_position_goes_back_with_the_work_that_it_stands_for(store: Store):
    def work_and_fail() -> None:
        with store.uow() as tx:
            fact_log.append(tx, [fact(1)])
            positions.put(tx, "saver", "calls", "1", now_ms=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work_and_fail()
    with store.reading() as tx:
        assert positions.get(tx, "saver", "calls") is None
