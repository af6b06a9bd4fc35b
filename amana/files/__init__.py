"""Files that people hand in: made safe to look at, and sealed so that only keys open them.

What was handed in is evidence and is kept sealed as it came, never shown. What is shown is a copy
written anew by `clean`, in a process that can open no file and no connection.
Bound by ASVS 5.0 (5.2, 5.3, 14.2.8, 15.2.5). Knows nothing of cases: whose file it is, who may
open it and when it goes are the business of the rooms that keep it.
"""
