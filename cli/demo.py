"""`slawatch demo`: placeholder of this commit; the verb follows. Used by `cli.main`."""
