"""The autopsy: at the first non-finite value, where it was born and which fix holds in a replay."""

from nanwatch.autopsy.examiner import Examiner

__all__ = ["Examiner"]
