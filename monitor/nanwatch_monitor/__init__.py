"""The server: keeps what training runs say, watches it, raises alerts and serves the dashboard.

The way of an event: `api/ingest` -> `store` (the log of verbatim frames; committed before the
answer) -> `watch` (the brain, off the acknowledge path) -> incident and outbox row in one
transaction -> `live` -> browser. `app.create_app` is the only place where the parts meet.
"""
