"""Options that commands share, and kinds of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["Within", "about_a_model"]


class Within(click.ParamType):
    """A time such as ``30m``, ``1h30m`` or ``90s``, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        from pandas import Timedelta

        try:
            seconds = float(Timedelta(value).total_seconds())
        except ValueError:
            seconds = 0.0
        if seconds < 1:
            self.fail(
                f"expected a time with its unit, such as 30m, 1h30m or 90s, found '{value}'", param, ctx
            )
        return seconds


def about_a_model(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of what is attacked and how."""
    number = click.IntRange(min=1)
    for option in (
        click.option("--seed", type=click.IntRange(min=0), default=0, help="Of drawn images and attacks."),
        click.option("--steps", type=number, default=20, help="Of the strongest attacks; papers take 100."),
        click.option(
            "--input-range", default=None, help="0..1, 0..255 or -1..1 of a pixel; else it is tried."
        ),
        click.option(
            "--class-names", default=None, help="With commas, in the model's order; else sorted by name."
        ),
    ):
        command = option(command)
    return command
