"""What an exception that left the fit says, and the user's line that it came through."""

from __future__ import annotations

import re
import traceback
from itertools import dropwhile

from nanwatch.autopsy.code_lines import CodeLine, is_own, line_at
from nanwatch.diagnosis.looks import ErrorLook, ErrorStage

_GRAPH_LINE = re.compile(r'File "(.+?)", line (\d+), in ')
"""TensorFlow writes into its message where the graph's operation was made, outermost first."""


def look_at_error(error: BaseException, stage: ErrorStage) -> ErrorLook:
    """The exception as it reads, from the step, the pipeline or the validation."""
    line = _own_line(error)
    return ErrorLook(type(error).__name__, str(error), line.place, line.text, stage)


def _own_line(error: BaseException) -> CodeLine:
    """The innermost line of the user's own code, below the call of the fit."""
    raised = [(f.filename, f.lineno or 0) for f in traceback.extract_tb(error.__traceback__)]
    made = [(name, int(number)) for name, number in _GRAPH_LINE.findall(str(error))]
    below_fit = list(dropwhile(lambda line: is_own(line[0]), made))
    own = [line for line in (*below_fit, *raised) if is_own(line[0])]
    return line_at(*own[-1]) if own else CodeLine()
