"""What happens to a person after being found, and above all to a child.

Eight tracks, each with a life of its own (domain 3.1); what may be done next and what is owed by
when is read from one table of data (`standards.journey`). Binding: the Convention on the Rights of
the Child, art. 3; the Palermo protocol; the West African procedure of eight steps. It gives no bed,
carries no message and decides no identification: those are rooms of their own.
"""
