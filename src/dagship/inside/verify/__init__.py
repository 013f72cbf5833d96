"""Imports every DAG file of the image and reports: gives files out, keeps the answers, imports nothing of the image."""
