"""What is said of a desk can be made before its first call."""

from domain.desks import Desk
from ivr.desk_prompts import desk_prompts

HR = Desk(
    key="hr",
    name="HR",
    numbers=("101",),
    languages=("sv", "en"),
    greeting={"sv": "Välkommen till personal."},
    menu={"1": "payroll", "0": "other"},
)


def test_greetings_and_menus_are_said_in_the_desks_languages_and_no_other():
    assert list(desk_prompts(HR)) == [
        ("sv", "greeting", "Välkommen till personal."),
        ("sv", "menu", "Välj med en knapp."),
        ("sv", "menu_choice", "För lön, tryck ett."),
        ("sv", "menu_choice", "För något annat, tryck noll."),
        ("en", "welcome", "Welcome to the support desk."),
        ("en", "menu", "Please choose by key."),
        ("en", "menu_choice", "For salary, press one."),
        ("en", "menu_choice", "For something else, press zero."),
    ]


def test_a_service_that_no_catalogue_names_is_said_as_it_is_written():
    own = Desk(key="lab", name="Lab", numbers=("102",), languages=("en",), menu={"1": "lab_samples"})
    assert list(desk_prompts(own))[-1] == ("en", "menu_choice", "For lab samples, press one.")
