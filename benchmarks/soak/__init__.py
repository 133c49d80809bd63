"""A week in ten minutes: a run that is written at a thousandfold pace, a console that is used all along."""
