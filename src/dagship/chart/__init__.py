"""The chart's release: installed and taken away by helm, watched by what watches rollouts."""
