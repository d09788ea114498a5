"""Curves: read from the log, kept as columns in memory, and summed up for charts."""
