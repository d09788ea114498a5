"""Telling people: a worker empties the outbox, each channel is a file of its own."""
