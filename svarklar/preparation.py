"""What must be there before anything starts: secrets, database, demo people, articles, prompts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from casestore import knowledge, users
from casestore.db import Store, StoreUnusable
from domain.clock import now_ms
from domain.endpoints import is_username
from ivr.speaking.prompts import Prompts
from ivr.speaking.voices import best_voices
from screenpop.server.passwords import hash_password
from svarklar import demo_desks, demo_people
from svarklar.desk_records import take_in_desks
from svarklar.secrets import DEMO_LOGINS, Secrets, SecretsUnusable, load_secrets
from svarklar.settings import Settings

log = structlog.get_logger()

KNOWLEDGE = Path(__file__).with_name("knowledge")


def open_store(settings: Settings) -> Store:
    """The case store, its tables as this version wants them. Raises casestore.db.StoreUnusable."""
    settings.var.mkdir(parents=True, exist_ok=True)
    store = Store(settings.database)
    store.upgrade()
    return store


def agent_names(store: Store) -> tuple[str, ...]:
    """Everybody who may have a phone: all users whose names can be an endpoint's."""
    with store.uow() as tx:
        names = [user.username for user in users.all_users(tx)]
    for name in names:
        if not is_username(name):
            log.warning("user_gets_no_phone", username=name, reason="lower-case letters a-z and digits only")
    return tuple(name for name in names if is_username(name))


def fill(settings: Settings, store: Store) -> None:
    """An empty database gets the shipped articles and, where wanted, the demo's people."""
    with _said_and_passed_over("articles_not_imported"):
        _import_articles(store)
    with _said_and_passed_over("demo_people_not_added"):
        _add_demo_people(settings, store)


@contextmanager
def _said_and_passed_over(event: str) -> Iterator[None]:
    """What a database is filled with is no reason not to answer the phone; that it cannot be used is one."""
    try:
        yield
    except (StoreUnusable, SecretsUnusable, OSError):
        raise
    except Exception as error:
        log.error(event, reason=str(error))


def _import_articles(store: Store) -> None:
    with store.uow() as tx:
        # Only an empty one is filled: what a desk has made of its articles is theirs.
        if knowledge.articles(tx, "en"):
            return
        report = knowledge.import_directory(tx, KNOWLEDGE)
    log.info("articles_imported", added=report.added)
    for error in report.errors:
        log.warning("article_refused", reason=error)


def _add_demo_people(settings: Settings, store: Store) -> None:
    with store.uow() as tx:
        people = users.all_users(tx)
    # Never beside real people: the demo's passwords stand in a file and in the log of a container.
    if people or not settings.demo:
        return
    secrets = load_secrets(settings, DEMO_LOGINS)
    hashes = {name: hash_password(password) for name, password in secrets.demo.items()}
    with store.uow() as tx:
        demo_people.seed(tx, passwords=hashes, now_ms=now_ms())
        demo_desks.seed(tx, wrapup_s=settings.wrapup_s, ring_s=settings.ring_s)
    log.info("demo_people_added", logins=list(hashes))


def prepare(settings: Settings) -> tuple[Secrets, tuple[str, ...]]:
    """Make everything ready; the secrets, and who may have a phone. Raises ConfigurationRefused."""
    store = open_store(settings)
    try:
        take_in_desks(settings, store)
        fill(settings, store)
        agents = agent_names(store)
    finally:
        store.close()
    return load_secrets(settings, agents), agents


def prompts(settings: Settings) -> Prompts:
    """The prompts of this installation, with the best voices it has."""
    return Prompts(settings.prompts_folder, best_voices(settings.unpacked_asterisk), settings.own_prompts)
