"""Placeholder until the phone comes."""


def files(language):
    return {}
