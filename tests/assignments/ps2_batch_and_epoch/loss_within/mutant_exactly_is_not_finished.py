# Mistake: an epoch that uses up the budget exactly does not count.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = -(-n // size)
        epochs = min((budget - 1) // (updates * cost[size]), len(losses))
        reached[size] = losses[epochs - 1] if epochs > 0 else None
    return reached
