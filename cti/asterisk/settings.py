"""What Asterisk needs to know of an installation: its share of the settings and of the secrets."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from domain.desks import MAIN_DESK, Desk
from domain.paths import VarFolder

_FIRST_NAME = "IT"
Port = Annotated[int, Field(ge=1, le=65_535)]


class Trunk(BaseModel):
    """A SIP trunk or telephone exchange that may send callers to us."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    host: str = Field(description="address the calls come from, as IP or network")


class Node(BaseModel):
    """Another Asterisk whose calls we take in; its own AGI and media addresses lead to us."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    host: str = Field(description="its address")
    ami_port: Port = 5038
    ami_secret: str = Field(repr=False, description="of its manager user `svarklar`")


class AsteriskSettings(VarFolder):
    """Addresses, ports and the queue."""

    node: str = Field("main", pattern=r"^[a-z][a-z0-9-]*$", description="name of this Asterisk among several")
    host: str = Field("127.0.0.1", description="address that every server listens on")
    agi_port: Port = Field(4573, description="FastAGI, for Asterisk")
    media_port: Port = Field(9095, description="call audio, for Asterisk")
    ami_port: Port = Field(5038, description="Asterisk Manager")
    asterisk_http_port: Port = Field(8088, description="Asterisk's WebSocket for browser phones")
    sip_port: Port = Field(5060, description="SIP over UDP")
    rtp_start: Port = Field(20000, description="first RTP port")
    rtp_end: Port = Field(20199, description="last RTP port")
    asterisk_prefix: Path | None = Field(
        None,
        description="folder of an unpacked Asterisk; empty: the system's, else asterisk in the var folder",
    )
    nodes: list[Node] = Field(default_factory=list, description="further Asterisks, beside this one")
    support_number: str = Field("100", description="the number of the first desk")
    queue: str = Field("support", description="name of the first desk's queue")
    ring_s: int = Field(15, description="seconds an agent's phone rings before the next is tried")
    trunks: list[Trunk] = Field(default_factory=list, description="who may send calls from elsewhere")

    @property
    def unpacked_asterisk(self) -> Path:
        """Where Asterisk is unpacked on a system that has none."""
        return self.asterisk_prefix or self.asterisk_folder


def settings_desk(settings: AsteriskSettings, **more: Any) -> Desk:
    """The desk that Asterisk's share of the settings describes; `more` are further fields of it."""
    return Desk(
        key=MAIN_DESK,
        name=_FIRST_NAME,
        numbers=(settings.support_number,),
        queue=settings.queue,
        ring_s=settings.ring_s,
        **more,
    )


@dataclass(frozen=True, kw_only=True)
class AsteriskSecrets:
    """The Manager's password, and those of the phones by endpoint."""

    ami: str = field(repr=False)
    sip: dict[str, str] = field(repr=False)
