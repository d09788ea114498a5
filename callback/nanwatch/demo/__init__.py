"""The demonstration's trainings: small real programs on real data, as a user would write them.

`python -m nanwatch.demo` runs them one after the other; `nanwatch demo` adds the server.
"""
