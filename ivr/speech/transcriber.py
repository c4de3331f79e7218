"""Whole utterances, made words of one after the other in a thread of their own: nothing else waits for it.

An utterance is *begun* when its speaker pauses and *needed* when the pause was its end. Needed ones go first,
in the order in which they became so; what was begun and is not needed after all is given up.
"""

import threading
from collections import deque
from collections.abc import Callable

from ivr.speech import Failed, Heard
from ivr.speech.engine import Spoken, WholeModel


class Transcription:
    """One utterance on its way to words."""

    def __init__(self, model: WholeModel, spoken: Spoken, tell: Callable[[Heard | Failed], None]) -> None:
        """`tell` gets the words once they are there and needed; it is called in the thread that has them."""
        self.longest_s = model.longest_s(spoken.length_s)
        self.needed = self.given_up = False
        self.result: Heard | Failed | None = None
        self.tell = tell
        self._model, self._spoken = model, spoken

    def run(self) -> Heard | Failed:
        try:
            return self._model.transcribe(self._spoken, lambda: self.given_up)
        except Exception as error:  # whatever the engine throws ends this utterance, not the others
            return Failed(repr(error))


class Transcriber:
    """The thread and what waits for it; every method returns at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._needed: deque[Transcription] = deque()
        self._begun: deque[Transcription] = deque()
        self._running: Transcription | None = None
        self._thread: threading.Thread | None = None

    def begin(self, work: Transcription) -> None:
        with self._changed:
            self._begun.append(work)
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="transcriber", daemon=True)
                self._thread.start()

    def need(self, work: Transcription) -> None:
        """This was its end: its words are told as soon as they are there, which may be now."""
        with self._changed:
            work.needed = True
            if work in self._begun:
                self._begun.remove(work)
                self._needed.append(work)
            result = work.result
        if result:
            work.tell(result)

    def give_up(self, work: Transcription) -> None:
        with self._changed:
            work.given_up = True
            for waiting in (self._begun, self._needed):
                if work in waiting:
                    waiting.remove(work)

    @property
    def busy_s(self) -> float:
        """How long everything that is needed or being worked on may take, at most."""
        with self._changed:
            ahead = [*self._needed, *((self._running,) if self._running else ())]
            return sum((work.longest_s for work in ahead), start=0.0)

    def _run(self) -> None:
        while True:
            work = self._take()
            result = work.run()
            with self._changed:
                self._running = None
                work.result = result
                wanted = work.needed and not work.given_up
            if wanted:
                work.tell(result)

    def _take(self) -> Transcription:
        with self._changed:
            self._changed.wait_for(lambda: self._needed or self._begun)
            self._running = self._needed.popleft() if self._needed else self._begun.popleft()
            return self._running
