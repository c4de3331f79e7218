"""Messages between the pool and its processes survive any way a socket cuts them."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.speech import Failed, Heard, Partial, Result, SpeechBegan, SpeechStopped, Word
from ivr.speech.pool.framing import Kind, Message, Unpacker, pack, pack_result, unpack_result

messages = st.lists(
    st.builds(Message, st.sampled_from(Kind), st.integers(0, 2**32 - 1), st.binary(max_size=50)), max_size=10
)
seconds = st.floats(0, 1000)
words = st.builds(Word, st.text(), seconds, seconds, st.floats(0, 1))
results = st.one_of(
    st.builds(SpeechBegan, seconds),
    st.builds(Partial, st.text()),
    st.builds(SpeechStopped, seconds, seconds),
    st.builds(Heard, st.text(), st.floats(0, 1), st.lists(words).map(tuple), st.lists(st.text()).map(tuple)),
    st.builds(Failed, st.text()),
)


@given(messages, st.integers(1, 40))
def test_messages_come_out_as_they_went_in_however_they_are_cut(sent: list[Message], size: int) -> None:
    data = b"".join(pack(*message) for message in sent)
    unpacker = Unpacker()
    received = [
        message for at in range(0, len(data), size) for message in unpacker.feed(data[at : at + size])
    ]
    assert received == sent


@given(st.integers(1, 1000), results)
def test_results_come_out_as_they_went_in(stream: int, result: Result) -> None:
    (message,) = Unpacker().feed(pack_result(stream, result))
    assert message.stream == stream
    assert unpack_result(message) == result
