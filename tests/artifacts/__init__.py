"""What `sam build` makes of Usher, run: in containers (`sam`) and on an AWS emulator (`deploy`)."""
