"""The tree of DAGs: read from its directory, held in memory, and packed into layers."""
