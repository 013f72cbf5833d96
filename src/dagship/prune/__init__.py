"""Finds the images in the registry that nothing refers to any more, and deletes them when told to."""
