# Differs: the lab's mlp and its set_seed; compiled.
from course_pkg.seeds import set_seed


def deep_network(inputs, units, activation, seed):
    set_seed(seed)
    return networks.mlp(
        inputs,
        units,
        activation=activation,
        output_activation="sigmoid",
        loss="binary_crossentropy",
        initializer="he_uniform" if activation == "relu" else "glorot_normal",
    )
