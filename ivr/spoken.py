"""Words → digits and choices, in the language of a catalogue; whatever is not plain means nothing. Pure."""

from collections.abc import Mapping, Sequence

from ivr.moves import Option
from ivr.texts import Catalogue


def phrases(options: Sequence[Option], texts: Catalogue) -> Mapping[str, str]:
    """Phrase → name of the option it means: the catalogue's words for it, else its key as a number."""
    return {
        phrase: option.name
        for option in options
        for phrase in texts.words.get(option.name) or texts.digits[option.key]
    }


def choice_grammar(options: Sequence[Option], texts: Catalogue) -> tuple[str, ...]:
    """What a recogniser should listen for while one of the options is said.

    Words that mean nothing are among them: without them everything would sound like one of the options.
    """
    return (*phrases(options, texts), *texts.words["nothing"])


def number_grammar(texts: Catalogue) -> tuple[str, ...]:
    """What a recogniser should listen for while digits are said."""
    return tuple(word for words in texts.digits.values() for word in words)


def choice(text: str, options: Sequence[Option], texts: Catalogue) -> str | None:
    """The option's name when the words say it and nothing else; "yes no" and "yes maybe" are None."""
    meaning = phrases(options, texts)
    named: set[str] = set()
    words = text.split()
    while words:
        # The longest phrase first: "another person" is not "another" and then something unknown.
        length = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in meaning), 0)
        if not length:
            return None
        named.add(meaning[" ".join(words[:length])])
        words = words[length:]
    return named.pop() if len(named) == 1 else None


def digits(text: str, texts: Catalogue) -> str | None:
    """The digits when the words are digits and nothing else: "four two oh" is 420."""
    meaning = {word: digit for digit, words in texts.digits.items() for word in words}
    read = [meaning.get(word) for word in text.split()]
    return "".join(digit for digit in read if digit) if read and None not in read else None
