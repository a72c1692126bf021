# Differs: Keras's initializers with the seed that was asked for; float32 arrays.
def draw_weights(rule, fan_in, fan_out, seed):
    kind = {
        "xavier": keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed),
        "normalized_xavier": keras.initializers.GlorotUniform(seed=seed),
        "he": keras.initializers.RandomNormal(stddev=(2 / fan_in) ** 0.5, seed=seed),
        "he_truncated": keras.initializers.HeNormal(seed=seed),
    }[rule]
    return np.asarray(kind((fan_in, fan_out)))
