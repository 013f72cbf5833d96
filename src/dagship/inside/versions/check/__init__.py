"""The check of a commit before it is published: its imports, and what of it git did not bring."""
