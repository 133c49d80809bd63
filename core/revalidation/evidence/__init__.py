"""How much the gates' values prove: intervals, pass probabilities, PSR and DSR, a placebo, strong or weak."""
