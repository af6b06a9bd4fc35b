"""Puts the rooms together when the process starts."""

from django.apps import AppConfig


class Node(AppConfig):
    """The running node."""

    name = "amana.node"

    def ready(self) -> None:
        """Install the tables: messages to functions, and the rows that move with the weeks."""
        from amana.access.actions.keys import layer_too, reseal_too  # noqa: PLC0415
        from amana.cases.actions.files import (  # noqa: PLC0415
            begin_too,
            follow_decision,
            weigh_too,
        )
        from amana.cases.queries import has_case, looked_after  # noqa: PLC0415
        from amana.exchange import actions  # noqa: PLC0415 - tables exist only from here on
        from amana.field import operations  # noqa: PLC0415
        from amana.field.actions.arrivals import keep_too, reseal  # noqa: PLC0415
        from amana.identification.actions import decided_too  # noqa: PLC0415
        from amana.letters.actions import forget  # noqa: PLC0415
        from amana.node.wiring import AT_THE_TRAY, CONTENTS, HANDLERS, LAYERED  # noqa: PLC0415
        from amana.protection.actions import begin  # noqa: PLC0415
        from amana.protection.queries import is_too_much  # noqa: PLC0415
        from amana.referrals.actions import forget_too  # noqa: PLC0415
        from amana.shelters.actions import forget as forget_beds  # noqa: PLC0415

        actions.install(HANDLERS, CONTENTS, AT_THE_TRAY)
        operations.install(looked_after)
        decided_too(follow_decision)
        keep_too(has_case)
        begin_too(begin)
        weigh_too(is_too_much)
        reseal_too(reseal)
        forget_too("Thread", forget)
        forget_too("Request", forget_beds)
        for table in LAYERED:
            layer_too(table)
