"""How anything is asked: by voice or key, asked again, then by keys alone. Pure."""

from ivr.moves import Answer, Ask, Chosen, Deaf, Flow, Option, Prompt, Silence

TRIES = 2
YES_NO = (Option("yes", "1"), Option("no", "2"))


class Unanswered(Exception):
    """Nobody has answered, not even by keys: the caller goes to the queue with what is known."""


def choose(
    name: str,
    spoken: tuple[Prompt, ...],
    keyed: tuple[Prompt, ...],
    options: tuple[Option, ...],
    *,
    tries: int = TRIES,
    heard_in: str = "",
) -> Flow[Chosen]:
    """What the caller chooses; `spoken` asks for voice or key, `keyed` for a key. Raises Unanswered."""
    before: tuple[Prompt, ...] = ()
    for _ in range(tries):
        answer: Answer = yield Ask(name, (*before, *spoken), options, heard_in=heard_in)
        if isinstance(answer, Chosen):
            return answer
        # The recogniser is gone or full: asking again would not help.
        if isinstance(answer, Deaf):
            break
        before = (again(answer),)
    return (yield from choose_by_keys(name, (*before, *keyed), options))


def choose_by_keys(name: str, prompts: tuple[Prompt, ...], options: tuple[Option, ...]) -> Flow[Chosen]:
    """What the caller chooses by a key, asked once. Raises Unanswered."""
    answer: Answer = yield Ask(name, prompts, options, by_keys=True)
    if isinstance(answer, Chosen):
        return answer
    raise Unanswered(name)


def confirm(name: str, question: Prompt) -> Flow[bool]:
    """Whether the caller says yes. Raises Unanswered: no answer is not a yes."""
    spoken, keyed = (question, Prompt("yes_or_no")), (question, Prompt("yes_or_no_keys"))
    chosen = yield from choose(name, spoken, keyed, YES_NO)
    return chosen.name == "yes"


def again(answer: Answer) -> Prompt:
    """What is said before a question is asked once more."""
    return Prompt("again_silence" if isinstance(answer, Silence) else "again_unclear")
