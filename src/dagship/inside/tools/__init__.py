"""Makes the environment of the resolver and the installer, beside the image's Python."""
