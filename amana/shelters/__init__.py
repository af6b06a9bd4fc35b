"""A safe bed before night: which place may take whom, who was first, how one gets there and leaves.

Binding: the Convention on the Rights of the Child, art. 20; the Palermo protocol, art. 6; the hard
rules H1 to H13 of the field's practice, which are data (`standards.shelters`). Where a house stands
is sealed to those who work there, and to an escort for one transport. The course of the case, its
consents and the need for a bed belong to other rooms.
"""
