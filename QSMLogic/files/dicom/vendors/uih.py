"""United Imaging: nothing but the standard attributes."""

from .vendor import Vendor

UIH = Vendor("United Imaging", ("UIH", "UNITED IMAGING"))
