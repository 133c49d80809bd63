"""The ten scenarios of the two documents: five issues of the checklist, five scenarios of the manual.

Data only, in our words. Trap avoided: advice that fits no document; each scenario says where it comes from.
"""

from __future__ import annotations

from core.runbook.scenario import Cause, Scenario, Step

_LOWER_RATE = Step(
    "lower_rate",
    "Lower learning_rate from 3e-4 to 1e-4 in config.toml and restart",
    command="ppo-console stop, then ppo.learning_rate = 1e-4, then ppo-console train --resume",
    kind="ISSUE",
    journal="KL spike, lowering the learning rate",
)
_REWARD_IMPORT = Step(
    "reward_import",
    "See that the reward code loads",
    sense="reward_import",
    journal="Reward code loads",
)
_DATA = Step("data", "Verify that the training data are whole: gaps, NaN, duplicates", sense="data")
_RATE = Step("rate", "Compare the run's hyperparameters with the approved ones", sense="hyperparameters")
_DISK = Step("disk", "Check the free disk space", sense="disk", command="df -h")
_MEMORY = Step("memory", "Check the free memory", sense="memory", command="free -h")
_LOG = Step("log", "Read the end of training.log for errors", sense="log", command="tail -50 training.log")
_PROCESS = Step("process", "See whether the training process lives", sense="process", command="ps")

LEARNING_RATE = Cause("learning_rate", "The learning rate is too high: each update moves the policy too far")
DATA_SHIFT = Cause("data", "The training data are faulty or have shifted")
OUTLIER = Cause("outlier", "A large reward outlier (one bad trade) dominates an update")
REWARD_SCALE = Cause("reward_scale", "The reward is not scaled or clipped as it should be")
DEADLOCK = Cause("deadlock", "A deadlock in the environment or in the loading of data")
DISK_FULL = Cause("disk", "The disk is full, so that nothing can be written")
OUT_OF_MEMORY = Cause("memory", "The memory (or the GPU's) is used up")
SILENT_CRASH = Cause("silent_crash", "The process died without a word")

