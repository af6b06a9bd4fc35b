"""The running country node: settings, clock, urls, middleware, wiring, command line.

The only room that reads the clock and the only one that knows all the others.
"""
