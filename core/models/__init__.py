"""Models on disk, read without running them: this program's export, and what stable-baselines3 alone saved.

`PPO.load` and `VecNormalize.load` run code that the file brings along. Here every byte is data: a pickle
becomes plain values and named records, and only what an ordinary PPO policy consists of is taken from them.
"""
