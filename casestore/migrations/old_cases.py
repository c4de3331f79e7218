"""Cases and their history of version 0002 as facts of version 0003. Frozen: knows no class of the program."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

_VALUES = ("status", "service", "category", "impact", "urgency", "priority", "language", "contact_id")
_TEXTS = ("title", "contact_name", "caller_number", "because")
_NOTHING: Mapping[str, Any] = {
    "status": "open", "service": "", "category": "", "impact": "one", "urgency": "hindered", "priority": 4,
    "language": "", "contact_id": None, "title": "", "contact_name": "", "caller_number": "", "because": {},
}  # fmt: skip
_MACHINES = ("ivr", "demo", "system")
# Titles that were sentences of ours and not what somebody had said.
_UNSAID = (
    "Caller did not say what it is about",
    "Den som ringde sa inte vad det gäller",
    "Den som ringte, sa ikke hva det gjelder",
)
_CHOSEN = ("Chosen by key: ", "Valt med knapp: ", "Valgt med tast: ")
_UNSURE = ("Not understood for certain: ", "Inte säkert uppfattat: ", "Ikke sikkert oppfattet: ")

Row = Mapping[str, Any]


def stored_json(stored: Any) -> Any:
    """PostgreSQL gives JSON read, SQLite its text; None where it is none."""
    if not isinstance(stored, str):
        return stored
    try:
        return json.loads(stored)
    except ValueError:
        return None


def case_of(row: Row) -> dict[str, Any]:
    """The row's columns that stay or become texts, as they are kept from now on."""
    because = stored_json(row["because"])
    return {
        **{name: row[name] for name in (*_VALUES, "contact_name", "caller_number")},
        "title": _title(row["title"]),
        "because": because if isinstance(because, dict) else {},
    }


def events_of(row: Row, lines: Iterable[Row]) -> list[dict[str, Any]]:
    """The history of a case as events, oldest first; folded they make the very case.

    The first registers it; a line of which nothing else is known is kept in its own words.
    """
    events = [_event(row, version, line) for version, line in enumerate(lines, 1)] or [_registered(row)]
    events[0]["texts"]["said"] = [*_unwritten(row, events), *events[0]["texts"].get("said", [])]
    events[0].pop("note", None)
    rest = {name: value for name, value in case_of(row).items() if value != _folded(events)[name]}
    if rest:
        last = _head(row, len(events) + 1, f"imported/{row['number']}/rest", row["changed_ms"], "system")
        events.append({**last, "note": "", **_parts(rest, {})})
    return events


def said_of(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All that was said, in its order."""
    said = [one for event in events for one in event["texts"].get("said", [])]
    return sorted(said, key=lambda one: one["at_ms"])


def set_by_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Which event gave each field its value."""
    return {
        name: {
            "version": event["version"],
            "at_ms": event["at_ms"],
            "by_person": event["actor"] not in _MACHINES,
        }
        for event in events
        for name in (*event["values"], *event["texts"])
    }


def _event(row: Row, version: int, line: Row) -> dict[str, Any]:
    event_id = line["change_id"] or f"imported/{row['number']}/{line['id']}"
    at_ms = row["opened_ms"] if version == 1 else line["at_ms"]
    changes = _changes(line)
    new = {name: change["new"] for name, change in changes.items()}
    old = {name: change["old"] for name, change in changes.items()}
    parts = _parts(new, {} if version == 1 else old)
    if isinstance(new.get("statement"), str) and new["statement"]:
        said = _said(row, f"imported/{row['number']}/{line['id']}", at_ms, new["statement"], new.get("words"))
        parts["texts"]["said"] = [said]
    return {**_head(row, version, event_id, at_ms, line["by"]), "note": line["what"], **parts}


def _registered(row: Row) -> dict[str, Any]:
    """Of a case without any history: as it is."""
    head = _head(row, 1, f"imported/{row['number']}", row["opened_ms"], "system")
    return {**head, **_parts(case_of(row), {})}


def _head(row: Row, version: int, event_id: str, at_ms: int, actor: str) -> dict[str, Any]:
    return {
        "at_ms": at_ms,
        "event_id": event_id,
        "case_number": row["number"],
        "version": version,
        "actor": actor,
        "call_id": row["call_id"] if version == 1 else "",
    }


def _parts(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "values": _given(new, _VALUES),
        "was": _given(old, _VALUES),
        "texts": _given(new, _TEXTS),
        "texts_were": _given(old, _TEXTS),
    }


def _given(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    given = {name: fields[name] for name in names if fields.get(name) is not None}
    if "title" in given:
        given["title"] = _title(given["title"])
    return given


def _title(title: str) -> str:
    if title in _UNSAID or title.startswith(_CHOSEN):
        return ""
    for prefix in _UNSURE:
        title = title.removeprefix(prefix)
    return title


def _unwritten(row: Row, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the description holds and no line of history tells; at last the statement itself."""
    known = {text for one in said_of(events) for text in one["text"].splitlines()}
    texts = [line for line in row["description"].splitlines() if line.strip() and line not in known]
    statement = row["statement"].splitlines()
    if statement and not known.intersection(statement) and not set(statement) <= set(texts):
        texts.append(row["statement"])
    return [
        _said(
            row,
            f"imported/{row['number']}/said/{place}",
            row["opened_ms"],
            text,
            row["words"] if text == row["statement"] else None,
        )
        for place, text in enumerate(texts)
    ]


def _said(row: Row, statement_id: str, at_ms: int, text: str, words: Any) -> dict[str, Any]:
    found = stored_json(words)
    return {
        "statement_id": statement_id,
        "text": text,
        "at_ms": at_ms,
        "call_id": row["call_id"],
        "trust": "certain",
        "confidence": 0.0,
        "words": [word for word in found if _is_word(word)] if isinstance(found, list) else [],
    }


def _is_word(word: Any) -> bool:
    if not isinstance(word, dict) or not isinstance(word.get("text"), str):
        return False
    return all(isinstance(word.get(name), int | float) for name in ("start_s", "end_s", "confidence"))


def _changes(line: Row) -> dict[str, Any]:
    """By field; anything that is no change is left out, the line's own words tell of it."""
    found = stored_json(line["changes"])
    if not isinstance(found, dict):
        return {}
    return {
        name: change
        for name, change in found.items()
        if isinstance(change, dict) and change.keys() == {"old", "new"}
    }


def _folded(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    state = dict(_NOTHING)
    for event in events:
        state |= event["values"] | {n: v for n, v in event["texts"].items() if n != "said"}
    return state
