"""The face of the people who work here: home, work lists, figures, the state of the node.

Gathers what several rooms know into pages; decides nothing and changes nothing.
"""
