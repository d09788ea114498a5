"""Detectors: points in, signals out. One symptom a file; no clock, no I/O, no causes."""

from nanwatch.detectors.explosion import ExplosionDetector
from nanwatch.detectors.nonfinite import NonFiniteDetector
from nanwatch.detectors.signal import Detector, Signal

__all__ = ["Detector", "ExplosionDetector", "NonFiniteDetector", "Signal"]
