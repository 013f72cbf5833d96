"""What a repository of DAGs is, seen from its files, and the settings that follow from it."""
