"""The command line: Invoke's tasks and their flags. Imports nothing: Ctrl-C is an orderly end from the start."""
