"""What is done to a running rig, one module for each kind of fault."""
