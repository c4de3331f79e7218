"""SIP messages survive the wire, and hostile ones are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.messages import (
    NotSip,
    SipCredentials,
    SipMessage,
    answer,
    media_address,
    parse,
    session_description,
)

INVITE = SipMessage(
    "INVITE sip:100@127.0.0.1 SIP/2.0",
    (
        ("via", "SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bKa;rport"),
        ("from", '"Åsa" <sip:+46701740606@127.0.0.1>;tag=f1'),
        ("to", "<sip:100@127.0.0.1>"),
        ("call-id", "c1"),
        ("cseq", "7 INVITE"),
    ),
    session_description("127.0.0.1", 4000, 0, "PCMU"),
)


def test_a_message_survives_the_wire() -> None:
    assert parse(INVITE.encode()) == INVITE


def test_a_request_tells_its_method_sequence_branch_and_tags() -> None:
    assert (INVITE.method, INVITE.sequence, INVITE.branch) == ("INVITE", 7, "z9hG4bKa")
    assert (INVITE.tag("from"), INVITE.tag("to")) == ("f1", "")


def test_an_answer_repeats_what_identifies_the_request_and_adds_our_tag() -> None:
    response = parse(answer(INVITE, "180 Ringing", "ours").encode())
    assert response.is_response
    assert (response.status, response.method, response.branch) == (180, "INVITE", "z9hG4bKa")
    assert response.tag("to") == "ours"


def test_compact_header_names_are_understood() -> None:
    packet = b"BYE sip:x SIP/2.0\r\ni: c9\r\nf: <sip:a>;tag=1\r\nCSeq: 2 BYE\r\n\r\n"
    assert parse(packet).header("call-id") == "c9"


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_not_crashed_on(packet: bytes) -> None:
    with pytest.raises(NotSip):
        parse(packet)


def test_the_audio_of_a_description_is_found() -> None:
    assert media_address(INVITE.body) == ("127.0.0.1", 4000, (0, 101))


def test_a_description_without_audio_is_refused() -> None:
    with pytest.raises(NotSip):
        media_address("v=0\r\nc=IN IP4 127.0.0.1\r\n")


def test_digest_answers_count_up_for_one_challenge() -> None:
    credentials = SipCredentials("anna-phone", "secret")
    challenge = 'Digest realm="svarklar", nonce="n1", opaque="o", algorithm=MD5, qop="auth"'
    first, second = (credentials.authorization(challenge, "REGISTER", "sip:h") for _ in range(2))
    assert "nc=00000001" in first
    assert "nc=00000002" in second
    assert 'opaque="o"' in first
    assert "secret" not in first
