"""What the models that are written out on the names of GPT-2's checkpoint share: parameters by name, linear layers."""

import torch


class WrittenOut(torch.nn.Module):
    def __init__(self, spec, parameters):
        super().__init__()
        self.spec = spec
        self.values = torch.nn.ParameterDict(
            {name.replace(".", "/"): torch.nn.Parameter(torch.from_numpy(array).double())
             for name, array in parameters.items()})

    def value(self, name):
        key = name.replace(".", "/")
        return self.values[key] if key in self.values else None

    def named(self):
        return {key.replace("/", "."): value for key, value in self.values.items()}

    def gradients(self):
        return {name: value.grad for name, value in self.named().items()}

    def linear(self, x, name):
        y = x @ self.value(name + ".weight")
        bias = self.value(name + ".bias")
        return y if bias is None else y + bias
