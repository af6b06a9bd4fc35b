"""All cryptography of the node, in one place; nobody else imports a cryptographic library.

Texts: security.md B.3, C1.2, C2.1, C2.4. Pure functions over bytes and typed secrets.
"""
