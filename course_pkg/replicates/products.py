"""Batches of matrix products by oneDNN's batched kernel, in the place of a loop over single products.

TensorFlow computes the products of a batch one after the other, each with the set-up of a large one; in layers of
some hundred units that costs more than the product itself. oneDNN, which is part of TensorFlow's builds for x86,
does the whole batch in one call, in about half the time. TensorFlow makes this exchange itself with
``TF_ENABLE_ONEDNN_OPTS=1``, together with many others. The single products are oneDNN's in any case, so small ones
stay the same to the last bit; larger ones (sums of some 250 terms, some 200 samples) are cut up differently and may
round differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["exchange"]

_PLAIN, _BATCHED = "BatchMatMulV2", "_MklBatchMatMulV2"

# TensorFlow computes products of at most so many multiplications by simpler code (kMaxCostOuterParallelism in its
# batch_matmul_op_impl.h), and vectors too. They gain nothing here.
_SMALL = 128 * 128

Shapes = Mapping[str, list[list[int]]]


def exchange(definition: Any) -> Any:
    """Exchange the larger batched products in a ``tf.Graph``'s ``GraphDef``, in place.

    Parameters
    ----------
    definition : GraphDef
        Made with ``add_shapes=True``. Products of unknown shape are left alone.

    Returns
    -------
    GraphDef
        The same.
    """
    _exchange_in(definition.node, {})
    for function in definition.library.function:
        shapes = _taken(function, "_input_shapes")
        names = [argument.name for argument in function.signature.input_arg]
        _exchange_in(function.node_def, {name: [shape] for name, shape in zip(names, shapes, strict=False)})
    return definition


def _exchange_in(nodes: Iterable[Any], arguments: Shapes) -> None:
    shapes = {**arguments, **{node.name: _taken(node, "_output_shapes") for node in nodes}}
    for node in nodes:
        if node.op == _PLAIN and _pays(node, shapes):
            node.op = _BATCHED
            node.attr["_kernel"].s = b"MklNameChangeOp"  # under this label the kernel is registered


def _pays(node: Any, shapes: Shapes) -> bool:
    rows, columns = shapes[node.name][0][-2:]
    left, right = (_shape(name, shapes)[-2:] for name in node.input[:2])
    if left[1 if node.attr["adj_x"].b else 0] != rows or right[0 if node.attr["adj_y"].b else 1] != columns:
        return False
    inner = left[0 if node.attr["adj_x"].b else 1]
    return min(rows, inner, columns) > 1 and rows * inner * columns > _SMALL


def _shape(name: str, shapes: Shapes) -> list[int]:
    """The shape of a node's input: "node", "node:1", in functions "node:output:1" or "argument"."""
    node, *place = name.split(":")
    known = shapes.get(node, [])
    number = int(place[-1]) if place else 0
    return known[number] if number < len(known) and len(known[number]) > 1 else [-1, -1]


def _taken(holder: Any, attribute: str) -> list[list[int]]:
    """Take the shapes off a node or function: -1 for an unknown size, no dimensions for an unknown rank.

    They are notes for the reader of a graph; left there, TensorFlow takes those of a function for its own.
    """
    shapes = [[dimension.size for dimension in shape.dim] for shape in holder.attr[attribute].list.shape]
    del holder.attr[attribute]
    return shapes
