"""Values that stages hand on and all layers share: plain, and frozen."""
