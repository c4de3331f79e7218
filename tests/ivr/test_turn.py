"""One question as a state machine: prompts, speech, keys, patience and hang-ups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.asterisk.channel import HungUp, Key
from ivr.flows.asking import YES_NO
from ivr.moves import Ask, AskNumber, Chosen, Deaf, Number, Pressed, Recorded, Silence, Statement, Unclear
from ivr.reading import ChoiceReader, NumberReader, StatementReader
from ivr.speech import Failed, Heard, Partial, SpeechBegan, SpeechStopped, Thresholds
from ivr.texts import catalogue
from ivr.turn import Action, CallerHungUp, Loud, Patience, PromptEnded, RecordingTurn, SpokenTurn, TimeUp

THRESHOLDS = Thresholds(accept=0.9, confirm=0.6)
PATIENCE = Patience()
PROMPT_BY_S = 5.0
LOUD = Loud()
HEARD = Heard("printer jam", 0.95)
SAID = Statement("printer jam", 0.95, "certain")


def yes_or_no() -> SpokenTurn:
    return SpokenTurn(ChoiceReader(Ask("sure", (), YES_NO), catalogue("en"), THRESHOLDS), PATIENCE, 5.0)


def number() -> SpokenTurn:
    return SpokenTurn(NumberReader(AskNumber("number", (), 4), catalogue("en"), THRESHOLDS), PATIENCE, 5.0)


def free() -> SpokenTurn:
    return SpokenTurn(StatementReader(THRESHOLDS), PATIENCE, PROMPT_BY_S)


def taken(turn, *events, now_s=0.0):
    """What the turn wants done after the last of the events."""
    deeds = ()
    for event in events:
        deeds = turn.take(event, now_s)
    return deeds


def test_speech_over_the_prompt_stops_it_and_counts():
    turn = free()
    assert taken(turn, SpeechBegan(0.1)) == (Action.FLUSH,)
    assert taken(turn, SpeechStopped(1.0), HEARD) == (SAID,)


def test_sound_that_is_no_speech_leaves_the_prompt_alone():
    assert taken(free(), LOUD, LOUD) == ()


def test_silence_is_counted_from_the_end_of_the_prompt():
    turn = yes_or_no()
    assert taken(turn, PromptEnded(), now_s=3.0) == ()
    assert turn.deadline_s == 3.0 + PATIENCE.silence_s
    assert taken(turn, TimeUp(), now_s=turn.deadline_s) == (Silence(),)


def test_a_prompt_whose_end_nobody_reports_ends_all_the_same():
    turn = yes_or_no()
    assert turn.deadline_s == PROMPT_BY_S
    assert taken(turn, TimeUp(), now_s=PROMPT_BY_S) == ()
    assert turn.deadline_s == PROMPT_BY_S + PATIENCE.silence_s


@pytest.mark.parametrize("before", [(), (PromptEnded(),), (SpeechBegan(0.0),), (SpeechStopped(1.0),)])
def test_a_key_wins_over_speech_at_any_moment(before):
    turn = yes_or_no()
    assert taken(turn, *before, Key("2")) == (Action.FLUSH, Chosen("no"))


def test_speech_is_ignored_once_keys_are_being_typed():
    turn = number()
    assert taken(turn, SpeechBegan(0.0), Key("4")) == (Action.FLUSH,)
    assert taken(turn, Heard("nine nine nine nine", 1.0), Failed("gone"), SpeechBegan(1.0)) == ()
    assert taken(turn, Key("2"), Key("1"), Key("7")) == (Action.FLUSH, Number("4217"))


def test_typing_that_stops_is_taken_as_it_is():
    turn = number()
    taken(turn, Key("4"), Key("2"), now_s=1.0)
    assert turn.deadline_s == 1.0 + PATIENCE.between_keys_s
    assert taken(turn, TimeUp(), now_s=turn.deadline_s) == (Number("42"),)


def test_a_hash_too_many_from_the_answer_before_means_nothing():
    assert taken(yes_or_no(), Key("#")) == ()
    assert taken(free(), Key("#")) == ()


def test_a_hash_ends_a_statement_at_once():
    turn = free()
    assert taken(turn, SpeechBegan(0.0), Key("#")) == (Action.FLUSH, Action.FINISH)
    assert taken(turn, HEARD) == (SAID,)


def test_another_key_in_mid_sentence_keeps_what_was_said():
    turn = free()
    assert taken(turn, SpeechBegan(0.0), Key("4")) == (Action.FLUSH, Action.FINISH)
    assert taken(turn, HEARD) == (Pressed("4", SAID),)


def test_three_minutes_of_talk_are_cut_off_and_used():
    turn = free()
    taken(turn, SpeechBegan(0.0), now_s=0.0)
    taken(turn, LOUD, now_s=59.5)
    assert turn.deadline_s == PATIENCE.statement_s
    assert taken(turn, TimeUp(), now_s=60.0) == (Action.FINISH,)
    assert taken(turn, HEARD) == (SAID,)


def test_an_engine_that_fails_hands_over_to_keys_with_what_it_had_understood():
    turn = free()
    taken(turn, SpeechBegan(0.0), Partial("the printer"))
    assert taken(turn, Failed("crashed")) == (Action.FLUSH, Deaf(Statement("the printer", 0.0, "unclear")))
    assert taken(yes_or_no(), Failed("crashed")) == (Action.FLUSH, Deaf())


def test_an_engine_that_stalls_after_the_pause_is_not_waited_for():
    turn = free()
    taken(turn, SpeechBegan(0.0), SpeechStopped(1.0), now_s=1.0)
    assert turn.deadline_s == 1.0 + SpeechStopped(1.0).words_within_s
    assert taken(turn, TimeUp(), now_s=2.0) == (Action.FLUSH, Deaf())


def test_a_slow_engine_is_waited_for_as_long_as_it_has_said():
    turn = free()
    taken(turn, SpeechBegan(0.0), SpeechStopped(1.0, words_within_s=4.5), now_s=1.0)
    assert turn.deadline_s == 5.5
    assert taken(turn, HEARD, now_s=5.0) == (SAID,)


def test_an_engine_that_is_told_to_finish_says_at_once_how_long_that_takes():
    turn = free()
    taken(turn, SpeechBegan(0.0), Key("#"), now_s=1.0)
    assert turn.deadline_s == 1.0 + PATIENCE.finish_s
    taken(turn, SpeechStopped(1.0, words_within_s=4.5), now_s=1.1)
    assert turn.deadline_s == 1.1 + 4.5


def test_an_engine_that_hears_speech_in_silence_is_doubted_and_replaced_within_two_seconds():
    turn = free()
    taken(turn, SpeechBegan(0.0), now_s=0.0)
    assert taken(turn, LOUD, now_s=4.0) == ()
    assert turn.deadline_s == 4.0 + PATIENCE.quiet_s
    assert taken(turn, TimeUp(), now_s=turn.deadline_s) == (Action.FINISH,)
    assert turn.deadline_s <= 4.0 + 2.0
    assert taken(turn, TimeUp(), now_s=turn.deadline_s) == (Action.FLUSH, Deaf())


def test_a_soft_voice_is_not_cut_off_while_new_words_come():
    turn = free()
    taken(turn, SpeechBegan(0.0), Partial("the"), now_s=0.0)
    taken(turn, Partial("the printer"), now_s=0.9)
    assert turn.deadline_s == 0.9 + PATIENCE.quiet_s
    taken(turn, Partial("the printer"), now_s=1.5)
    assert turn.deadline_s == 0.9 + PATIENCE.quiet_s


def test_a_hang_up_before_any_word_is_the_end():
    for turn in (free(), yes_or_no(), number()):
        with pytest.raises(CallerHungUp):
            turn.take(HungUp(), 0.0)


def test_a_hang_up_in_mid_sentence_still_yields_the_words():
    turn = free()
    assert taken(turn, SpeechBegan(0.0), HungUp()) == (Action.FINISH,)
    assert taken(turn, HEARD) == (SAID,)


def test_a_hang_up_with_a_dying_engine_yields_what_had_been_understood():
    turn = free()
    taken(turn, SpeechBegan(0.0), Partial("the printer"), HungUp())
    assert taken(turn, TimeUp()) == (Action.FLUSH, Statement("the printer", 0.0, "unclear"))


def test_a_hang_up_without_words_is_the_end_when_that_is_known():
    turn = free()
    taken(turn, SpeechBegan(0.0), HungUp())
    with pytest.raises(CallerHungUp):
        turn.take(Heard("", 0.0), 1.0)


def recording() -> tuple[RecordingTurn, list[str]]:
    began: list[str] = []
    return RecordingTurn(PATIENCE, PROMPT_BY_S, lambda: began.append("began")), began


def test_a_recording_begins_after_the_tone_with_the_first_sound_and_ends_with_a_key():
    turn, began = recording()
    assert taken(turn, LOUD, Key("#")) == ()
    assert began == []
    assert taken(turn, PromptEnded(), LOUD) == ()
    assert began == ["began"]
    assert taken(turn, Key("#")) == (Action.FLUSH, Recorded())


def test_a_recording_ends_with_a_long_pause_and_at_its_longest_time():
    turn, _ = recording()
    taken(turn, PromptEnded(), LOUD, now_s=10.0)
    assert turn.deadline_s == 10.0 + PATIENCE.recording_pause_s
    taken(turn, LOUD, now_s=69.0)
    assert turn.deadline_s == 70.0
    assert taken(turn, TimeUp(), now_s=70.0) == (Action.FLUSH, Recorded())


def test_nothing_recorded_is_silence_and_a_hang_up_keeps_what_there_is():
    turn, _ = recording()
    assert taken(turn, PromptEnded(), TimeUp()) == (Action.FLUSH, Silence())
    turn, _ = recording()
    assert taken(turn, PromptEnded(), LOUD, HungUp()) == (Action.FLUSH, Recorded())
    turn, _ = recording()
    with pytest.raises(CallerHungUp):
        turn.take(HungUp(), 0.0)


EVENTS = st.sampled_from(
    [
        *(Key(digit) for digit in "012*#"),
        *(
            PromptEnded(),
            TimeUp(),
            HungUp(),
            LOUD,
            SpeechBegan(0.0),
            Partial("the"),
            SpeechStopped(1.0),
        ),
        *(HEARD, Heard("", 0.0), Heard("yes", 1.0), Failed("gone")),
    ]
)


@given(st.sampled_from([yes_or_no, number, free]), st.lists(EVENTS, max_size=30))
def test_whatever_comes_the_turn_is_over_after_patience_has_run_out(make, events):
    turn, now_s = make(), 0.0
    try:
        for event in [*events, TimeUp(), TimeUp(), TimeUp(), TimeUp()]:
            now_s += 0.5
            deeds = turn.take(event, now_s)
            if deeds and not isinstance(deeds[-1], Action):
                return
    except CallerHungUp:
        assert HungUp() in events
        return
    raise AssertionError("no answer")


def test_an_unclear_answer_is_told_apart_from_silence():
    assert taken(yes_or_no(), SpeechBegan(0.0), Heard("maybe", 1.0)) == (Unclear(),)
