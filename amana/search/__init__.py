"""Finding one's own cases by name, without an index: cards are opened in memory and looked at.

One process of the node holds the opened cards of live sessions. It is asked over a local socket
with the session's own cookie, opens what that session may open, and forgets it when the session
ends or nobody asks for 20 minutes. Nothing of it touches a disk.
"""
