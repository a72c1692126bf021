# Differs: scipy's distributions with random_state.
from scipy import stats


def draw_weights(rule, fan_in, fan_out, seed):
    spread = (2 / fan_in) ** 0.5
    limit = {"xavier": fan_in**-0.5}.get(rule, (6 / (fan_in + fan_out)) ** 0.5)
    weights = {
        "xavier": stats.uniform(-limit, 2 * limit),
        "normalized_xavier": stats.uniform(-limit, 2 * limit),
        "he": stats.norm(0, spread),
        "he_truncated": stats.truncnorm(-2, 2, scale=spread / 0.87962566),
    }[rule]
    return weights.rvs((fan_in, fan_out), random_state=seed)
