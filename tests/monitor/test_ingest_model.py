"""Ingest against a model of a few lines: whatever is sent, repeated, reordered and killed."""

import shutil
import tempfile
import threading
from collections import defaultdict

import urllib3
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from frames import frame, opening, points
from servers import ServerProcess

RUNS = st.sampled_from(["a", "b", "c"])
MOST_ENDS = 2  # of the server in one example: each takes a second


class Ingest(RuleBasedStateMachine):
    """The model: the values that were acknowledged of each run, one a frame, by their steps."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.acknowledged = defaultdict(list)
        self.ends = 0
        self.server = ServerProcess(self.folder).start()
        for run in ("a", "b", "c"):
            assert self.server.client.send(opening(run, run)).status == 200

    def teardown(self):
        try:
            self.everything_is_there()
        finally:
            self.server.kill()
            shutil.rmtree(self.folder)

    def made(self, run, seq, value):
        """The frame of this number: its step is the number less the opening."""
        return frame(seq, points([seq - 1], batch_loss=[value]), run_id=run, stream=run)

    def next_seq(self, run):
        return len(self.acknowledged[run]) + 1

    @rule(run=RUNS, values=st.lists(st.floats(), min_size=1, max_size=4))
    def send(self, run, values):
        seq = self.next_seq(run)
        sent = [self.made(run, seq + at, value) for at, value in enumerate(values)]
        answer = self.server.client.send(*sent).json()
        assert (answer["acked"], answer["stored"]) == (seq + len(values) - 1, len(values))
        self.acknowledged[run] += values

    @rule(run=RUNS, back=st.integers(1, 3), new=st.floats())
    def repeat_some_and_go_on(self, run, back, new):
        known = self.acknowledged[run]
        back = min(back, len(known))
        values = [*known[len(known) - back :], new]
        first = len(known) - back + 1
        sent = [self.made(run, first + at, value) for at, value in enumerate(values)]
        answer = self.server.client.send(*sent).json()
        assert (answer["stored"], answer["duplicates"]) == (1, back)
        known.append(new)

    @rule(run=RUNS, ahead=st.integers(1, 5), value=st.floats())
    def send_too_early(self, run, ahead, value):
        answer = self.server.client.send(self.made(run, self.next_seq(run) + ahead, value))
        assert (answer.status, answer.json()["expected"]) == (409, self.next_seq(run))

    @rule(run=RUNS, value=st.floats(allow_nan=False))
    def send_in_wrong_order(self, run, value):
        seq = self.next_seq(run)
        answer = self.server.client.send(self.made(run, seq + 1, value), self.made(run, seq, value))
        assert answer.status == 409

    @precondition(lambda self: any(self.acknowledged.values()))
    @rule(run=RUNS)
    def say_otherwise_what_was_said(self, run):
        if known := self.acknowledged[run]:
            other = 1.0 if known[-1] != 1.0 else 2.0
            answer = self.server.client.send(self.made(run, len(known), other))
            assert answer.json()["code"] == "conflict"

    @precondition(lambda self: self.ends < MOST_ENDS)
    @rule(run=RUNS, value=st.floats())
    def kill_while_a_frame_is_on_its_way(self, run, value):
        sent = self.made(run, self.next_seq(run), value)
        on_its_way = threading.Thread(target=self.send_and_hear_nothing, args=(sent,))
        on_its_way.start()
        self.server.kill()
        on_its_way.join()
        self.start_anew()
        assert self.server.client.send(sent).json()["acked"] == sent.seq  # stored now or before
        self.acknowledged[run].append(value)

    @precondition(lambda self: self.ends < MOST_ENDS)
    @rule()
    def stop_and_start(self):
        assert self.server.stop() == 0
        self.start_anew()

    @invariant()
    def steps_are_counted(self):
        listed = {run["id"]: run["last_step"] for run in self.server.client.get("/runs")["runs"]}
        for run, values in self.acknowledged.items():
            assert listed[run] == (len(values) - 1 if values else None)

    def send_and_hear_nothing(self, sent):
        try:
            self.server.client.send(sent)
        except urllib3.exceptions.HTTPError:
            return

    def start_anew(self):
        self.ends += 1
        self.server.start()
        self.everything_is_there()

    def everything_is_there(self):
        """Each acknowledged value once, in order, bit by bit as far as JSON tells."""
        words = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}
        for run, values in self.acknowledged.items():
            if values:
                found = self.server.client.get(f"/runs/{run}/points?name=batch/loss")
                assert found["steps"] == list(range(len(values)))
                kept = [words.get(value, value) for value in found["values"]]
                assert list(map(repr, map(float, kept))) == list(map(repr, values))


TestIngest = Ingest.TestCase
TestIngest.settings = settings(
    max_examples=3,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # to look for a smaller example would take a hundred servers
    suppress_health_check=list(HealthCheck),
)
