"""The methods: a folder is called as its stage, one file per method."""
