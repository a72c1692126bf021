# Mistake: forgets the smaller last batch of each epoch.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = max(1, n // size)
        epochs = min(budget // (updates * cost[size]), len(losses))
        reached[size] = losses[epochs - 1] if epochs > 0 else None
    return reached
