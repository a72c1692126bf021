# Differs: the lab's network.
def sonar_network(visible, hidden):
    return networks.mlp(
        60, (60, 30), output_activation="sigmoid", dropout=hidden, visible_dropout=visible, max_norm=3,
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy",
    )
