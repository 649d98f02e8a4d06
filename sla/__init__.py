"""The law, pure: events, tickets, terms, rules and one `step`.

Nothing here reads a clock, a file or a socket; `now` (as `horizon`) is always an argument.
Everybody may import it; it imports nothing of ours.
"""
