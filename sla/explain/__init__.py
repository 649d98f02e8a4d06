"""Why a clock of a ticket stands as it does, and why another never started.

`explained` puts together what the others find out: `history` lives the ticket's log again, `grounds` tells of what a
clock rests on, `absence` of rules without one. Nothing here decides: duties come from `sla.kinds`, outcomes from
`sla.duty`, what is published from `sla.step`.
"""
