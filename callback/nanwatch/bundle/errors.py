"""What goes wrong with bundles."""

from __future__ import annotations


class BundleError(Exception):
    """A bundle cannot be written, opened or used: what, why, and what to do."""
