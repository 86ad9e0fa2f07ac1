"""Transforms, convolutions, differences and iterations on arrays; knows nothing of MRI."""
