"""The git program, called without configuration or questions, and the repository that it keeps."""
