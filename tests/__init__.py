"""The tests of slawatch, by the package they look at."""
