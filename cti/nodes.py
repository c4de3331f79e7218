"""The Asterisk nodes of an installation: each with its login, and compared with what we know on its own.

What a node lists is true of that node alone: its calls carry its name, and its list ends no other's. An agent
is a member of the queues on every node; callers ring them where their telephone is registered.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from cti import resync
from cti.agent_events import PhoneChanged, PhonesListed
from cti.asterisk.ami import AmiDown, AmiRefused
from cti.asterisk.ami_events import AmiMessage
from cti.questions import Questions, Timer
from cti.queue_members import Sender
from cti.resync import Ask, DeadlinePassed, Resync, ResyncEffect
from domain.agents import PhoneKind, PhoneState

_NEARNESS: tuple[PhoneState, ...] = ("unavailable", "unknown", "idle", "ringing", "in_use")


class Nodes:
    """Compares every node after each of its logins, and tells all of them what agents want."""

    def __init__(
        self, senders: Mapping[str, Sender], timer: Timer, late: Callable[[DeadlinePassed], None]
    ) -> None:
        """`late` is told when a node's answer has had its time."""
        self._senders = dict(senders)
        self._phones: dict[tuple[str, PhoneKind], dict[str, PhoneState]] = {}
        self._listed: dict[str, frozenset[tuple[str, PhoneKind]]] = {}
        self._resyncs = {node: Resync(node=node) for node in senders}
        self._questions = {
            node: Questions(sender, timer, lambda passed, node=node: late(replace(passed, node=node)))  # type: ignore[misc]
            for node, sender in senders.items()
        }

    def compare(self, event: AmiMessage | DeadlinePassed, now_ms: int) -> list[ResyncEffect]:
        """What follows from what a node says; what is to be asked there is asked."""
        known = self._resyncs.get(event.node)
        if known is None:
            return []
        self._resyncs[event.node], effects = resync.step(known, event, now_ms)
        for effect in effects:
            if isinstance(effect, Ask):
                self._questions[event.node].ask(effect)
        return [self._of_all(event.node, effect) for effect in effects if not isinstance(effect, Ask)]

    def _of_all(self, node: str, effect: ResyncEffect) -> ResyncEffect:
        """What is said of telephones, by all nodes together: each is registered at one of them."""
        match effect:
            case PhoneChanged(agent, phone, state):
                said = self._phones.setdefault((agent, phone), {})
                said[node] = state
                return PhoneChanged(agent, phone, max(said.values(), key=_NEARNESS.index))
            case PhonesListed(phones):
                self._listed[node] = phones
                return PhonesListed(frozenset().union(*self._listed.values()))
        return effect

    async def send(self, action: Mapping[str, str]) -> None:
        """Tell every node; raises what went wrong where none has accepted it: AmiRefused before AmiDown."""
        refused: AmiRefused | AmiDown | None = None
        accepted = False
        for sender in self._senders.values():
            try:
                await sender.send(action)
                accepted = True
            except AmiDown as error:
                refused = refused or error
            except AmiRefused as error:
                refused = error
        if refused is not None and not accepted:
            raise refused

    async def close(self) -> None:
        """Ask nothing more."""
        for questions in self._questions.values():
            await questions.close()
