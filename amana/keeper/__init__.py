"""The keeper: a process of its own that holds what no database, backup or administrator has.

Without it no password opens a lock, no wrapped key loses its outer layer, no two records are
compared, no glass is broken. It never sees a password, a case's key or a word about a person. It
answers in bulk and never row by row, counts what it is asked, and keeps a log of its own.
"""
