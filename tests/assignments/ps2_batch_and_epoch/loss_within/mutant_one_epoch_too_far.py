# Mistake: takes the epoch that was begun, not the last one finished.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = -(-n // size)
        epochs = min(budget // (updates * cost[size]), len(losses))
        reached[size] = losses[min(epochs, len(losses) - 1)]
    return reached
