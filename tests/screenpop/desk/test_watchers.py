"""Which page shows which cases."""

from hypothesis import given
from hypothesis import strategies as st

from screenpop.desk.watchers import Watchers


def test_a_page_watches_what_it_has_said_last():
    watchers = Watchers[str]()
    assert watchers.watch("page", ["C-1", "C-2"]) == {"C-1", "C-2"}
    assert watchers.watch("page", ["C-2", "C-3"]) == {"C-3"}
    assert (watchers.of("C-1"), watchers.of("C-2"), watchers.of("C-3")) == (set(), {"page"}, {"page"})
    watchers.leave("page")
    watchers.leave("never there")
    assert watchers.numbers() == set()


_step = st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from("1234")))


@given(st.lists(_step))
def test_both_ways_of_looking_at_it_agree(steps: list[tuple[str, set[str]]]):
    watchers, said = Watchers[str](), dict[str, set[str]]()
    for page, numbers in steps:
        assert watchers.watch(page, numbers) == numbers - said.get(page, set())
        said[page] = numbers
    for number in "1234":
        assert watchers.of(number) == {page for page, numbers in said.items() if number in numbers}
    assert watchers.numbers() == set().union(*said.values())
    assert all(watchers.watched_by(page) == numbers for page, numbers in said.items())
