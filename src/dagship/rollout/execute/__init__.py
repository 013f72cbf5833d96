"""Carries a plan out: lock, journal, move, watch, record, and undo."""
