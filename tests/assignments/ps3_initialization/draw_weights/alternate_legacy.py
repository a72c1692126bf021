# Differs: NumPy's legacy generator, its truncated weights by sorting out of a larger sample.
def draw_weights(rule, fan_in, fan_out, seed):
    state = np.random.RandomState(seed)
    if rule == "he_truncated":
        draws = state.randn(2 * fan_in * fan_out + 100)
        draws = draws[abs(draws) < 2][: fan_in * fan_out]
        return draws.reshape(fan_in, fan_out) * np.sqrt(2 / fan_in) / 0.87962566
    if rule == "he":
        return state.randn(fan_in, fan_out) * np.sqrt(2 / fan_in)
    limit = np.sqrt(1 / fan_in if rule == "xavier" else 6 / (fan_in + fan_out))
    return (2 * state.rand(fan_in, fan_out) - 1) * limit
