"""Shows what `init` saw, wrote and left."""

from dagship.init.model import InitResult
from dagship.terminal.console import Console


def show(console: Console, result: InitResult, *, ends_here: bool) -> None:
    """Prints what was seen, then what is not carried over, then the files; what comes next where it ends with them."""
    for sentence in result.saw:
        console.say(sentence)
    if result.left:
        console.say("\nNot carried over:")
        for left in result.left:
            console.say(f"  {left.where}  {left.what}\n    → {left.instead}")
    fields = {"written": ", ".join(result.written) or "nothing"}
    if result.kept:
        fields["kept as it is"] = ", ".join(result.kept)
    if result.saw and ends_here:
        fields["next"] = (
            "dagship lock, dagship build, dagship test-image (--write-baseline accepts what is broken today)"
        )
    console.summary(fields)
