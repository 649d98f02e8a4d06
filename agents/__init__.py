"""The shell of a worker: thin Faust agents and the wiring of a process. May import `streams` and `sla`."""
