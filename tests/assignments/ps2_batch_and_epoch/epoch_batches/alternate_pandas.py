# Differs: pandas: a sample of all rows, grouped by place.
def epoch_batches(n, batch_size, epochs, seed):
    state = np.random.RandomState(seed)
    rows = pd.Series(range(n))
    training = []
    for _ in range(epochs):
        order = rows.sample(frac=1, random_state=state).reset_index(drop=True)
        training.append([list(batch) for _, batch in order.groupby(order.index // batch_size)])
    return training
