"""SIP messages as text: read, written, answered (RFC 3261), and digest authentication (RFC 2617)."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
_REPEATED_IN_ANSWER = ("via", "from", "to", "call-id", "cseq")
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,;]+))')


class NotSip(ValueError):
    """The packet is not a SIP message."""


@dataclass(frozen=True)
class SipMessage:
    """A request or a response: its first line, its headers in order (names in lower case), its body."""

    first: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def header(self, name: str) -> str:
        """The first header of that name, empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def is_response(self) -> bool:
        return self.first.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """The status code of a response, 0 of a request."""
        return int(self.first.split()[1]) if self.is_response else 0

    @property
    def method(self) -> str:
        """INVITE, BYE …: of a request, or of what a response answers."""
        return self.header("cseq").split()[-1] if self.is_response else self.first.split()[0]

    @property
    def sequence(self) -> int:
        return int(self.header("cseq").split()[0])

    @property
    def branch(self) -> str:
        """The transaction: the branch of the topmost Via."""
        match = re.search(r"branch=([^;,\s]+)", self.header("via"))
        return match.group(1) if match else ""

    def tag(self, header: str) -> str:
        """The tag of From or To, empty where there is none."""
        match = re.search(r";tag=([^;>\s]+)", self.header(header))
        return match.group(1) if match else ""

    def encode(self) -> bytes:
        body = self.body.encode()
        lines = [self.first, *(f"{name.title()}: {value}" for name, value in self.headers)]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body


def parse(packet: bytes) -> SipMessage:
    """Read a packet. Raises NotSip."""
    # Names may be in any encoding; what cannot be read goes back as it came.
    head, _, body = packet.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            headers.append((_COMPACT.get(name, name), value.strip()))
    message = SipMessage(first, tuple((n, v) for n, v in headers if n != "content-length"), body)
    if "SIP/2.0" not in first or not message.header("cseq") or not message.header("call-id"):
        raise NotSip(first[:80])
    return message


def answer(request: SipMessage, status: str, tag: str, contact: str = "", body: str = "") -> SipMessage:
    """The response to a request; `status` such as "200 OK", `tag` ours, used where To has none."""
    headers = [(name, value) for name, value in request.headers if name in _REPEATED_IN_ANSWER]
    if not request.tag("to"):
        headers = [(n, f"{v};tag={tag}" if n == "to" else v) for n, v in headers]
    if contact:
        headers.append(("contact", contact))
    if body:
        headers.append(("content-type", "application/sdp"))
    return SipMessage(f"SIP/2.0 {status}", tuple(headers), body)


@dataclass
class SipCredentials:
    """A name and password, and how often each challenge was answered with them."""

    username: str
    password: str
    _counts: dict[str, int] = field(default_factory=dict)

    def authorization(self, challenge: str, method: str, uri: str) -> str:
        """The Authorization header for a WWW-Authenticate challenge (MD5, qop=auth)."""
        asked = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(challenge)}
        realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
        count = self._counts[nonce] = self._counts.get(nonce, 0) + 1
        client_nonce, counter = secrets.token_hex(8), f"{count:08x}"
        secret = _md5(f"{self.username}:{realm}:{self.password}")
        response = _md5(f"{secret}:{nonce}:{counter}:{client_nonce}:auth:{_md5(f'{method}:{uri}')}")
        fields = {"username": self.username, "realm": realm, "nonce": nonce, "uri": uri, "response": response}
        if "opaque" in asked:
            fields["opaque"] = asked["opaque"]
        quoted_fields = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return f'Digest {quoted_fields}, algorithm=MD5, qop=auth, nc={counter}, cnonce="{client_nonce}"'


def _md5(text: str) -> str:
    # The algorithm of the protocol, not our choice.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def session_description(host: str, rtp_port: int, payload_type: int, encoding: str) -> str:
    """An SDP offer or answer with one codec and telephone events (payload type 101)."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {rtp_port} RTP/AVP {payload_type} 101\r\na=rtpmap:{payload_type} {encoding}/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )


def media_address(description: str) -> tuple[str, int, tuple[int, ...]]:
    """Host, port and payload types of an SDP's audio. Raises NotSip where there is none."""
    host = re.search(r"^c=IN IP4 (\S+)", description, re.MULTILINE)
    media = re.search(r"^m=audio (\d+) \S+ ([\d ]+)", description, re.MULTILINE)
    if not host or not media:
        raise NotSip("no audio in the session description")
    return host.group(1), int(media.group(1)), tuple(int(number) for number in media.group(2).split())