DOCUMENTED: tuple[Scenario, ...] = (
    Scenario(
        id="negative_reward_trend",
        title="The reward falls",
        source="checklist, troubleshooting: negative reward trend",
        symptoms=("The reward decreases over time: slope below −0.001 per step (the guide says −0.0001)",),
        causes=(
            REWARD_SCALE,
            LEARNING_RATE,
            DATA_SHIFT,
            Cause("initial_state", "The first rewards were inflated by where episodes began"),
        ),
        steps=(
            Step("trend", "See the trend itself", sense="reward_trend"),
            Step("weights", "Check the reward's weights and its clipping", sense="reward_weights"),
            _REWARD_IMPORT,
            _DATA,
            _RATE,
            Step(
                "lower_rate",
                "Lower learning_rate to 1e-4, a cautious value, and restart",
                command="ppo-console stop, then ppo.learning_rate = 1e-4, then ppo-console train --resume",
                kind="ISSUE",
                journal="Negative reward trend, lowering the learning rate",
            ),
        ),
        rules=("negative_reward_trend",),
        escalation="performance",
    ),
    Scenario(
        id="kl_spike",
        title="The KL divergence spikes",
        source="checklist, troubleshooting: KL divergence spike (> 0.1)",
        symptoms=("approx_kl jumps above 0.1", "The policy changes erratically"),
        causes=(
            OUTLIER,
            LEARNING_RATE,
            Cause("batch", "batch_size and n_steps do not fit each other: few samples decide an update"),
        ),
        steps=(
            Step("kl", "See the KL beside clip fraction and explained variance", sense="kl"),
            _RATE,
            _LOWER_RATE,
            Step("clipping", "Check that rewards are clipped", sense="reward_weights"),
            _DATA,
            Step(
                "fewer_steps",
                "Consider n_steps 1024: smaller rollouts, fresher data",
                command="ppo.n_steps = 1024, then ppo-console train --resume",
                kind="ISSUE",
                journal="KL spike, reducing n_steps to 1024",
            ),
        ),
        rules=("kl_launch", "kl_high", "kl_spike"),
        escalation="performance",
    ),
    Scenario(
        id="checkpoint_missing",
        title="No checkpoint for a day",
        source="checklist, troubleshooting: training hangs (no checkpoint for 24 h)",
        symptoms=("The process seems to run, but no new checkpoint appears",),
        causes=(DEADLOCK, OUT_OF_MEMORY, DISK_FULL),
        steps=(
            Step("checkpoints", "See the newest checkpoint's age", sense="checkpoints"),
            _DISK,
            _MEMORY,
            _PROCESS,
            Step(
                "stop",
                "End the training, clean if it can",
                deed="stop",
                command="ppo-console stop",
                kind="ISSUE",
                journal="No checkpoint for 24 h, training stopped",
            ),
            Step(
                "force_stop",
                "End it by force where it does not answer: the steps since the last checkpoint are lost",
                deed="force_stop",
                command="ppo-console stop --force",
                kind="ISSUE",
                journal="No checkpoint for 24 h, training ended by force",
            ),
            Step(
                "restart",
                "Start again in a fresh run folder",
                command="ppo-console train --fresh",
                kind="ISSUE",
                journal="Training hung, restarted with a fresh run folder",
            ),
        ),
        rules=("checkpoint_old", "checkpoint_age"),
        escalation="crash",
    ),
    Scenario(
        id="low_win_rate",
        title="The win rate is below 45 %",
        source="checklist, troubleshooting: low win rate",
        symptoms=("Most trades lose: the revalidation's win rate is below its gate",),
        causes=(Cause("entry_exit", "The agent has not learned when to enter and when to leave"),),
        steps=(
            Step("gates", "See the gates of the newest revalidation", sense="gates"),
            Step(
                "longer",
                "Train longer: 200,000 steps more",
                command="ppo.total_timesteps + 200000, then ppo-console train --resume",
                kind="ISSUE",
                journal="Low win rate, training 200k steps longer",
            ),
            Step(
                "hold_bonus",
                "Raise the weight reward.hold_bonus, so that winners are held",
                sense="reward_weights",
                kind="ISSUE",
                journal="Low win rate, raising r_hold_bonus",
            ),
            Step("reward", "Go through the reward function: does it pay for what the gates ask?"),
            Step("features", "Check that the SMC features tell anything"),
        ),
        gates=("win_rate_pct",),
        note="For the revalidation; during training a low win rate on the validation slice is only a hint.",
    ),
    Scenario(
        id="high_drawdown",
        title="The drawdown exceeds 15 %",
        source="checklist, troubleshooting: high max drawdown",
        symptoms=("The equity curve has deep falls: the revalidation's drawdown is above its gate",),
        causes=(Cause("position_size", "Positions are too large, or entries bad"),),
        steps=(
            Step("gates", "See the gates of the newest revalidation", sense="gates"),
            Step(
                "size",
                "Lower trading.risk_per_trade and trading.max_notional",
                kind="ISSUE",
                journal="High drawdown, reducing the position size",
            ),
            Step(
                "stops",
                "Tighten the stop: trading.stop_atr",
                kind="ISSUE",
                journal="High drawdown, tightening the stops",
            ),
            Step(
                "invalid_action",
                "Punish bad actions more (−0.5 each): reward.invalid_action",
                sense="reward_weights",
                kind="ISSUE",
                journal="High drawdown, raising r_invalid_action",
            ),
            Step(
                "out_of_market",
                "Pay more for staying out when unsure: reward.out_of_market",
                sense="reward_weights",
                kind="ISSUE",
                journal="High drawdown, raising r_out_of_market",
            ),
        ),
        gates=("max_drawdown_pct",),
        note="For the revalidation.",
    ),
    Scenario(
        id="flat_reward",
        title="The reward is flat",
        source="manual, scenario 1",
        symptoms=("The reward swings, but its mean has not moved for two hours",),
        causes=(
            Cause("reward_components", "The reward does not tell actions apart"),
            Cause("saturated", "The policy is saturated: it hardly explores any more"),
        ),
        steps=(
            Step("trend", "See the trend itself: flat in numbers, not only to the eye", sense="reward_trend"),
            Step(
                "weights",
                "Check that the four reward components differ",
                sense="reward_weights",
                kind="ISSUE",
                journal="Flat reward, investigating its components",
            ),
            Step(
                "explore",
                "If it stays flat raise ent_coef from 0.001 to 0.005: more exploration",
                sense="hyperparameters",
                command="ppo.ent_coef = 0.005, then ppo-console train --resume",
                kind="ISSUE",
                journal="Flat reward, raising ent_coef to 0.005",
            ),
        ),
        rules=("flat_reward",),
        escalation="performance",
    ),
    Scenario(
        id="kl_explosion",
        title="The KL divergence explodes",
        source="manual, scenario 2",
        symptoms=("approx_kl above 0.5, jumping", "The policy changes radically from update to update"),
        causes=(LEARNING_RATE, Cause("unstable", "The policy is unstable: it will not come back by itself")),
        steps=(
            Step("kl", "See the KL beside clip fraction and explained variance", sense="kl"),
            _RATE,
            Step(
                "stop",
                "Stop: what trains on from here is lost",
                deed="stop",
                command="ppo-console stop",
                kind="ISSUE",
                journal="KL explosion, training stopped",
            ),
            _LOWER_RATE,
        ),
        rules=("kl_explosion",),
        escalation="performance",
    ),
    Scenario(
        id="training_hung",
        title="No progress for two hours",
        source="manual, scenario 3",
        symptoms=("The logs stand still", "No new checkpoint"),
        causes=(DEADLOCK, SILENT_CRASH, DISK_FULL, OUT_OF_MEMORY),
        steps=(
            _PROCESS,
            Step("log_age", "See when the logs were last written", sense="log_age"),
            _LOG,
            _DISK,
            _MEMORY,
            Step(
                "force_stop",
                "End the process by force",
                deed="force_stop",
                command="ppo-console stop --force",
                kind="ISSUE",
                journal="Training hung, ended by force",
            ),
            Step(
                "restart",
                "Start again from the newest checkpoint",
                command="ppo-console train --resume",
                kind="ISSUE",
                journal="Training hung, restarted",
            ),
        ),
        rules=("training_hung",),
        escalation="crash",
    ),
    Scenario(
        id="metrics_not_logged",
        title="Metrics are not logged",
        source="manual, scenario 4",
        symptoms=("TensorBoard is empty", "No event file under tensorboard/"),
        causes=(
            Cause("writer", "The TensorBoard writer was not started"),
            Cause("permission", "The folder may not be written"),
            DISK_FULL,
        ),
        steps=(
            Step(
                "folder",
                "Look into the TensorBoard folder and at its permissions",
                sense="tensorboard",
                command="ls -la tensorboard/; chmod 755 tensorboard/",
                kind="ISSUE",
                journal="Metrics not logged, checking the writer",
            ),
            _DISK,
            Step("log", "Read the end of training.log: does the logger complain?", sense="log"),
            Step("writer", "Check the logging callback of the trainer"),
        ),
        rules=("tensorboard_empty",),
    ),
    Scenario(
        id="not_converging",
        title="It does not converge yet",
        source="manual, scenario 5",
        symptoms=("After 12 h the loss still swings", "The reward wanders without a clear trend"),
        causes=(
            Cause("normal", "Nothing is wrong: PPO wanders in its first 12 h; it may take two or three days"),
            Cause("early", "It converged early: the reward rises no more because there is no more to learn"),
        ),
        steps=(
            Step("trend", "See the trends of reward and losses", sense="losses"),
            Step(
                "wait",
                "Do not intervene: let it train",
                journal="Training in its initial phase, monitoring",
            ),
            Step("daily", "See that the daily checks stay good", sense="daily"),
        ),
        rules=("no_improvement",),
        note="Expected in the first 12 hours or 100,000 steps.",
    ),
)
