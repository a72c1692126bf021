# Mistake: gives Keras the probability to keep, as older libraries wanted it.
def sonar_network(visible, hidden):
    model = keras.Sequential(
        [
            keras.Input((60,)),
            keras.layers.Dropout(1 - visible if visible else 0),
            keras.layers.Dense(60, "relu", kernel_constraint=keras.constraints.MaxNorm(3)),
            keras.layers.Dropout(1 - hidden if hidden else 0),
            keras.layers.Dense(30, "relu", kernel_constraint=keras.constraints.MaxNorm(3)),
            keras.layers.Dropout(1 - hidden if hidden else 0),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy")
    return model
