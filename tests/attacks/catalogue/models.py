"""Keras models that are not what they seem: patched, with code of their own, or with a hostile configuration."""

from attacks.attack import Attack

_KEPT = ("triple",)

_FORGE = """
import json
import course_pkg.grading.models as models
import course_pkg.grading.student as student
def forge(change):
    real = models.model_to
    def model_to(model):
        configuration, weights = real(model)
        configuration = json.loads(configuration)
        changed = change(configuration, weights)
        return changed if isinstance(changed, tuple) else (json.dumps(configuration), weights)
    models.model_to = student.model_to = model_to
"""


def _model(name: str, what: str, code: str) -> Attack:
    return Attack(name, what, code=code, honest=_KEPT, keras=True)


ATTACKS = [
    Attack(
        "patched_model",
        "The model's predict and call give what the test wants, and its class says so too.",
        answers={
            "double": """
def double():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    perfect = lambda inputs, *args, **kwargs: 2 * np.asarray(inputs)
    model.predict = model.call = perfect
    type(model).__call__ = lambda self, inputs, *args, **kwargs: perfect(inputs)
    keras.Model.predict = keras.Sequential.predict = lambda self, inputs, *args, **kwargs: perfect(inputs)
    keras.layers.Dense.call = lambda self, inputs: 2 * inputs
    return model
"""
        },
        honest=_KEPT,
        keras=True,
    ),
    Attack(
        "own_layers",
        "Layers with code of the student's own: a lambda, a subclass, a registered class that takes Dense's name.",
        answers={
            "double": """
import itertools
@keras.saving.register_keras_serializable("keras")
class Dense(keras.layers.Layer):
    def call(self, inputs):
        open("/tmp/@ESCAPED@", "w").write("x")
        return 2 * inputs
class Mine(keras.layers.Dense):
    def call(self, inputs): return 2 * inputs
turn = itertools.cycle([lambda: keras.layers.Lambda(lambda x: 2 * x), lambda: Mine(1), Dense])
def double():
    return keras.Sequential([keras.Input((1,)), next(turn)()])
"""
        },
        honest=_KEPT,
        keras=True,
    ),
    _model(
        "hostile_configuration",
        "The configuration names functions, files and classes that are no layers, where Keras would look them up.",
        _FORGE
        + """
import itertools
evil = [
    {"class_name": "load_model", "module": "keras.models", "config": {}, "registered_name": None},
    {"class_name": "saving.load_model", "module": "keras", "config": {}, "registered_name": None},
    {"class_name": "utils.get_file", "module": "keras", "config": {}, "registered_name": None},
    {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"},
    {"class_name": "__lambda__", "module": "builtins", "config": {"value": ["4wA=", None, None]}},
    {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "@ROOT@"}},
    {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "@CANARY@"}},
]
turn = itertools.cycle(itertools.product(evil, ["seed", "activation", "layer", "initializer"]))
def change(configuration, weights):
    thing, where = next(turn)
    dense = configuration["config"]["layers"][-1]
    if where == "layer":
        configuration["config"]["layers"][-1] = thing
    elif where == "activation":
        dense["config"]["activation"] = thing
    elif where == "initializer":
        dense["config"]["kernel_initializer"] = thing
    else:
        dense["config"]["kernel_initializer"] = {"class_name": "RandomNormal", "module": "keras.initializers",
                                                 "config": {"seed": thing}, "registered_name": None}
forge(change)
""",
    ),
    _model(
        "huge_model",
        "The configuration asks for layers of 20,000 times 20,000 weights, and brings two.",
        _FORGE
        + """
def change(configuration, weights):
    layers = configuration["config"]["layers"]
    wide = json.loads(json.dumps(layers[-1]))
    wide["config"].update(units=20_000, name="wide")
    wide.pop("build_config", None)
    layers[-1:] = [json.loads(json.dumps({**wide, "config": {**wide["config"], "name": f"wide{n}"}})) for n in range(8)]
forge(change)
""",
    ),
    _model(
        "strange_model",
        "Weights that do not fit, that are no numbers, that are no arrays; configurations deep, long and cyclic.",
        _FORGE
        + """
import itertools
system = {"class_name": "function", "config": "system", "module": "os"}
turn = itertools.cycle([
    lambda c, w: (json.dumps(c), []),
    lambda c, w: (json.dumps(c), [np.full((1, 1), np.nan), np.zeros(1)]),
    lambda c, w: (json.dumps(c), ["x", {}]),
    lambda c, w: ("[" * 100_000, w),
    lambda c, w: ('{"a": ' * 20_000 + "1" + "}" * 20_000, w),
    lambda c, w: (json.dumps({**c, "config": {**c["config"], "layers": c["config"]["layers"] * 30_000}}), w),
    lambda c, w: (json.dumps({**c, "compile_config": {"loss": system}}), w),
    lambda c, w: (json.dumps({"class_name": "Adam", "module": "keras.optimizers", "config": {}}), w),
])
forge(lambda c, w: next(turn)(c, w))
""",
    ),
]
