"""Models that others saved: stable-baselines3 zips and VecNormalize pickles, read without running them.

`PPO.load` and `VecNormalize.load` run code that the file brings along. Here every byte is data: a pickle
becomes plain values and named records, and only what an ordinary PPO policy consists of is taken from them.
"""
