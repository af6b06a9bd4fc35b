"""Placeholder until the phone comes."""


def files(_language: str) -> dict[str, str]:
    return {}
