"""Who is on duty, who is silent, and since when.

Silence is neither a yes nor a no: it climbs a ladder that both countries compute from the same
messages. The room tells people, queues mail without content, asks the other desk once a month
whether somebody is there, and counts how both countries answered each other.
"""
