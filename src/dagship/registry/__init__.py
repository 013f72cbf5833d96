"""A registry, spoken to directly: what the engine does not pass on."""
