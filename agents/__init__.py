"""The live side of Vigie: Faust applications around the pure pipeline, and the command line.

Importing a module here has no side effect; :func:`agents.app.create_app` builds an application.
"""
