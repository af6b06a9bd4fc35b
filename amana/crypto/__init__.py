"""All cryptography of the node, in one place; nobody else imports a cryptographic library.

Pure functions over bytes and typed secrets: no database, no clock, no files. Only published
constructions are used (RFC 5869, RFC 9106, RFC 9180, RFC 8032, FIPS 203, FIPS 204, C2SP age), and
wherever a key must outlive this decade a post-quantum half stands beside the classical one. What a
message, a header or a key is for is decided by the rooms that call.
"""
