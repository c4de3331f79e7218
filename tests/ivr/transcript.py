"""Dialogues as transcripts: what a flow does, line by line, and what it is answered."""

from typing import Any

import pytest

from domain.cases import Case
from domain.contacts import Contact
from ivr.moves import Flow, Statement, Step

MARIA = Contact(id=1, name="Maria Lind", employee_number="4217", language="en", numbers=("+46701740605",))
ANNA = Contact(id=2, name="Anna Berg", employee_number="4218", language="sv", numbers=("+46701740606",))
CASE = Case(number="C-000042", title="The printer does not print", contact_id=1, opened_ms=1)
CLEAR = Statement("the printer is jammed", 0.95, "certain")
DOUBTFUL = Statement("the printer is chanced", 0.8, "doubtful")
MURKY = Statement("a painter is champ", 0.4, "unclear")


class Transcript:
    """Checks a flow against the steps a test expects of it."""

    def __init__(self, flow: Flow[Any]) -> None:
        self._flow = flow
        self._answer: Any = None

    def then(self, step: Step, answer: Any = None) -> "Transcript":
        """The flow does exactly this, and is answered."""
        assert self._flow.send(self._answer) == step
        self._answer = answer
        return self

    def ends(self, result: Any = None) -> None:
        """The flow is over, with this result."""
        with pytest.raises(StopIteration) as end:
            self._flow.send(self._answer)
        assert end.value.value == result

    def fails(self, error: type[Exception]) -> None:
        """The flow gives up."""
        with pytest.raises(error):
            self._flow.send(self._answer)
