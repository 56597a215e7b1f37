"""Samples become postures, postures become events. Knows bodies; does no I/O outside `analysis.io`."""
