"""Services and categories are named in knowledge/services.toml; whatever names them again is held to it."""

import json

import pytest

from casestore import service_catalogue
from domain.languages import LANGUAGES
from domain.services import ServiceCatalogue
from ivr.flows.statement import SERVICES
from ivr.texts import catalogue
from tests.checkout import ROOT

SHIPPED = service_catalogue.read(ROOT / "knowledge/services.toml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_has_a_name_in_every_language(language):
    for names in (*SHIPPED.services.values(), *SHIPPED.categories.values()):
        assert names.keys() == set(LANGUAGES)
    assert SHIPPED.service_name("printing", "sv") == "Utskrift och skanning"
    assert SHIPPED.category_name("incident", "nb") == "Hendelse"


def test_what_has_no_name_is_called_by_its_english_one_and_then_by_its_key():
    own = ServiceCatalogue(services={"lab": {"en": "Laboratory"}, "bare": {}})
    assert [own.service_name(key, "sv") for key in ("lab", "bare", "gone")] == ["Laboratory", "bare", "gone"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_call_them_by_the_same_names(language):
    texts = json.loads((ROOT / f"screenpop/web/src/text/{language}.json").read_text(encoding="utf-8"))
    shown = {key: text for key, text in texts.items() if key.startswith(("service.", "category."))}
    assert shown == {
        **{f"service.{key}": SHIPPED.service_name(key, language) for key in SHIPPED.services},
        **{f"category.{key}": SHIPPED.category_name(key, language) for key in SHIPPED.categories},
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_callers_choose_and_hear_services_that_exist(language):
    spoken = catalogue(language).services.keys()
    assert set(SERVICES.values()) <= spoken <= SHIPPED.services.keys()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", r"no \[service.KEY\] tables"),
        ("service = 7", r"no \[service.KEY\] tables"),
        ("[service]\nprinting = 7\n[category.incident]\n", r"\[service.printing\] must hold names"),
        ("[service.printing]\nen = 7\n[category.incident]\n", r"\[service.printing\] must hold names"),
        ('[service.printing]\nen = "a\\nb"\n[category.incident]\n', "control characters"),
        ("[service.printing", "Expected"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path, content, reason):
    file = tmp_path / "services.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=reason):
        service_catalogue.read(file)
