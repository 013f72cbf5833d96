"""Plans a rollout: the objects that move, their order, and the patch of each. Pure."""
