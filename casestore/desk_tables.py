"""The tables of desks; rows stay inside `casestore`, records leave it."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from casestore.tables import Base, Fields, StorableText
from domain.desks import ManagedBy


class DeskRow(Base):
    """A whole desk as JSON, with the columns that are searched. `queue` is kept after a removal.

    One that was removed stays until nobody waits there any more: its row has no numbers.
    """

    __tablename__ = "desks"

    key: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]  # the first is the default
    queue: Mapped[str]
    removed: Mapped[bool]
    version: Mapped[int]
    desk: Mapped[Fields]


class DeskNumberRow(Base):
    """A number that reaches a desk; the primary key holds that it reaches one only."""

    __tablename__ = "desk_numbers"

    number: Mapped[str] = mapped_column(primary_key=True)
    desk_key: Mapped[str] = mapped_column(ForeignKey("desks.key"), index=True)


class MembershipRow(Base):
    """An agent serves a queue. No foreign keys: an agent may go, a queue may be named first."""

    __tablename__ = "memberships"

    agent: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)
    penalty: Mapped[int]
    managed_by: Mapped[ManagedBy] = mapped_column(StorableText())
