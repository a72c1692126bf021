# Mistake: a random split, as train_test_split makes it.
from sklearn.model_selection import train_test_split


def held_out_rows(n_rows, share):
    train, validation = train_test_split(np.arange(n_rows), train_size=int(n_rows * (1 - share)), random_state=0)
    return sorted(train.tolist()), sorted(validation.tolist())
