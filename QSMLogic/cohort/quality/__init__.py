"""The quality of a scan and its map: numbers, pictures, and a page of its own."""
