"""A small community server of its own, to read from and post to over HTTP.

Nothing in this package imports anything of Countersign, and Countersign talks to it only through
`engage/connectors/sandbox.py`. Start it with `python -m engage.sandbox --port 8100 --data DIR`.
"""
