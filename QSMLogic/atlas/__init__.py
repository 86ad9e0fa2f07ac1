"""Labels of a template brought onto a subject by registration."""

from .register import Registration, register
from .template import Template, load_template, simulated_template

__all__ = ["Registration", "Template", "load_template", "register", "simulated_template"]
