"""Outlines: what a report says, in which order and words, without the markup of any sink."""
