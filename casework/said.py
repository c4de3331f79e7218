"""What was said of a case, as it is judged and searched.  Pure."""

from dataclasses import dataclass

_ALTERNATIVE = 0.5  # how much the recogniser's other guesses count beside the best
_EARLIER = 0.4  # how much earlier words count beside the newest
_MOST_CHARACTERS = 5_000  # of a text: three minutes of fast talk have fewer

Weighted = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Said:
    """The newest words, the recogniser's next best guesses at them, and what was said before."""

    text: str
    alternatives: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()

    def weighted(self) -> Weighted:
        """Each text with its weight, the newest words first: what articles are ranked by."""
        others = ((guess, _ALTERNATIVE) for guess in self.alternatives)
        before = ((text, _EARLIER) for text in self.earlier if text != self.text)
        return tuple(
            (text[:_MOST_CHARACTERS], weight) for text, weight in ((self.text, 1.0), *others, *before)
        )
