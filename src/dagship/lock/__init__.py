"""Requirements, locked over the packages of the base image."""
