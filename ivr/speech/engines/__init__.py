"""What makes words of sound: one file an engine (`ivr/speech/engine.py` is their port).

A new engine is a module here with an `ENGINE`, and its name in `MODULES`.
"""

from collections.abc import Sequence
from importlib import import_module

from ivr.speech.engine import Engine

MODULES = ("ivr.speech.engines.vosk",)


def engines_of(modules: Sequence[str] = MODULES) -> dict[str, Engine]:
    """The engines of these modules by their names."""
    engines: list[Engine] = [import_module(module).ENGINE for module in modules]
    return {engine.name: engine for engine in engines}
