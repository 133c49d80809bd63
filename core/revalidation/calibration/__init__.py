"""False GO and power of the configured gates and evidence, measured on simulated markets."""
