"""What a person or a program may ask for. Each action is one transaction; none knows who asks, or over what wire."""
