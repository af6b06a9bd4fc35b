"""All cryptography of the node, in one place; nobody else imports a cryptographic library.

Pure functions over bytes and typed secrets.
"""
