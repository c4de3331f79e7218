"""A command that remembers in which order its options stood: callers speak and press keys in that order."""

from typing import Any

from typer.core import TyperCommand


class OrderedCommand(TyperCommand):
    """Puts (option's name, value) of everything on the command line into `context.obj`, in order."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse twice: once for the order alone, once as usual."""
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        left = {name: list(value) if isinstance(value, list) else [value] for name, value in values.items()}
        ctx.obj = [
            (parameter.name, left[parameter.name].pop(0)) for parameter in order if left[parameter.name]
        ]
        return super().parse_args(ctx, args)
