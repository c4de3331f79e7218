"""The sliding window that slows guessing down."""

from hypothesis import given
from hypothesis import strategies as st

from screenpop.server.login_limit import AttemptLimit


def test_the_wait_is_until_the_oldest_attempt_leaves_the_window() -> None:
    limit = AttemptLimit(2, window_ms=100)
    assert [limit.attempt("anna", at) for at in (0, 60, 70, 99, 100)] == [0, 0, 30, 1, 0]


def test_a_good_attempt_does_not_count() -> None:
    limit = AttemptLimit(1)
    for _ in range(5):
        assert limit.attempt("anna", 0) == 0
        limit.forgive("anna")
    limit.forgive("somebody else")


def test_memory_is_bounded_and_the_oldest_is_forgotten() -> None:
    limit = AttemptLimit(1, keys=2)
    assert [limit.attempt(key, 0) for key in ("a", "b", "c", "a")] == [0, 0, 0, 0]
    assert limit.attempt("c", 1) > 0


@given(st.lists(st.integers(0, 20)))
def test_never_more_than_allowed_in_any_window(pauses: list[int]) -> None:
    limit, now, allowed = AttemptLimit(3, window_ms=50), 0, []
    for pause in pauses:
        now += pause
        if limit.attempt("anna", now) == 0:
            allowed.append(now)
    assert all(later - first >= 50 for first, later in zip(allowed, allowed[3:], strict=False))
