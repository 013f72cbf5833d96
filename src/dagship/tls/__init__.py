"""TLS as more than one gateway speaks it."""
