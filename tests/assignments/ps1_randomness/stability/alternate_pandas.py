# Differs: pandas, whose standard deviation divides by n − 1 by itself; the keys in another order.
def stability(predictions, targets):
    frame = pd.DataFrame(predictions)
    return {
        "error_of_mean": (frame.mean() - targets).abs().mean(),
        "error_of_one": frame.sub(targets, axis="columns").abs().mean(axis=1).mean(),
        "spread": frame.std().mean(),
        "different": len(frame.drop_duplicates()),
    }
