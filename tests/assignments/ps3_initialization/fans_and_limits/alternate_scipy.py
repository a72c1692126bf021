# Differs: a uniform distribution from scipy; a NumPy warning on the way, caught; floats for the
# fans.
import warnings

from scipy import stats


def fans(shape):
    weights = np.zeros(shape)
    return weights[..., 0].size * 1.0, weights[..., 0, :].size * 1.0


def limit_and_std(rule, fan_in, fan_out):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        infinite = np.float64(1) / np.float64(0)
    if rule == "he":
        return infinite, stats.norm(scale=(2 / fan_in) ** 0.5).std()
    limit = {"xavier": fan_in**-0.5, "normalized_xavier": (6 / (fan_in + fan_out)) ** 0.5}[rule]
    return limit, stats.uniform(-limit, 2 * limit).std()
