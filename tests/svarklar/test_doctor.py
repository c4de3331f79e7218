"""What the doctor says of changes that wait."""

from pathlib import Path

from casestore.outbox import Entry, OutboxFile
from svarklar.cli.doctor import _outbox
from svarklar.settings import Settings


def test_waiting_and_refused_changes_of_cases_are_counted(tmp_path: Path):
    settings = Settings(var=tmp_path)
    assert [(found.state, found.detail) for found in _outbox(settings)] == [("works", "nothing waits")]
    assert not settings.outbox_file.exists()
    outbox = OutboxFile(settings.outbox_file)
    for number in range(3):
        outbox.add(Entry(change_id=str(number), at_ms=1, body="{}"))
    outbox.refuse(1, "there is no case 'C-000404'")
    outbox.close()
    assert [found.detail for found in _outbox(settings)] == [
        "1 changes of cases were refused for good",
        "2 changes of cases wait for the database",
    ]
