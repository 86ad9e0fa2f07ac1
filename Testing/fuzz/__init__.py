"""Damaged inputs, each from its number alone, and kills: `./dev fuzz`."""
