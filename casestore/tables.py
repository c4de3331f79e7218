"""The tables. Rows stay inside `casestore`, records leave it. Times `*_ms`, milliseconds since the epoch."""

from collections.abc import Callable
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, String, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from casestore.text import storable
from domain.audit import AuditKind
from domain.languages import Language
from domain.users import Role


class StorableText(TypeDecorator[str]):
    """Text of any length; what no database can hold is replaced, in values and in search terms alike."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Called for every text that travels to the database."""
        return None if value is None else storable(value)


class KeptJson(TypeDecorator[Any]):
    """JSON; None where the text kept is not JSON: it must not cost every row that is read with it."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Called once a query. PostgreSQL takes no bad JSON in the first place, SQLite keeps any text."""
        read = super().result_processor(dialect, coltype) or (lambda stored: stored)

        def read_if_possible(stored: Any) -> Any:
            try:
                return read(stored)
            except (TypeError, ValueError):
                return None

        return read_if_possible


Milliseconds = Annotated[int, mapped_column(BigInteger)]
_LIVES = text("outcome IS NULL")
# SQLite counts up by itself only in a column that is exactly an INTEGER.
_SEQ = BigInteger().with_variant(Integer(), "sqlite")
Fields = dict[str, Any]
Texts = list[str]
Words = list[dict[str, Any]]


class Base(DeclarativeBase):
    """What all tables share: how Python types are kept, and how constraints are named."""

    type_annotation_map = {str: StorableText(), Fields: KeptJson(), Texts: KeptJson(), Words: KeptJson()}  # noqa: RUF012
    # Named, or migrations could not name what they change; SQLite gives constraints no names of its own.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class CounterRow(Base):
    """The last number given out, by name; a sequence would leave gaps where a transaction fails."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class ContactRow(Base):
    """A person who may call; NULL stands for no employee number, so that many may have none."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    employee_number: Mapped[str | None] = mapped_column(unique=True)
    extension: Mapped[str] = mapped_column(index=True)
    email: Mapped[str]
    department: Mapped[str]
    site: Mapped[str]
    language: Mapped[str]
    vip: Mapped[bool]
    numbers: Mapped[list["ContactNumberRow"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="ContactNumberRow.id"
    )


class ContactNumberRow(Base):
    """A telephone number of a contact, E.164; several contacts may share one."""

    __tablename__ = "contact_numbers"
    __table_args__ = (UniqueConstraint("contact_id", "e164"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    e164: Mapped[str] = mapped_column(index=True)


class CaseRow(Base):
    """A case as it is now."""

    __tablename__ = "cases"
    __table_args__ = (Index(None, "status", "opened_ms"),)

    number: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    service: Mapped[str]
    category: Mapped[str]
    impact: Mapped[str]
    urgency: Mapped[str]
    priority: Mapped[int]
    language: Mapped[str]
    because: Mapped[Fields]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    contact_name: Mapped[str]
    caller_number: Mapped[str]
    call_id: Mapped[str] = mapped_column(index=True)
    statement: Mapped[str]
    words: Mapped[Words]
    opened_ms: Mapped[Milliseconds]
    changed_ms: Mapped[Milliseconds]


class CaseHistoryRow(Base):
    """One line of a case's history; triggers of the first migration refuse to change or delete it.

    `change_id` is unique: a change that comes a second time, from the spool, is known by it.
    """

    __tablename__ = "case_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    at_ms: Mapped[Milliseconds]
    by: Mapped[str]
    what: Mapped[str]
    changes: Mapped[Fields]
    change_id: Mapped[str | None] = mapped_column(index=True, unique=True)


class ArticleRow(Base):
    """A knowledge-base article in one language."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("key", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    language: Mapped[str]
    title: Mapped[str]
    service: Mapped[str]
    category: Mapped[str]
    body: Mapped[str]
    keywords: Mapped[Texts]
    examples: Mapped[Texts]
    # The desk whose callers it is for; empty: everybody's.
    desk: Mapped[str] = mapped_column(server_default="")


class UserRow(Base):
    """Somebody who logs in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(StorableText())
    language: Mapped[Language] = mapped_column(StorableText())
    password_hash: Mapped[str]


class SessionRow(Base):
    """A login that lasts; only the hash of its token is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str]
    expires_ms: Mapped[Milliseconds] = mapped_column(index=True)


class AuditRow(Base):
    """What somebody of the desk did; triggers refuse to change it, and to delete it while it is young."""

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    at_ms: Mapped[Milliseconds] = mapped_column(index=True)
    actor: Mapped[str]
    kind: Mapped[AuditKind] = mapped_column(StorableText())
    values: Mapped[Fields]


class CallRow(Base):
    """A whole call as JSON, with the columns that are searched.

    `contact_id` and `case_number` are no foreign keys: the record of a call is kept whatever it names.
    """

    __tablename__ = "calls"
    # Of a hundred thousand calls a handful lives: what starts anew looks at those alone.
    __table_args__ = (
        Index("ix_calls_unfinished", "started_ms", sqlite_where=_LIVES, postgresql_where=_LIVES),
    )

    call_id: Mapped[str] = mapped_column(primary_key=True)
    sip_call_id: Mapped[str] = mapped_column(index=True)
    number: Mapped[str] = mapped_column(index=True)
    contact_id: Mapped[int | None] = mapped_column(index=True)
    case_number: Mapped[str | None] = mapped_column(index=True)
    outcome: Mapped[str | None]
    agent: Mapped[str | None]
    started_ms: Mapped[Milliseconds] = mapped_column(index=True)
    call: Mapped[Fields]


class FactRow(Base):
    """Something that happened, as it was first written down; a trigger refuses to change it.

    `seq` is given in the order of commits and never given again, also after the newest rows have gone.
    """

    __tablename__ = "facts"
    __table_args__ = (
        Index(None, "subject", "seq"),
        Index(None, "kind", "received_ms"),  # what is too old, by kind
        # Or SQLite gives the numbers of deleted rows again, and a reader behind them would miss the new ones.
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(_SEQ, primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    stream: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    at_ms: Mapped[Milliseconds]
    received_ms: Mapped[Milliseconds]
    node: Mapped[str]
    body: Mapped[str]


class FactTextRow(Base):
    """What is personal in a fact: words, names and numbers. It can go, and the fact stays as it was."""

    __tablename__ = "fact_texts"
    __table_args__ = (Index(None, "kind", "received_ms"),)  # what is too old, by kind

    # By `seq` and not by `event_id`: nothing is smaller or sooner found.
    seq: Mapped[int] = mapped_column(
        _SEQ, ForeignKey("facts.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    received_ms: Mapped[Milliseconds]
    body: Mapped[str]


class PositionRow(Base):
    """Where a reader of a stream stands, in the stream's own terms."""

    __tablename__ = "positions"

    reader: Mapped[str] = mapped_column(primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[str]
    changed_ms: Mapped[Milliseconds]


class RecordingRow(Base):
    """A file in the folder of recordings; no foreign key, the folder may hold what the database has not."""

    __tablename__ = "recordings"
    __table_args__ = (UniqueConstraint("case_number", "attempt"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[str]
    attempt: Mapped[int]
    file: Mapped[str] = mapped_column(unique=True)
    rate_hz: Mapped[int]
    length_ms: Mapped[int]
    at_ms: Mapped[Milliseconds] = mapped_column(index=True)
    change_id: Mapped[str | None] = mapped_column(unique=True)
