"""Runs the functions that `sam build` has built: in containers (`sam`) and on an AWS emulator (`deploy`)."""
