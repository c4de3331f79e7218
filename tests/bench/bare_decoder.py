"""The peer of our recogniser: Vosk alone in a process of its own, with the loop that its makers show.

`python -m tests.bench.bare_decoder` reads JSON lines on standard input, `{"files": [raw 8 kHz sound …],
"count", "seconds", "whole"}`: so many callers in real time, each with one of the sounds; where `whole` is
true, each is one endless utterance. It prints `{"lag_s", "cpu_s"}`: how far it was behind at worst in the
second half, and the processor time it took.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import vosk

from tests.checkout import ROOT

_MODEL = ROOT / "ivr/speech/models/bundled/vosk-desk-en"
_CHUNK_S, _CHUNK = 0.1, 1600  # bytes
_APART = 7  # chunks: no two callers stop at the same moment


def main() -> None:
    """Answer every line with a measurement."""
    vosk.SetLogLevel(-1)
    model = vosk.Model(str(_MODEL))
    for line in sys.stdin:
        order = json.loads(line)
        sounds = [Path(file).read_bytes() for file in order["files"]]
        print(json.dumps(decode(model, sounds, order)), flush=True)


def decode(model: vosk.Model, sounds: list[bytes], order: dict[str, Any]) -> dict[str, float]:
    """Decode in turns and in time with the clock; the engine itself finds the ends of speech."""
    seconds = order["seconds"]
    ears = [vosk.KaldiRecognizer(model, 8000) for _ in range(order["count"])]
    for ear in ears:
        ear.SetWords(True)
    began_s, cpu_s, lag_s = time.perf_counter(), time.process_time(), 0.0
    for turn in range(int(seconds / _CHUNK_S)):
        due_s = began_s + (turn + 1) * _CHUNK_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        for place, ear in enumerate(ears):
            sound = sounds[place % len(sounds)]
            at = (turn + place * _APART) * _CHUNK % len(sound)
            if ear.AcceptWaveform(sound[at : at + _CHUNK]) and not order["whole"]:
                ear.Result()
            elif turn % 4 == place % 4:  # as often as ours
                ear.PartialResult()
        if turn * _CHUNK_S > seconds / 2:
            lag_s = max(lag_s, time.perf_counter() - due_s - _CHUNK_S)
    return {"lag_s": lag_s, "cpu_s": time.process_time() - cpu_s}


if __name__ == "__main__":
    main()
