"""The optimization problems behind the methods; start with admm.py."""
