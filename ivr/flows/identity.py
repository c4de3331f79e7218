"""Who is calling? By the number, else asked; nobody is ever taken for somebody without certainty. Pure."""

from domain.contacts import Callers, Contact
from ivr.flows.asking import TRIES, Unanswered, again, choose, confirm
from ivr.moves import (
    Answer,
    AskNumber,
    Deaf,
    FindEmployee,
    Flow,
    Identify,
    Number,
    Option,
    Prompt,
    Say,
    Skipped,
)

EMPLOYEE_DIGITS = 4
_MOST_CHOICES = 8  # keys 1–8; 9 is somebody else
_SOMEBODY_ELSE = Option("nobody", "9")


def find_out_who(callers: Callers) -> Flow[Contact | None]:
    """The contact who is calling, greeted by name; None where it does not become clear.

    Raises Unanswered where the caller does not react to a choice.
    """
    contact, how = None, callers.how
    if callers.match == "one":
        contact = callers.contacts[0]
    # More than there are keys: the caller would listen to names for a minute.
    elif callers.match == "several" and len(callers.contacts) <= _MOST_CHOICES:
        contact, how = (yield from _which_of(callers.contacts)), "choice"
    if contact is None:
        contact, how = (yield from _by_employee_number()), "employee_number"
    if contact is None:
        yield Say(Prompt("unknown_is_fine"))
        return None
    yield Identify(contact, how)
    yield Say(Prompt("hello", {"name": contact.name}))
    return contact


def _which_of(contacts: tuple[Contact, ...]) -> Flow[Contact | None]:
    """Several people share the number; a spoken choice is confirmed by the name."""
    options = tuple(Option(str(index), str(index)) for index in range(1, len(contacts) + 1))
    names = (
        Prompt("who_is_calling"),
        *(
            Prompt("who_choice", {"name": contact.name, "key": option.key})
            for contact, option in zip(contacts, options, strict=True)
        ),
        Prompt("who_else", {"key": _SOMEBODY_ELSE.key}),
    )
    chosen = yield from choose("who", names, names, (*options, _SOMEBODY_ELSE))
    if chosen.name == _SOMEBODY_ELSE.name:
        return None
    contact = contacts[int(chosen.name) - 1]
    if chosen.spoken and not (yield from _is_it(contact)):
        return None
    return contact


def _by_employee_number() -> Flow[Contact | None]:
    """By keypad or voice, tried twice; a spoken number counts when the name is confirmed."""
    before: tuple[Prompt, ...] = ()
    question, by_keys = Prompt("employee_number"), False
    for _ in range(TRIES):
        answer: Answer = yield AskNumber("employee_number", (*before, question), EMPLOYEE_DIGITS, by_keys)
        if isinstance(answer, Deaf):
            question, by_keys = Prompt("employee_number_keys"), True
            answer = yield AskNumber("employee_number", (question,), EMPLOYEE_DIGITS, by_keys)
        match answer:
            case Skipped():
                return None
            case Number(digits, spoken):
                found: tuple[Contact, ...] = yield FindEmployee(digits)
                if len(found) == 1 and (not spoken or (yield from _is_it(found[0]))):
                    return found[0]
                before = (Prompt("wrong_number", {"number": digits}) if not found else Prompt("again_sorry"),)
            case _:
                before = (again(answer),)
    return None


def _is_it(contact: Contact) -> Flow[bool]:
    """Whether the caller says they are this person; no answer is a no."""
    try:
        return (yield from confirm("name", Prompt("are_you", {"name": contact.name})))
    except Unanswered:
        return False
