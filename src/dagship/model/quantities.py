"""Quantities for people. Pure."""


def size(count: int) -> str:
    """Returns a number of bytes for people: `1.5 MB`, in powers of 1000 as registries count."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - the base of the units
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"
