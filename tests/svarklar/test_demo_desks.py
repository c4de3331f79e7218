"""The demo's second desk comes beside the one of the settings, and never in anybody's way."""

from dataclasses import replace

import pytest

from casestore import desks, knowledge
from casestore.db import Store
from svarklar import demo_desks
from svarklar.desk_records import take_in_desks
from svarklar.preparation import KNOWLEDGE, prepare


@pytest.fixture
def store(settings):
    settings.var.mkdir()
    store = Store(settings.database)
    store.upgrade()
    yield store
    store.close()


def seeded(store):
    with store.uow() as tx:
        return demo_desks.seed(tx, wrapup_s=5, ring_s=9)


def test_the_demo_has_two_desks_and_people_who_serve_them(settings):
    prepare(settings)
    store = Store(settings.database)
    with store.reading() as tx:
        book = desks.book(tx)
    store.close()
    assert [(desk.key, desk.numbers, desk.queue) for desk in book.desks] == [
        ("it", ("100",), "support"),
        ("hr", ("101",), "hr"),
    ]
    assert book.served_by("anna") == {"support": 0, "hr": 0}
    assert book.served_by("bo") == {"support": 0}
    assert book.served_by("sofia") == {"hr": 0, "support": 5}


def test_beside_it_the_first_desk_follows_the_settings_on(settings, store):
    take_in_desks(settings, store)
    assert seeded(store)
    take_in_desks(settings.model_copy(update={"ring_s": 21}), store)
    with store.reading() as tx:
        assert desks.book(tx).desks[0].ring_s == 21


def test_where_its_number_is_used_already_there_is_none(new_settings, store):
    take_in_desks(new_settings(support_number="101"), store)
    assert not seeded(store)


def test_where_somebody_has_made_desks_there_is_none(settings, store):
    take_in_desks(settings, store)
    with store.uow() as tx:
        (first,) = desks.book(tx).desks
        desks.save(tx, replace(first, managed_by="page"), known_version=first.version)
    assert not seeded(store)


def test_every_service_of_its_menu_has_an_article_of_its_own(store):
    with store.uow() as tx:
        knowledge.import_directory(tx, KNOWLEDGE)
        own = [article for article in knowledge.articles(tx) if article.desk == "hr"]
    for language in ("en", "sv", "nb"):
        written = {article.service for article in own if article.language == language}
        assert written == set(demo_desks.DESK.menu.values()) - {"other"}
