"""A stream nobody listens to keeps little, and ends as every other."""

from ivr.speech import Failed, Heard, Partial, Result, SpeechBegan, SpeechStopped
from ivr.speech.pool.stream import RemoteStream


def stream() -> RemoteStream:
    return RemoteStream(lambda kind, body: None)


async def test_of_partial_words_that_wait_only_the_newest_is_kept() -> None:
    heard = stream()
    heard.deliver(SpeechBegan(0.1))
    for count in range(10_000):
        heard.deliver(Partial("my " * count))
    for result in (Partial("my printer"), SpeechStopped(1.0), Heard("my printer", 0.9)):
        heard.deliver(result)
    assert [result async for result in heard] == [
        SpeechBegan(0.1),
        Partial("my printer"),
        SpeechStopped(1.0),
        Heard("my printer", 0.9),
    ]


async def test_a_process_that_says_too_much_fails_its_stream() -> None:
    heard = stream()
    for count in range(10_000):
        heard.deliver(SpeechBegan(count))
        heard.deliver(Partial("my"))
    results: list[Result] = [result async for result in heard]
    assert len(results) < 100
    assert isinstance(results[-1], Failed)
    assert heard.ended


async def test_after_close_the_iteration_ends_for_everybody_who_asks() -> None:
    heard = stream()
    await heard.close()
    heard.deliver(Partial("my"))
    for _ in range(2):
        assert [result async for result in heard] == []
