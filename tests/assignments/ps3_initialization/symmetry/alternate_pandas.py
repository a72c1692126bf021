# Differs: pandas drops duplicates; a seed for each initializer, made from the one given.
def distinct_units(weights):
    frame = pd.concat([pd.DataFrame(weights[0]).T, pd.Series(weights[1]), pd.DataFrame(weights[2])], axis=1)
    return len(frame.drop_duplicates())


def train_from(kernel, bias, seed):
    children = np.random.SeedSequence(seed).generate_state(4) // 2

    def seeded(name, child):
        config = keras.initializers.get(name).get_config()
        if "seed" in config:
            config["seed"] = int(child)
        return type(keras.initializers.get(name))(**config)

    keras.utils.set_random_seed(int(children[3]))
    model = keras.Sequential()
    model.add(keras.Input((2,)))
    model.add(
        keras.layers.Dense(
            8, "relu", kernel_initializer=seeded(kernel, children[0]), bias_initializer=seeded(bias, children[1])
        )
    )
    model.add(keras.layers.Dense(1, "sigmoid", kernel_initializer=seeded(kernel, children[2])))
    model.compile("sgd", "binary_crossentropy")
    model.optimizer.learning_rate = 0.03
    model.fit(moons.X, moons.y, batch_size=20, epochs=5, verbose=0)
    return model.get_weights()
