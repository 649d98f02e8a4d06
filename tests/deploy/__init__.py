"""Tests of what is deployed: the compose file, the image, and the processes they start."""
