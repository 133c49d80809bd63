"""Alert rules, their evaluation over a run, and the state machine that makes them fire once."""
