"""Killing the process at any moment loses no registered case."""

import os
import random
import signal
import subprocess
import sys

from casestore import cases
from casestore.db import Store
from tests import case_work
from tests.checkout import ROOT

# Imports once, then forks a worker for every line it is sent, and tells when that worker is dead.
# A worker whose reader is gone ends by its next print.
NURSERY = """
import os, sys
from itertools import count
from casestore.db import Store
from domain.case_commands import Note
from tests import case_work

def register_for_ever():
    print(os.getpid(), flush=True)
    store = Store(sys.argv[1])
    for turn in count(1):
        with store.uow() as tx:
            case = case_work.registered(tx, at_ms=turn)
            note = Note(actor="anna", at_ms=turn, note_id="anna/1", text="heard more")
            case_work.carried_out(tx, case.number, note)
        print(case.number, flush=True)

for line in sys.stdin:
    worker = os.fork()
    if worker == 0:
        register_for_ever()
    os.waitpid(worker, 0)
    print("dead", flush=True)
"""
KILLS = 30


def killed_after(nursery: subprocess.Popen[str], commits: int) -> list[str]:
    """What a new worker stated until SIGKILL took it, in the middle of whatever it was doing."""
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write("next\n")
    nursery.stdin.flush()
    worker = int(nursery.stdout.readline())
    stated = [nursery.stdout.readline().strip() for _ in range(commits)]
    os.kill(worker, signal.SIGKILL)
    stated += iter(lambda: nursery.stdout.readline().strip(), "dead")  # type: ignore[union-attr]
    return stated


def test_every_case_stated_before_a_kill_is_in_the_database_afterwards(store: Store, database_url: str):
    chance = random.Random(20)
    command = [sys.executable, "-c", NURSERY, database_url]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        stated = [number for _ in range(KILLS) for number in killed_after(nursery, chance.randrange(1, 9))]
    with store.reading() as tx:
        kept = {case.number for case in cases.open_cases(tx, limit=100_000)}
        assert set(stated) <= kept
        assert len(stated) == len(set(stated)) >= KILLS
        assert sorted(kept) == [f"C-{count:06d}" for count in range(1, len(kept) + 1)]
        assert all(case_work.kinds(tx, number) == ["registered", "noted"] for number in kept)
