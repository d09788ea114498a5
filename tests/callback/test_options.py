"""The callback's options: checked once, refused with the nearest match."""

import pytest

from nanwatch import NanWatch
from nanwatch.options import Options


def resolve(log_freq="batch", on_nonfinite="stop", probes="full", verbose=1):
    return Options.resolve(log_freq, on_nonfinite, probes, verbose)


@pytest.mark.parametrize(
    ("log_freq", "logged"), [("batch", [0, 1, 2, 3, 4]), (2, [0, 2, 4]), ("epoch", [])]
)
def test_the_frequency_says_which_steps_are_logged(log_freq, logged):
    options = resolve(log_freq)
    assert [step for step in range(5) if options.logs(step)] == logged


@pytest.mark.parametrize("wish", ["stop", "skip", "rollback"])
def test_all_but_record_guard_the_weights(wish):
    assert resolve(on_nonfinite=wish).guard
    assert not resolve(on_nonfinite="record").guard


def test_keras_own_word_for_verbose_is_understood():
    assert (resolve(verbose="auto").verbose, resolve(verbose=0).verbose) == (1, 0)


@pytest.mark.parametrize(
    ("choice", "nearest"),
    [
        ({"on_nonfinite": "Stop"}, "did you mean 'stop'"),
        ({"on_nonfinite": "roll_back"}, "did you mean 'rollback'"),
        ({"probes": "fulll"}, "did you mean 'full'"),
        ({"probes": None}, "'full', 'light', 'off'"),
        ({"log_freq": "epochs"}, "did you mean 'epoch'"),
        ({"log_freq": 0}, "above 0"),
        ({"log_freq": True}, "above 0"),
        ({"log_freq": 1.5}, "above 0"),
    ],
)
def test_an_unknown_choice_is_refused_with_the_nearest(choice, nearest):
    with pytest.raises(ValueError, match=next(iter(choice))) as refused:
        resolve(**choice)
    assert nearest in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ({"mode": "onlin"}, "online"),
        ({"probes": "ful"}, "full"),
        ({"on_nonfinite": "stopp"}, "stop"),
        ({"log_freq": "bach"}, "batch"),
    ],
)
def test_an_unknown_value_is_refused_with_the_nearest(wrong, nearest):
    with pytest.raises(ValueError, match=f"did you mean '{nearest}'"):
        NanWatch(**wrong)
