"""Who goes first at the processor; tried in processes of its own, for it cannot be taken back."""

import os
import subprocess
import sys

POLICY = "import os; print(os.sched_getscheduler(0))"
FIRST = f"""
import subprocess, sys
from cti.processes import go_first, ordinary
print(go_first())
for before in ((), ordinary()):
    print(subprocess.check_output([*before, sys.executable, "-c", "{POLICY}"], text=True).strip())
"""


def run(*before: str) -> list[str]:
    return subprocess.check_output([*before, sys.executable, "-c", FIRST], text=True).split()


def test_what_goes_first_takes_its_programs_along_but_for_ordinary_ones() -> None:
    allowed, program, ordinary_program = run()
    assert int(program) == (os.SCHED_RR if allowed == "True" else os.SCHED_OTHER)
    assert int(ordinary_program) == os.SCHED_OTHER


def test_where_the_system_forbids_it_everything_goes_on_as_it_is() -> None:
    as_nobody = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    forbidden = run(*as_nobody, "prlimit", "--rtprio=0")
    assert forbidden == ["False", str(os.SCHED_OTHER), str(os.SCHED_OTHER)]
