import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.numbers import Caller, decide, normalise


@pytest.mark.parametrize(
    "number",
    ["+46701740605", "0046701740605", "46701740605", "0701740605", "070-174 06 05", "+46 (0)70 174 06 05",
     " +46 70-174.06.05 ", "+46701740605\n"],
)  # fmt: skip
def test_however_a_number_of_the_own_country_is_written_it_is_the_same_caller(number):
    assert normalise(number, "SE") == Caller("e164", "+46701740605")


@pytest.mark.parametrize(
    ("number", "region", "e164"),
    [
        ("+4781549300", "SE", "+4781549300"),
        ("004781549300", "SE", "+4781549300"),
        ("4781549300", "SE", "+4781549300"),
        ("81549300", "NO", "+4781549300"),
        ("0046701740605", "US", "+46701740605"),
        ("+1 415 555 2671", "SE", "+14155552671"),
    ],
)
def test_numbers_of_other_countries(number, region, e164):
    assert normalise(number, region) == Caller("e164", e164)


@pytest.mark.parametrize("number", ["440", "4401", "44011"])
def test_three_to_five_digits_are_an_internal_extension(number):
    assert normalise(number, "SE") == Caller("extension", number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "   ",
        "anonymous",
        "Anonymous",
        "RESTRICTED",
        "unavailable",
        "private",
        "unknown",
        "<unknown>",
        '""',
    ],
)
def test_a_withheld_number_is_known_as_such(number):
    assert normalise(number, "SE") == Caller("withheld")


@pytest.mark.parametrize(
    "number",
    ["12", "+", "++46701740605", "00", "0", "1-800-FLOWERS", "sip:anna@example.org", "0'; DROP TABLE",
     "<script>", "4401\r\nAction: Originate", "٤٤٠١", "+٤٦٧٠١٧٤٠٦٠٥", "４４０１", "+99999999999", "9" * 30],
)  # fmt: skip
def test_what_is_no_number_beyond_doubt_is_unknown(number):
    assert normalise(number, "SE").kind == "unknown"


def test_ten_kilobytes_are_unknown_and_cut():
    for garbage in ("x" * 10_240, "9" * 10_240, "+46701740605" + " " * 10_240 + "1"):
        caller = normalise(garbage, "SE")
        assert caller.kind == "unknown"
        assert len(caller.number) <= 32


def test_an_unknown_region_still_understands_numbers_with_a_country_code():
    assert normalise("+46701740605", "nowhere") == Caller("e164", "+46701740605")
    assert normalise("0701740605", "nowhere").kind == "unknown"


@settings(deadline=None)
@given(
    st.text(max_size=60) | st.text("0123456789+ ()-/.", max_size=45),
    st.sampled_from(["SE", "NO", "US", "", "XX"]),
)
def test_nothing_raises_and_every_number_is_safe_to_pass_on(number, region):
    caller = normalise(number, region)
    assert caller.number.isascii()
    assert not set(caller.number) & set("\r\n\0")
    if caller.kind == "e164":
        assert caller.number[0] == "+"
        assert normalise(caller.number, region) == caller


def test_the_contacts_found_decide_how_sure_we_are():
    caller = Caller("e164", "+46701740610")
    assert [decide(caller, found) for found in ((), ("Maria",), ("Maria", "Anna"))] == [
        "none",
        "one",
        "several",
    ]


def test_a_withheld_number_matches_nobody():
    assert decide(Caller("withheld"), ()) == "withheld"
