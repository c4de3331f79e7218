"""URLs of the servers that an installation may have: which are known, and how a password gets into them."""

from urllib.parse import quote, urlsplit

_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_BUSES = ("redis", "rediss", "unix")


def checked_database_url(url: str) -> str:
    """The URL; ValueError where the case store cannot use it. Empty is allowed, and SQLite."""
    parts = urlsplit(url)
    if url and parts.scheme not in _DATABASES:
        raise ValueError("begins with postgresql:// or sqlite:///")
    if parts.scheme == "sqlite" and parts.path in ("", "/", "/:memory:"):
        raise ValueError("needs a file: sqlite:///PATH")
    return url


def checked_bus_url(url: str) -> str:
    """The URL; ValueError where no bus speaks it. Empty is allowed: the bus in memory."""
    if url and urlsplit(url).scheme not in _BUSES:
        raise ValueError("begins with redis://, rediss:// or unix://")
    return url


def with_driver(url: str) -> str:
    """A plain postgresql:// asks for the one driver that is installed, not for SQLAlchemy's own choice."""
    scheme, colon, rest = url.partition(":")
    return f"postgresql+psycopg{colon}{rest}" if scheme == "postgresql" else url


def with_password(url: str, password: str) -> str:
    """The URL with this password, unless it has one itself or is SQLite's, which knows none."""
    parts = urlsplit(url)
    if not url or not password or parts.password or parts.scheme == "sqlite":
        return url
    # Quoted: a made password may hold an @ or a slash.
    login = f"{parts.username or ''}:{quote(password, safe='')}"
    return f"{parts.scheme}://{login}@{url.partition('://')[2].removeprefix(f'{parts.username}@')}"
