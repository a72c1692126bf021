# Differs: the functional form, dropout layers only where the rate is above 0, a loss object's name.
def sonar_network(visible, hidden):
    inputs = keras.Input(shape=(60,))
    x = inputs
    if visible > 0:
        x = keras.layers.Dropout(visible)(x)
    for units in (60, 30):
        x = keras.layers.Dense(units, activation="relu", kernel_constraint=keras.constraints.MaxNorm(max_value=3.0))(x)
        if hidden > 0:
            x = keras.layers.Dropout(rate=hidden)(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=1e-1, momentum=0.9), loss="binary_crossentropy", metrics=["accuracy"])
    return model
