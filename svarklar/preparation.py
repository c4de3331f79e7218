"""What must be there before anything starts: secrets, database, demo people, articles, prompts."""

from pathlib import Path

import structlog

from casestore import knowledge, users
from casestore.db import Store
from domain.events import now_ms
from ivr.speaking.prompts import Prompts
from ivr.speaking.voices import best_voices
from screenpop.server.passwords import hash_password
from svarklar import demo_people
from svarklar.secrets import DEMO_LOGINS, Secrets, load_secrets
from svarklar.settings import Settings

log = structlog.get_logger()

KNOWLEDGE = Path(__file__).with_name("knowledge")


def open_store(settings: Settings) -> Store:
    """The case store, its tables as this version wants them. Raises casestore.db.StoreBusy."""
    settings.var.mkdir(parents=True, exist_ok=True)
    store = Store(settings.database)
    store.upgrade()
    return store


def agent_names(store: Store) -> tuple[str, ...]:
    """Everybody who may have a phone: all users."""
    with store.uow() as tx:
        return tuple(user.username for user in users.all_users(tx))


def fill(settings: Settings, store: Store) -> None:
    """An empty database gets the shipped articles and, where wanted, the demo's people."""
    with store.uow() as tx:
        articles, people = knowledge.articles(tx, "en"), users.all_users(tx)
    if not articles:
        with store.uow() as tx:
            report = knowledge.import_directory(tx, KNOWLEDGE)
        log.info("articles_imported", added=report.added, errors=report.errors)
    if settings.demo and not people:
        secrets = load_secrets(settings, DEMO_LOGINS)
        hashes = {name: hash_password(password) for name, password in secrets.demo.items()}
        with store.uow() as tx:
            demo_people.seed(tx, passwords=hashes, now_ms=now_ms())
        log.info("demo_people_added", logins=list(hashes))


def prepare(settings: Settings) -> tuple[Secrets, tuple[str, ...]]:
    """Make everything ready; the secrets, and who may have a phone."""
    store = open_store(settings)
    try:
        fill(settings, store)
        agents = agent_names(store)
    finally:
        store.close()
    return load_secrets(settings, agents), agents


def prompts(settings: Settings) -> Prompts:
    """The prompts of this installation, with the best voices it has."""
    return Prompts(settings.prompts_folder, best_voices(settings.unpacked_asterisk), settings.own_prompts)
