"""What is wrong with a desk, in the words of the catalogues: for the settings page and for the file."""

from domain.desk_rules import Fault
from screenpop.server.texts import say


def in_words(fault: Fault, language: str) -> str:
    """The fault as a sentence; the field itself is named by whoever shows it."""
    values = {"desk": fault.desk, "other": fault.other, "value": fault.value}
    return say(language, f"fault_{fault.code}").format(**values)
