"""News wait together and leave in letters that the database carries."""

from frames import frame, opening, points
from nanwatch.events import Cause, Diagnosis, RunEnded
from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.postbag import Channel, Deleted, Edited, Frames, Opened, Postbag, read_letter
from nanwatch_monitor.store.receipts import Receipt

CAUSE = Cause("unknown", 0.5, "Words.")


def receipt(*fresh, stream_id=1):
    return Receipt(stream_id, fresh[-1].seq, fresh, duplicates=0, opened=False)


def incident(number):
    return Incident(
        number, "run1", "fox", "zoo", 1.0, Diagnosis("nan_loss", "critical", 3, (CAUSE,)), "server"
    )


def news_in(words):
    return read_letter(words).news


def test_news_of_a_stream_become_one():
    bag = Postbag("me", 7999)
    bag.frames("run1", receipt(opening()))
    bag.frames("run1", receipt(frame(1, points([0], batch_loss=[1])), frame(2)))
    bag.frames("run2", receipt(frame(9, RunEnded("failed")), stream_id=2))
    bag.incidents([incident(5), incident(5)])
    bag.edited("run2")
    bag.edited("run2")
    bag.deleted("run3")
    bag.channel("7")
    bag.channel("7")
    words = bag.next_letter()
    assert read_letter(words).sender == "me"
    assert news_in(words) == (
        Frames(1, "run1", 0, 2, turns=True),
        Frames(2, "run2", 9, 9, turns=True),
        Opened(5),
        Edited("run2"),
        Deleted("run3"),
        Channel("7"),
    )
    assert bag.next_letter() is None


def test_what_waited_longest_goes_first_and_no_letter_is_too_long():
    bag = Postbag("me", 500)
    for number in range(100):
        bag.frames("r" * 64, receipt(frame(7), stream_id=number))
    letters = []
    while (words := bag.next_letter()) is not None:
        letters.append(words)
    assert max(map(len, letters)) <= 500
    assert [news.stream_id for words in letters for news in news_in(words)] == list(range(100))


def test_what_is_no_letter_is_not_read():
    for words in ("", "{}", '["me", [["later", 1]]]', "[" * 5000):
        assert read_letter(words) is None
