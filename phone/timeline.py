"""The timeline of one call, as `svarklar call` prints it: milliseconds from the first INVITE."""

from collections.abc import Mapping
from typing import Any

STEPS = (
    "answered", "listening", "speech_end", "heard", "registered", "queued",
    "offered", "shown", "ringing", "connected", "ended",
)  # fmt: skip
_CASE = ("number", "title", "service", "category", "impact", "urgency", "priority")


def report(call: Mapping[str, Any], invited_ms: int) -> dict[str, Any]:
    """What happened in the call, as the documented JSON; a step that did not happen is null.

    `call` is `domain.calls.Call` as JSON, empty where the server never saw the call.
    """
    marks = call.get("marks") or {}
    ms = {step: marks[step] - invited_ms if step in marks else None for step in STEPS}
    case = call.get("case")
    return {
        "call": call.get("call_id", ""),
        "caller": {
            "number": call.get("number", ""),
            "contact": call.get("contact_name") or None,
            "match": call.get("match", "none"),
        },
        "language": call.get("language", ""),
        "transcript": call.get("transcript", ""),
        "confidence": call.get("confidence"),
        "case": {key: case[key] for key in _CASE} if case else None,
        "suggestions": [
            {key: suggestion[key] for key in ("article", "title", "score", "because")}
            for suggestion in call.get("suggestions") or ()
        ],
        "ms": ms,
        "pop_lead_ms": _pop_lead_ms(call),
        "outcome": call.get("outcome"),
    }


def _pop_lead_ms(call: Mapping[str, Any]) -> int | None:
    """How long the screen was ready before the phone rang, at the agent whose phone rang last."""
    # Of one offer, never of marks: after a missed first offer `shown` may be later than `ringing`.
    for offer in reversed(call.get("offers") or ()):
        if offer["ringing_ms"] is not None:
            return None if offer["shown_ms"] is None else int(offer["ringing_ms"] - offer["shown_ms"])
    return None


def detail(step: str, call: Mapping[str, Any]) -> str:
    """What a person wants to know beside a step of the timeline."""
    case = call.get("case") or {}
    details = {
        "answered": f"{call.get('number') or 'number withheld'} {call.get('contact_name', '')}",
        "heard": f"“{call.get('transcript', '')}” ({(call.get('confidence') or 0):.2f})",
        "registered": "{number} P{priority} {service}: {title}".format_map(case) if case else "",
        "offered": f"agent {call.get('agent') or ''}",
        "shown": ", ".join(suggestion["article"] for suggestion in call.get("suggestions") or ()),
        "ended": str(call.get("outcome") or ""),
    }
    return details.get(step, "").strip()
