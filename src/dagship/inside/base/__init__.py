"""Makes the environment of a base image."""
