"""What the speed and bandwidth claims rest on: the console measured in a pseudo-terminal, from outside.

`python -m benchmarks` (or `make bench`) prints one table, with a bare Textual app of the
same run beside it.
"""
