# Mistake: a linear output.
def sonar_network(visible, hidden):
    model = keras.Sequential(
        [
            keras.Input((60,)),
            keras.layers.Dropout(visible),
            keras.layers.Dense(60, "relu", kernel_constraint=keras.constraints.MaxNorm(3)),
            keras.layers.Dropout(hidden),
            keras.layers.Dense(30, "relu", kernel_constraint=keras.constraints.MaxNorm(3)),
            keras.layers.Dropout(hidden),
            keras.layers.Dense(1, "linear"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy")
    return model
