"""Code that runs inside an image, on the image's own Python. Imports nothing of the rest of dagship."""
