"""The compiled tier: the step of `server.gan.trainer`, traced once, as machine code or as a captured graph.

The mathematics is written in the trainer alone. What can't be traced the eager trainer does, as ever.
"""
