"""Puts the rooms together when the process starts."""

from django.apps import AppConfig


class Node(AppConfig):
    """The running node."""

    name = "amana.node"

    def ready(self) -> None:
        """Install the tables: messages to functions, and the rows that move with the weeks."""
        from amana.access.actions.keys import layer_too  # noqa: PLC0415
        from amana.exchange import actions  # noqa: PLC0415 - tables exist only from here on
        from amana.node.wiring import HANDLERS, LAYERED  # noqa: PLC0415

        actions.install(HANDLERS)
        for table in LAYERED:
            layer_too(table)
