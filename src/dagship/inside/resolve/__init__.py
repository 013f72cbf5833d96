"""Resolves requirements over a base image; says why there is no solution."""
