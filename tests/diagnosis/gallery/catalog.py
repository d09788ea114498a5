"""The whole gallery: every family, imported for its programs."""

import importlib

from diagnosis.gallery.register import PROGRAMS

FAMILIES = (
    "cells",
    "streams",
    "scale",
    "labels",
    "outputs",
    "domains",
    "own_losses",
    "own_steps",
    "weightings",
    "rates",
    "signals",
    "inside",
    "precision",
    "healthy_losses",
    "healthy_noise",
    "healthy_ways",
    "healthy_steps",
)

for family in FAMILIES:
    importlib.import_module(f"diagnosis.gallery.{family}")

__all__ = ["FAMILIES", "PROGRAMS"]
