"""Tests of the texts; a package, so that the command that writes the golden files can import the samples."""
