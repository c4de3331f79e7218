"""The report of a call has the documented shape."""

from phone.timeline import STEPS, detail, report

CALL = {
    "call_id": "1.0",
    "number": "+46701740605",
    "contact_name": "Maria Lind",
    "match": "one",
    "language": "en",
    "transcript": "my printer is jammed",
    "confidence": 0.9,
    "case": {
        "number": "C-000001", "title": "My printer is jammed", "service": "printing", "category": "incident",
        "impact": "one", "urgency": "hindered", "priority": 3, "because": {},
    },
    "suggestions": [{"article": "paper-jam", "title": "Paper jam", "score": 0.8, "because": ["jammed"]}],
    "marks": {"answered": 1010, "shown": 9000, "ringing": 9020},
    "offers": [{"shown_ms": None, "ringing_ms": 8000}, {"shown_ms": 9000, "ringing_ms": 9020}],
    "outcome": "answered",
}  # fmt: skip


def test_milliseconds_count_from_the_invite_and_missing_steps_are_null() -> None:
    made = report(CALL, invited_ms=1000)
    assert made["ms"]["answered"] == 10
    assert made["ms"]["connected"] is None
    assert tuple(made["ms"]) == STEPS
    assert made["pop_lead_ms"] == 20


def test_a_call_the_server_never_saw_has_the_same_shape() -> None:
    empty = report({}, invited_ms=1000)
    assert empty.keys() == report(CALL, 1000).keys()
    assert empty["case"] is None
    assert set(empty["ms"].values()) == {None}


def test_every_step_can_be_told_to_a_person() -> None:
    for step in STEPS:
        assert isinstance(detail(step, CALL), str)
        assert isinstance(detail(step, {}), str)
    assert "C-000001 P3" in detail("registered", CALL)
