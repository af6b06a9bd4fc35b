"""Puts the rooms together when the process starts."""

from django.apps import AppConfig


class Node(AppConfig):
    """The running node."""

    name = "amana.node"

    def ready(self) -> None:
        """Install the table from message kind to function."""
        from amana.exchange import actions  # noqa: PLC0415 - tables exist only from here on
        from amana.node.wiring import HANDLERS  # noqa: PLC0415

        actions.install(HANDLERS)
