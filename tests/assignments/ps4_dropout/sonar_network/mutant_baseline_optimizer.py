# Mistake: the optimizer of the baseline.
def sonar_network(visible, hidden):
    model = keras.Sequential(
        [
            keras.Input((60,)),
            keras.layers.Dropout(visible),
            keras.layers.Dense(60, "relu", kernel_constraint=keras.constraints.MaxNorm(3)),
            keras.layers.Dropout(hidden),
            keras.layers.Dense(30, "relu", kernel_constraint=keras.constraints.MaxNorm(3)),
            keras.layers.Dropout(hidden),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01, momentum=0.8), loss="binary_crossentropy")
    return model
