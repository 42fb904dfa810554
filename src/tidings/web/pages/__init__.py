"""What console and portal have in common: templates, assets, forms, and the rules that protect a browser."""
