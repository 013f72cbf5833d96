"""The gateway to the container engine: `images` and builds, `containers`, the `registry` behind it, `diagnosis`."""
