"""From Vosk's list of hypotheses to words one can trust, or not. Pure.

A hypothesis is what Vosk gives with SetMaxAlternatives and SetWords: `{"text", "confidence", "result":
[{"word", "start", "end"}]}`, best first, `confidence` being a log likelihood. A word's own confidence is its
posterior probability: the weight of all hypotheses that have this word at this time (Wessel et al. 2001,
"Confidence measures for large vocabulary continuous speech recognition"). Over fifty hypotheses this tells
right from wrong as well as Vosk's own word confidence, and one decoding gives the alternatives too.
"""

import math
from collections.abc import Sequence
from typing import Any

from ivr.speech import Heard, Word

HYPOTHESES = 50
UNKNOWN = "[unk]"

_ALTERNATIVES = 4
_LONGEST_WORD_S = 1.5  # nobody speaks so slowly: music and tones are heard as one long, certain word

Hypothesis = dict[str, Any]


def heard(hypotheses: Sequence[Hypothesis], offset_s: float, *, grammar: bool) -> Heard:
    """The final words; `offset_s` is where the decoded sound begins in the stream.

    Free speech is as sure as its words are on average. Within a grammar every word counts (a number with
    one wrong digit is a wrong number), so the least sure one decides, less the share of unknown sound.
    """
    if not hypotheses or not hypotheses[0].get("result"):
        return Heard("", 0.0)
    spoken = _words(hypotheses, offset_s)
    words = tuple(word for word in spoken if word.text != UNKNOWN)
    if not words:
        return Heard("", 0.0)
    confidence = _least(words, spoken) if grammar else sum(word.confidence for word in words) / len(words)
    return Heard(_text(hypotheses[0]), round(confidence, 4), words, _alternatives(hypotheses))


def _words(hypotheses: Sequence[Hypothesis], offset_s: float) -> list[Word]:
    weights = _weights(hypotheses)
    return [
        Word(
            text=word["word"],
            start_s=round(offset_s + word["start"], 3),
            end_s=round(offset_s + word["end"], 3),
            confidence=round(
                sum(weight for weight, other in zip(weights, hypotheses, strict=True) if _has(other, word))
                * min(1.0, _LONGEST_WORD_S / max(0.01, word["end"] - word["start"])),
                4,
            ),
        )
        for word in hypotheses[0]["result"]
    ]


def _weights(hypotheses: Sequence[Hypothesis]) -> list[float]:
    # Relative to the best: the likelihoods themselves are too small for a float.
    best = max(hypothesis["confidence"] for hypothesis in hypotheses)
    likely = [math.exp(hypothesis["confidence"] - best) for hypothesis in hypotheses]
    return [one / sum(likely) for one in likely]


def _has(hypothesis: Hypothesis, word: dict[str, Any]) -> bool:
    return any(
        other["word"] == word["word"] and other["start"] < word["end"] and word["start"] < other["end"]
        for other in hypothesis.get("result", ())
    )


def _least(words: Sequence[Word], spoken: Sequence[Word]) -> float:
    known_s = sum(word.end_s - word.start_s for word in words)
    whole_s = sum(word.end_s - word.start_s for word in spoken)
    return min(word.confidence for word in words) * known_s / max(whole_s, 0.01)


def _text(hypothesis: Hypothesis) -> str:
    return " ".join(word for word in hypothesis["text"].split() if word != UNKNOWN)


def _alternatives(hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    texts = dict.fromkeys(text for hypothesis in hypotheses if (text := _text(hypothesis)))
    return tuple(texts)[1 : 1 + _ALTERNATIVES]
